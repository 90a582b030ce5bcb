/* hearthd plugin new: the template of a kind, copied under another name. The templates are
 * installed with the documents. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/plain_file.h"
#include "base/str.h"
#include "main/cli.h"
#include "main/cmd_plugin.h"
#include "plug/places.h"

enum { TEMPLATE_FILE_MAX = 256 * 1024, PLUGIN_NAME_MAX = 31 };

static const struct new_kind {
    /* section of conf.d, without a name: the plugin's; what `plugin check` needs besides */
    const char *name, *section, *check;
} new_kinds[] = {{"storage", "[storage main]", ""},
                 {"queue", "[queue]", ""},
                 {"sync", NULL, "--import account.txt "}};

struct new_plugin {
    const struct new_kind *kind;
    const char *name;
    char loud_kind[16], loud_name[PLUGIN_NAME_MAX + 1]; /* in capitals */
    char documents[4096], template[4200];
    char folder[64], section[64];
};

/* --- what is written in place of what --- */

/* Does `word` stand here by itself, or as a part of a name between underscores? */
static bool word_stands_at(const char *start, const char *at, const char *word)
{
    size_t size = strlen(word);
    return strncmp(at, word, size) == 0 && (at == start || !isalnum((unsigned char)at[-1])) &&
           !isalnum((unsigned char)at[size]);
}

/* Does a text end with this word and a sign that joins it to the next one? */
static bool ends_with_kind(const struct buf *text, const char *kind, char joint)
{
    size_t size = strlen(kind);
    return text->size > size && text->data[text->size - 1] == joint &&
           memcmp(text->data + text->size - 1 - size, kind, size) == 0;
}

/* The template's name where it names the plugin; in the names of its functions and types a word
 * that suits every plugin. */
static void add_renamed(struct buf *to, const struct new_plugin *plugin, const char *text)
{
    static const char DESCRIPTION[] = ".description = \"";
    for (const char *at = text; *at != '\0';) {
        if (word_stands_at(text, at, "mem")) {
            bool names = ends_with_kind(to, plugin->kind->name, '-') ||
                         (at > text && at[-1] == '"' && at[3] == '"');
            buf_add_text(to, names ? plugin->name : "own");
            at += 3;
        } else if (word_stands_at(text, at, "MEM")) {
            buf_add_text(to,
                         ends_with_kind(to, plugin->loud_kind, '_') ? plugin->loud_name : "OWN");
            at += 3;
        } else if (str_starts(at, DESCRIPTION)) {
            buf_printf(to, "%sa %s plugin of your own: say here what it is", DESCRIPTION,
                       plugin->kind->name);
            at += sizeof(DESCRIPTION) - 1;
            at += strcspn(at, "\"");
        } else {
            buf_add_char(to, *at++);
        }
    }
}

/* The README: @WORDS@ are filled in. */
static void add_filled(struct buf *to, const struct new_plugin *plugin, const char *text)
{
    const struct {
        const char *word, *value;
    } words[] = {{"@SECTION@", plugin->section},
                 {"@CHECK@", plugin->kind->check},
                 {"@KIND@", plugin->kind->name},
                 {"@NAME@", plugin->name},
                 {"@DOCUMENTS@", plugin->documents}};
    for (const char *at = text; *at != '\0';) {
        size_t i = 0, count = sizeof(words) / sizeof(words[0]);
        while (i < count && !str_starts(at, words[i].word))
            i++;
        if (i == count) {
            buf_add_char(to, *at++);
            continue;
        }
        buf_add_text(to, words[i].value);
        at += strlen(words[i].word);
    }
}

/* --- files --- */

static int read_template(const char *path, struct buf *text, struct err *err)
{
    int fd, r = plain_file_open(path, &fd, NULL, err);
    if (r < 0)
        return r;
    char *room = buf_reserve(text, TEMPLATE_FILE_MAX);
    ssize_t n = room == NULL ? 0 : read(fd, room, TEMPLATE_FILE_MAX);
    if (n < 0)
        r = err_errno(err, errno, "cannot read %s", path);
    else if (room == NULL || n == TEMPLATE_FILE_MAX || memchr(room, '\0', (size_t)n) != NULL)
        r = err_set(err, HEARTH_ERR_INVALID,
                    "%s is no file of a template: it is too large, or no text", path);
    else
        buf_grew(text, (size_t)n);
    close(fd);
    return r;
}

static int write_new(const char *path, const struct buf *text, struct err *err)
{
    if (buf_failed(text))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(err, errno, "cannot make %s", path);
    ssize_t n = write(fd, text->data, text->size);
    int why = n < 0 ? errno : ENOSPC;
    if (close(fd) < 0 && n == (ssize_t)text->size) {
        n = -1;
        why = errno;
    }
    return n == (ssize_t)text->size ? 0 : err_errno(err, why, "cannot write %s", path);
}

/* One file of the template into the new folder. */
static int copy_file(const struct new_plugin *plugin, const char *name, struct err *err)
{
    char path[4500];
    struct buf text = {0}, copy = {0};
    snprintf(path, sizeof(path), "%s/%s", plugin->template, name);
    int r = read_template(path, &text, err);
    if (r == 0) {
        add_renamed(&copy, plugin, text.data);
        snprintf(path, sizeof(path), "%s/%s", plugin->folder, name);
        r = write_new(path, &copy, err);
    }
    buf_fini(&copy);
    buf_fini(&text);
    return r;
}

