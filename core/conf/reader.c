/* Settings, whatever they are read from: sections, values, and the files of KEY_file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/plain_file.h"
#include "base/secret_file.h"
#include "base/str.h"
#include "conf/conf_internal.h"

/* In the arena; NULL: out of memory. */
static const char *reader_where(const struct conf_reader *reader)
{
    struct arena *arena = &reader->conf->arena;
    if (reader->name == NULL)
        return arena_printf(arena, "%s:%d", reader->file->name, reader->line);
    return arena_printf(arena, "%s%s", reader->file->environment ? "environment " : "",
                        reader->name);
}

int conf_reader_fail(struct conf_reader *reader, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&text, format, ap) < 0)
        text = NULL;
    va_end(ap);
    const char *why = text == NULL ? "out of memory" : text;
    int r = reader->name != NULL
                ? findings_add(reader->findings, HEARTH_ERR_INVALID, "%s%s: %s",
                               reader->file->environment ? "environment " : "", reader->name, why)
                : findings_add(reader->findings, HEARTH_ERR_INVALID, "%s:%d: %s",
                               reader->file->name, reader->line, why);
    free(text);
    return r;
}

bool conf_is_name(const char *text, const char *also)
{
    if (*text == '\0' || strlen(text) >= CONF_NAME_SIZE)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr(also, *p) != NULL))
            return false;
    return true;
}

const char *conf_why_not_text(const char *text, size_t size)
{
    if (size >= CONF_LINE_MAX)
        return "has more than 16 KiB";
    if (memchr(text, '\0', size) != NULL || !str_is_utf8(text, size))
        return "is not valid UTF-8";
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return "has a control character";
    return NULL;
}

/* key_file and ca_file are keys themselves. */
bool conf_cut_file(char *key)
{
    size_t n = strlen(key);
    if (n <= 5 || strcmp(key + n - 5, "_file") != 0 || strcmp(key, "key_file") == 0 ||
        strcmp(key, "ca_file") == 0)
        return false;
    key[n - 5] = '\0';
    return true;
}

static struct conf_section *find_section(const struct conf *conf, const struct conf_kind *kind,
                                         const char *name, size_t *ret_count)
{
    struct conf_section *found = NULL;
    *ret_count = 0;
    for (struct conf_section *s = conf->sections; s != NULL; s = s->next) {
        *ret_count += s->kind == kind;
        if (s->kind == kind && strcmp(s->name, name) == 0)
            found = s;
    }
    return found;
}

struct conf_section *conf_add_section(struct conf *conf, const struct conf_kind *kind,
                                      const char *name)
{
    struct conf_section *section = arena_alloc(&conf->arena, sizeof(*section));
    char *copy = arena_strdup(&conf->arena, name);
    if (section == NULL || copy == NULL)
        return NULL;
    section->kind = kind;
    section->name = copy;
    struct conf_section **end = &conf->sections;
    while (*end != NULL)
        end = &(*end)->next;
    return *end = section;
}

int conf_reader_open(struct conf_reader *reader, const struct conf_kind *kind, const char *name)
{
    size_t count;
    struct conf_section *section = find_section(reader->conf, kind, name, &count);
    if (section == NULL && strcmp(kind->name, "oidc") == 0 && strcmp(name, "callback") == 0)
        return conf_reader_fail(
            reader, "no [oidc] section may be called callback: that is an address of Hearth's own");
    if (section == NULL && count == kind->max)
        return conf_reader_fail(reader, "this is [%s] section number %zu; at most %zu are possible",
                                kind->name, kind->max + 1, kind->max);
    if (section == NULL && (section = conf_add_section(reader->conf, kind, name)) == NULL)
        return conf_reader_fail(reader, "out of memory");
    if (section->where == NULL && (section->where = reader_where(reader)) == NULL)
        return conf_reader_fail(reader, "out of memory");
    reader->section = section;
    return 0;
}

const struct conf_entry *conf_find_entry(const struct conf_section *section, const char *key)
{
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next)
        if (strcmp(e->key, key) == 0)
            return e;
    return NULL;
}

