/* Reading the text of one file: sections, keys, comments, ${NAME}, KEY_file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/conf_internal.h"

struct parser {
    struct conf *conf;
    const char *file;
    int line;
    struct conf_section *section;
    struct err *err;
};

static int fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct parser *p, const char *format, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    return err_set(p->err, HEARTH_ERR_INVALID, "%s:%d: %s", p->file, p->line, text);
}

struct conf_section *conf_find_section(struct conf *conf, const struct conf_kind *kind, const char *name)
{
    for (struct conf_section *s = conf->sections; s != NULL; s = s->next)
        if (s->kind == kind && strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

struct conf_section *conf_add_section(struct conf *conf, const struct conf_kind *kind, const char *name)
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

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t' || text[n - 1] == '\r'))
        text[--n] = '\0';
    return text;
}

static bool is_name(const char *text, const char *also)
{
    if (*text == '\0' || strlen(text) > 63)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr(also, *p) != NULL))
            return false;
    return true;
}

static int on_section(struct parser *p, char *text)
{
    size_t n = strlen(text);
    if (text[n - 1] != ']')
        return fail(p, "a section is written [kind] or [kind name]");
    text[n - 1] = '\0';
    char *kind_name = trim(text + 1), *name = strchr(kind_name, ' ');
    if (name != NULL) {
        *name = '\0';
        name = trim(name + 1);
    }
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        if (strcmp(kind->name, kind_name) != 0)
            continue;
        if (kind->named != (name != NULL))
            return fail(p, kind->named ? "[%s] needs a name: [%s NAME]" : "[%s] has no name: write [%s]", kind_name, kind_name);
        if (name != NULL && !is_name(name, "-_"))
            return fail(p, "a section's name is made of a-z 0-9 - _, at most 63");
        p->section = conf_find_section(p->conf, kind, name == NULL ? "" : name);
        if (p->section == NULL && (p->section = conf_add_section(p->conf, kind, name == NULL ? "" : name)) == NULL)
            return fail(p, "out of memory");
        if (p->section->file == NULL) {
            p->section->file = p->file;
            p->section->line = p->line;
        }
        return 0;
    }
    char shown[64];
    str_printable(kind_name, shown, sizeof(shown));
    return fail(p, "there is no section [%s]; known are hearth, listen, web, storage, queue, sync, scheduler, worker", shown);
}

/* Replaces ${NAME}; the result is on the heap. */
static int expand(struct parser *p, const char *value, char **ret)
{
    struct buf out = {0};
    for (const char *s = value; *s != '\0'; s++) {
        if (s[0] != '$' || s[1] != '{') {
            buf_add_char(&out, *s);
            continue;
        }
        size_t n = strcspn(s + 2, "}");
        char name[128];
        if (s[2 + n] != '}' || n == 0 || n >= sizeof(name)) {
            buf_fini(&out);
            return fail(p, "${ is not closed; an environment variable is written ${NAME}");
        }
        memcpy(name, s + 2, n);
        name[n] = '\0';
        const char *found = getenv(name);
        if (found == NULL || !str_is_utf8(found, strlen(found)) || strlen(found) > CONF_LINE_MAX) {
            buf_fini(&out);
            str_printable(name, name, sizeof(name));
            return fail(p, "the environment variable %s is %s", name, found == NULL ? "not set" : "not a usable text");
        }
        buf_add_text(&out, found);
        s += 2 + n;
    }
    *ret = buf_take(&out, NULL);
    return *ret == NULL ? fail(p, "out of memory") : 0;
}

static int read_secret(struct parser *p, const char *path, char **ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(p, "cannot read %s: %s", path, strerror(errno));
    char *text = calloc(1, CONF_SECRET_MAX + 1);
    ssize_t n = text == NULL ? -1 : read(fd, text, CONF_SECRET_MAX);
    close(fd);
    if (n < 0 || n == CONF_SECRET_MAX || memchr(text, '\0', (size_t)n) != NULL || !str_is_utf8(text, (size_t)n)) {
        free(text);
        return fail(p, "%s is not a text of less than %d bytes", path, CONF_SECRET_MAX);
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = '\0';
    *ret = text;
    return 0;
}

static struct conf_entry *find_entry(struct conf_section *section, const char *key)
{
    for (struct conf_entry *e = section->entries; e != NULL; e = e->next)
        if (strcmp(e->key, key) == 0)
            return e;
    return NULL;
}

static int set(struct parser *p, const char *key, char *value, bool secret_file)
{
    struct conf_entry *entry = find_entry(p->section, key);
    if (entry != NULL && strcmp(entry->file, p->file) == 0) {
        free(value);
        return fail(p, "%s was given in line %d already", key, entry->line);
    }
    if (entry == NULL) {
        entry = arena_alloc(&p->conf->arena, sizeof(*entry));
        char *copy = arena_strdup(&p->conf->arena, key);
        if (entry == NULL || copy == NULL || ++p->conf->entry_count > CONF_ENTRIES_MAX) {
            free(value);
            return fail(p, "more than %d settings", CONF_ENTRIES_MAX);
        }
        entry->key = copy;
        struct conf_entry **end = &p->section->entries;
        while (*end != NULL)
            end = &(*end)->next;
        *end = entry;
    }
    free(entry->value);
    entry->value = value;
    entry->file = p->file;
    entry->line = p->line;
    entry->secret_file = secret_file;
    return 0;
}

static int on_key(struct parser *p, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return fail(p, "expected KEY = VALUE or [section]");
    *equals = '\0';
    char *key = trim(text), *raw = trim(equals + 1), *value;
    if (p->section == NULL)
        return fail(p, "a section such as [hearth] must come before the first key");
    if (!is_name(key, "_"))
        return fail(p, "a key is made of a-z 0-9 _, at most 63");
    int r = expand(p, raw, &value);
    size_t n = strlen(key);
    bool by_file = r == 0 && n > 5 && strcmp(key + n - 5, "_file") == 0 && strcmp(key, "key_file") != 0 && strcmp(key, "ca_file") != 0;
    if (by_file) {
        char *path = value;
        r = read_secret(p, path, &value);
        free(path);
        key[n - 5] = '\0';
    }
    return r < 0 ? r : set(p, key, value, by_file);
}

/* Cuts a comment: "#" or ";" at the beginning or behind white space. */
static void cut_comment(char *text)
{
    for (char *s = text; *s != '\0'; s++)
        if ((*s == '#' || *s == ';') && (s == text || s[-1] == ' ' || s[-1] == '\t')) {
            *s = '\0';
            return;
        }
}

static int on_line(struct parser *p, const char *from, size_t size)
{
    if (size >= CONF_LINE_MAX)
        return fail(p, "a line has at most %d bytes", CONF_LINE_MAX);
    if (memchr(from, '\0', size) != NULL || !str_is_utf8(from, size))
        return fail(p, "not valid UTF-8");
    char *line = strndup(from, size);
    if (line == NULL)
        return fail(p, "out of memory");
    cut_comment(line);
    char *text = trim(line);
    int r = text[0] == '\0' ? 0 : text[0] == '[' ? on_section(p, text) : on_key(p, text);
    explicit_bzero(line, size);
    free(line);
    return r;
}

int conf_parse(struct conf *conf, const char *file, const char *text, size_t size, struct err *err)
{
    struct parser p = {.conf = conf, .file = arena_strdup(&conf->arena, file), .err = err};
    int r = p.file == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    for (size_t at = 0; r == 0 && at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t n = end == NULL ? size - at : (size_t)(end - (text + at));
        p.line++;
        r = on_line(&p, text + at, n);
        at += n + 1;
    }
    return r;
}