/* What comes next, and the paragraph of the template's README that says what its files are. */
static int write_readme(const struct new_plugin *plugin, struct err *err)
{
    static const char FILES[] = "\nFiles: ";
    char path[4500];
    struct buf steps = {0}, files = {0}, readme = {0};
    snprintf(path, sizeof(path), "%s/templates/new.md", plugin->documents);
    int r = read_template(path, &steps, err);
    snprintf(path, sizeof(path), "%s/README.md", plugin->template);
    if (r == 0)
        r = read_template(path, &files, err);
    if (r == 0) {
        const char *from = strstr(files.data, FILES);
        add_filled(&readme, plugin, steps.data);
        if (from != NULL)
            add_renamed(&readme, plugin, from);
        snprintf(path, sizeof(path), "%s/README.md", plugin->folder);
        r = write_new(path, &readme, err);
    }
    buf_fini(&readme);
    buf_fini(&files);
    buf_fini(&steps);
    return r;
}

static int is_template_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "README.md") != 0;
}

static int fill_folder(const struct new_plugin *plugin, struct err *err)
{
    struct dirent **files;
    int n = scandir(plugin->template, &files, is_template_file, alphasort), r = 0;
    if (n <= 0)
        r = err_set(err, HEARTH_ERR_NOT_FOUND,
                    "there is no template in %s: is the package complete? It is installed with the "
                    "documents",
                    plugin->template);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = copy_file(plugin, files[i]->d_name, err);
        free(files[i]);
    }
    if (n >= 0)
        free(files);
    return r == 0 ? write_readme(plugin, err) : r;
}

/* This call made it, so that everything in it is its own. */
static void remove_folder(const char *folder)
{
    struct dirent **files;
    int n = scandir(folder, &files, NULL, NULL);
    for (int i = 0; i < n; i++) {
        char path[400];
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
        unlink(path); /* not a folder: . and .. stay */
        free(files[i]);
    }
    if (n >= 0)
        free(files);
    rmdir(folder);
}

/* --- the command --- */

static int name_plugin(struct new_plugin *plugin, const char *kind, const char *name,
                       struct err *err)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof(new_kinds) / sizeof(new_kinds[0]); i++)
        if (strcmp(new_kinds[i].name, kind) == 0)
            plugin->kind = &new_kinds[i];
    if (plugin->kind == NULL)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "there are plugins of the kinds storage, queue and sync, none of the kind \"%s\"",
            kind);
    if (size == 0 || size > PLUGIN_NAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != size)
        return err_set(err, HEARTH_ERR_INVALID,
                       "\"%s\" is no name of a plugin: it has 1 to %d letters a to z and digits",
                       name, PLUGIN_NAME_MAX);
    plugin->name = name;
    for (size_t i = 0; i <= size; i++)
        plugin->loud_name[i] = (char)toupper((unsigned char)name[i]);
    for (size_t i = 0; i <= strlen(kind); i++)
        plugin->loud_kind[i] = (char)toupper((unsigned char)kind[i]);
    snprintf(plugin->folder, sizeof(plugin->folder), "%s-%s", kind, name);
    if (plugin->kind->section == NULL)
        snprintf(plugin->section, sizeof(plugin->section), "[%s %s]", kind, name);
    else
        str_copy(plugin->section, sizeof(plugin->section), plugin->kind->section);
    plug_part("docs", HEARTH_DOC_DIR, plugin->documents, sizeof(plugin->documents));
    /* for the README: without the way from the program to there */
    char *plain = realpath(plugin->documents, NULL);
    if (plain != NULL && strlen(plain) < sizeof(plugin->documents))
        str_copy(plugin->documents, sizeof(plugin->documents), plain);
    free(plain);
    snprintf(plugin->template, sizeof(plugin->template), "%s/templates/%s-mem", plugin->documents,
             kind);
    return 0;
}

/* hearthd would find that one, or this one, by their order alone. */
static int check_not_installed(const struct new_plugin *plugin, struct err *err)
{
    const char *const *directories;
    char path[4200];
    size_t count = plug_directories(NULL, &directories);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s.so", directories[i], plugin->folder);
        if (access(path, F_OK) == 0)
            return err_set(err, HEARTH_ERR_CONFLICT,
                           "there is a plugin %s already, %s: give yours another name",
                           plugin->folder, path);
    }
    return 0;
}

int main_plugin_new(const char *kind, const char *name, struct err *err)
{
    struct new_plugin plugin = {0};
    int r = name_plugin(&plugin, kind, name, err);
    if (r == 0)
        r = check_not_installed(&plugin, err);
    if (r < 0)
        return r;
    if (mkdir(plugin.folder, 0777) < 0)
        return errno == EEXIST ? err_set(err, HEARTH_ERR_CONFLICT,
                                         "%s is there already, and stays as it is: give another "
                                         "name, or move it away",
                                         plugin.folder)
                               : err_errno(err, errno, "cannot make the folder %s", plugin.folder);
    r = fill_folder(&plugin, err);
    if (r < 0)
        remove_folder(plugin.folder);
    else
        main_cli_print(stdout,
                       "%s/ is made. %s/README.md says what comes next: build it, check it, put "
                       "your backend inside.\n",
                       plugin.folder, plugin.folder);
    return r;
}