static struct conf_entry *add_entry(struct conf_reader *reader, const char *key)
{
    struct conf *conf = reader->conf;
    struct conf_entry *entry = arena_alloc(&conf->arena, sizeof(*entry));
    char *copy = arena_strdup(&conf->arena, key);
    if (entry == NULL || copy == NULL || conf->entry_count == CONF_ENTRIES_MAX)
        return NULL;
    conf->entry_count++;
    entry->key = copy;
    struct conf_entry **end = &reader->section->entries;
    while (*end != NULL)
        end = &(*end)->next;
    return *end = entry;
}

static void reader_drop(char *value)
{
    if (value != NULL)
        explicit_bzero(value, strlen(value));
    free(value);
}

/* withheld: it is not known, and why. */
static int reader_take(struct conf_reader *reader, const char *key, char *value, bool secret_file,
                       const char *withheld)
{
    struct conf_entry *entry =
        (struct conf_entry *)(uintptr_t)conf_find_entry(reader->section, key);
    const char *where = reader_where(reader);
    int r = 0;
    if (entry != NULL && entry->file == reader->file && entry->line > 0)
        r = conf_reader_fail(reader, "%s was given in line %d already", key, entry->line);
    else if (entry != NULL && entry->file == reader->file)
        r = conf_reader_fail(reader, "%s was given by %s already", key, entry->where);
    else if (entry == NULL && (entry = add_entry(reader, key)) == NULL)
        r = conf_reader_fail(reader, "more than %d settings", CONF_ENTRIES_MAX);
    if (r == 0 && ((value == NULL && (value = strdup("")) == NULL) || where == NULL))
        r = conf_reader_fail(reader, "out of memory");
    if (r < 0) {
        reader_drop(value);
        return r;
    }
    reader_drop(entry->value);
    entry->value = value;
    entry->withheld = withheld;
    entry->file = reader->file;
    entry->where = where;
    entry->line = reader->name == NULL ? reader->line : 0;
    entry->secret_file = secret_file;
    return 0;
}

int conf_reader_set(struct conf_reader *reader, const char *key, char *value)
{
    return reader_take(reader, key, value, false, NULL);
}

int conf_reader_withhold(struct conf_reader *reader, const char *key, const char *why)
{
    return why == NULL ? conf_reader_fail(reader, "out of memory")
                       : reader_take(reader, key, NULL, true, why);
}

static int reader_read_secret(struct conf_reader *reader, const char *path, int fd, char **ret)
{
    char *text = calloc(1, CONF_SECRET_MAX + 1);
    ssize_t n = text == NULL ? -1 : read(fd, text, CONF_SECRET_MAX);
    int why = errno;
    if (n < 0) {
        free(text);
        return conf_reader_fail(reader, "cannot read %s: %s", path, strerror(why));
    }
    if (n == CONF_SECRET_MAX || memchr(text, '\0', (size_t)n) != NULL ||
        !str_is_utf8(text, (size_t)n)) {
        explicit_bzero(text, (size_t)n);
        free(text);
        return conf_reader_fail(reader, "%s is not a text of less than %d bytes", path,
                                CONF_SECRET_MAX);
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = '\0';
    *ret = text;
    return 0;
}

/* A file that cannot be read by this process is withheld: another one may be able to. */
int conf_reader_set_file(struct conf_reader *reader, const char *key, const char *path)
{
    struct stat st;
    struct err err = {0};
    char *value = NULL;
    /* relative to what? And it may be the secret itself, so it is not shown */
    if (path[0] != '/')
        return conf_reader_fail(
            reader, "%s_file is the path of a file, and begins with a slash: /etc/hearth/secret",
            key);
    int fd, r = plain_file_open(path, &fd, &st, &err);
    if (r == HEARTH_ERR_INVALID)
        return conf_reader_fail(reader, "%s", err.text);
    if (r < 0)
        return conf_reader_withhold(reader, key, arena_strdup(&reader->conf->arena, err.text));
    r = secret_file_check(path, &st, &err) < 0 ? conf_reader_fail(reader, "%s", err.text)
                                               : reader_read_secret(reader, path, fd, &value);
    close(fd);
    return r < 0 ? r : reader_take(reader, key, value, true, NULL);
}
