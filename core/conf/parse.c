/* Reading the text of one file: sections, keys, comments, ${NAME}, KEY_file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/plain_file.h"
#include "base/secret_file.h"
#include "base/str.h"
#include "conf/conf_internal.h"

struct parser {
    struct conf *conf;
    const struct conf_file *file;
    int line;
    struct conf_section *section;
    bool skips; /* the keys of a section that is none: they were found once, with it */
    struct findings *findings;
};

static int parse_fail(struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int parse_fail(struct parser *p, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&text, format, ap) < 0)
        text = NULL;
    va_end(ap);
    int r = findings_add(p->findings, HEARTH_ERR_INVALID, "%s:%d: %s", p->file->name, p->line,
                         text == NULL ? "out of memory" : text);
    free(text);
    return r;
}

static struct conf_section *find_section(const struct conf *conf, const struct conf_kind *kind,
                                         const char *name)
{
    for (struct conf_section *s = conf->sections; s != NULL; s = s->next)
        if (s->kind == kind && strcmp(s->name, name) == 0)
            return s;
    return NULL;
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

static char *parse_trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t' || text[n - 1] == '\r'))
        text[--n] = '\0';
    return text;
}

static bool parse_is_name(const char *text, const char *also)
{
    if (*text == '\0' || strlen(text) >= CONF_NAME_SIZE)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr(also, *p) != NULL))
            return false;
    return true;
}

static size_t count_sections(const struct conf *conf, const struct conf_kind *kind)
{
    size_t n = 0;
    for (const struct conf_section *s = conf->sections; s != NULL; s = s->next)
        n += s->kind == kind;
    return n;
}

/* The section of a line; made when it is the first time. */
static int open_section(struct parser *p, const struct conf_kind *kind, const char *name)
{
    struct conf_section *section = find_section(p->conf, kind, name);
    if (section == NULL && count_sections(p->conf, kind) == kind->max)
        return parse_fail(p, "this is [%s] section number %zu; at most %zu are possible",
                          kind->name, kind->max + 1, kind->max);
    if (section == NULL && (section = conf_add_section(p->conf, kind, name)) == NULL)
        return parse_fail(p, "out of memory");
    if (section->file == NULL) {
        section->file = p->file;
        section->line = p->line;
    }
    p->section = section;
    p->skips = false;
    return 0;
}

static int refuse_section(struct parser *p, const char *kind_name)
{
    struct buf known = {0};
    char shown[64];
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++)
        buf_printf(&known, "%s%s", kind == conf_kinds() ? "" : ", ", kind->name);
    str_printable(kind_name, shown, sizeof(shown));
    int r = parse_fail(p, "there is no section [%s]; known are %s", shown,
                       buf_failed(&known) ? "" : known.data);
    buf_fini(&known);
    return r;
}

static int on_section(struct parser *p, char *text)
{
    size_t n = strlen(text);
    p->skips = true;
    if (text[n - 1] != ']')
        return parse_fail(p, "a section is written [kind] or [kind name]");
    text[n - 1] = '\0';
    char *kind_name = parse_trim(text + 1), *name = strchr(kind_name, ' ');
    if (name != NULL) {
        *name = '\0';
        name = parse_trim(name + 1);
    }
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        if (strcmp(kind->name, kind_name) != 0)
            continue;
        if (kind->named != (name != NULL))
            return parse_fail(
                p, kind->named ? "[%s] needs a name: [%s NAME]" : "[%s] has no name: write [%s]",
                kind_name, kind_name);
        if (name != NULL && !parse_is_name(name, "-_"))
            return parse_fail(p, "a section's name is made of a-z 0-9 - _, at most 63");
        if (name != NULL && strcmp(kind_name, "oidc") == 0 && strcmp(name, "callback") == 0)
            return parse_fail(
                p, "no [oidc] section may be called callback: that is an address of Hearth's own");
        return open_section(p, kind, name == NULL ? "" : name);
    }
    return refuse_section(p, kind_name);
}

/* Replaces ${NAME}; the result is on the heap. *ret_unset: the variable that is not set, when
 * that may be; the result is NULL then. */
static int parse_expand_variables(struct parser *p, const char *value, char **ret, char **ret_unset)
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
            return parse_fail(p, "${ is not closed; an environment variable is written ${NAME}");
        }
        memcpy(name, s + 2, n);
        name[n] = '\0';
        const char *found = getenv(name);
        if (found == NULL || !str_is_utf8(found, strlen(found)) || strlen(found) > CONF_LINE_MAX) {
            buf_fini(&out);
            str_printable(name, name, sizeof(name));
            if (found == NULL && ret_unset != NULL) {
                *ret_unset = arena_strdup(&p->conf->arena, name);
                return 0;
            }
            return parse_fail(p, "the environment variable %s is %s", name,
                              found == NULL ? "not set" : "not a usable text");
        }
        buf_add_text(&out, found);
        s += 2 + n;
    }
    *ret = buf_take(&out, NULL);
    return *ret == NULL ? parse_fail(p, "out of memory") : 0;
}

static int parse_read_secret_file(struct parser *p, const char *path, int fd, char **ret)
{
    char *text = calloc(1, CONF_SECRET_MAX + 1);
    ssize_t n = text == NULL ? -1 : read(fd, text, CONF_SECRET_MAX);
    int why = errno;
    if (n < 0) {
        free(text);
        return parse_fail(p, "cannot read %s: %s", path, strerror(why));
    }
    if (n == CONF_SECRET_MAX || memchr(text, '\0', (size_t)n) != NULL ||
        !str_is_utf8(text, (size_t)n)) {
        explicit_bzero(text, (size_t)n);
        free(text);
        return parse_fail(p, "%s is not a text of less than %d bytes", path, CONF_SECRET_MAX);
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = '\0';
    *ret = text;
    return 0;
}

/* What KEY_file names. *ret_withheld: why it cannot be read by this process; another one may be
 * able to. */
static int read_secret(struct parser *p, const char *path, char **ret, const char **ret_withheld)
{
    struct stat st;
    struct err err = {0};
    int fd, r = plain_file_open(path, &fd, &st, &err);
    if (r == HEARTH_ERR_INVALID)
        return parse_fail(p, "%s", err.text);
    if (r < 0) {
        *ret_withheld = arena_strdup(&p->conf->arena, err.text);
        return *ret_withheld == NULL ? parse_fail(p, "out of memory") : 0;
    }
    r = secret_file_check(path, &st, &err) < 0 ? parse_fail(p, "%s", err.text) : 0;
    if (r == 0)
        r = parse_read_secret_file(p, path, fd, ret);
    close(fd);
    return r;
}

const struct conf_entry *conf_find_entry(const struct conf_section *section, const char *key)
{
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next)
        if (strcmp(e->key, key) == 0)
            return e;
    return NULL;
}

static struct conf_entry *add_entry(struct parser *p, const char *key)
{
    struct conf_entry *entry = arena_alloc(&p->conf->arena, sizeof(*entry));
    char *copy = arena_strdup(&p->conf->arena, key);
    if (entry == NULL || copy == NULL || p->conf->entry_count == CONF_ENTRIES_MAX)
        return NULL;
    p->conf->entry_count++;
    entry->key = copy;
    struct conf_entry **end = &p->section->entries;
    while (*end != NULL)
        end = &(*end)->next;
    return *end = entry;
}

/* Takes the value. withheld: it is not known, and why. */
static int parse_set_value(struct parser *p, const char *key, char *value, bool secret_file,
                           const char *withheld)
{
    struct conf_entry *entry = (struct conf_entry *)(uintptr_t)conf_find_entry(p->section, key);
    int r = 0;
    if (entry != NULL && entry->file == p->file)
        r = parse_fail(p, "%s was given in line %d already", key, entry->line);
    else if (entry == NULL && (entry = add_entry(p, key)) == NULL)
        r = parse_fail(p, "more than %d settings", CONF_ENTRIES_MAX);
    if (r == 0 && value == NULL && (value = strdup("")) == NULL)
        r = parse_fail(p, "out of memory");
    if (r < 0) {
        if (value != NULL)
            explicit_bzero(value, strlen(value));
        free(value);
        return r;
    }
    if (entry->value != NULL)
        explicit_bzero(entry->value, strlen(entry->value));
    free(entry->value);
    entry->value = value;
    entry->withheld = withheld;
    entry->file = p->file;
    entry->line = p->line;
    entry->secret_file = secret_file;
    return 0;
}

/* KEY_file = PATH */
static int on_secret(struct parser *p, const char *key, const char *raw)
{
    char *path = NULL, *unset = NULL, *value = NULL;
    const char *withheld = NULL;
    int r = parse_expand_variables(p, raw, &path, &unset);
    if (r == 0 && unset != NULL)
        withheld = arena_printf(&p->conf->arena, "the environment variable %s is not set", unset);
    else if (r == 0)
        r = read_secret(p, path, &value, &withheld);
    free(path);
    return r < 0 ? r : parse_set_value(p, key, value, true, withheld);
}

static int parse_on_key(struct parser *p, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return parse_fail(p, "expected KEY = VALUE or [section]");
    *equals = '\0';
    char *key = parse_trim(text), *raw = parse_trim(equals + 1), *value;
    if (p->section == NULL)
        return parse_fail(p, "a section such as [hearth] must come before the first key");
    if (!parse_is_name(key, "_"))
        return parse_fail(p, "a key is made of a-z 0-9 _, at most 63");
    size_t n = strlen(key);
    if (n > 5 && strcmp(key + n - 5, "_file") == 0 && strcmp(key, "key_file") != 0 &&
        strcmp(key, "ca_file") != 0) {
        key[n - 5] = '\0';
        return on_secret(p, key, raw);
    }
    int r = parse_expand_variables(p, raw, &value, NULL);
    return r < 0 ? r : parse_set_value(p, key, value, false, NULL);
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

static int parse_on_line(struct parser *p, const char *from, size_t size)
{
    if (size >= CONF_LINE_MAX)
        return parse_fail(p, "a line has at most %d bytes", CONF_LINE_MAX);
    if (memchr(from, '\0', size) != NULL || !str_is_utf8(from, size))
        return parse_fail(p, "not valid UTF-8");
    char *line = strndup(from, size);
    if (line == NULL)
        return parse_fail(p, "out of memory");
    cut_comment(line);
    char *text = parse_trim(line);
    int r = text[0] == '\0'  ? 0
            : text[0] == '[' ? on_section(p, text)
            : p->skips       ? 0
                             : parse_on_key(p, text);
    explicit_bzero(line, size);
    free(line);
    return r;
}

void conf_parse(struct conf *conf, const struct conf_file *file, const char *text, size_t size,
                struct findings *findings)
{
    struct parser p = {.conf = conf, .file = file, .findings = findings};
    /* the mark that some editors put before UTF-8 */
    size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t n = end == NULL ? size - at : (size_t)(end - (text + at));
        p.line++;
        parse_on_line(&p, text + at, n);
        at += n + 1;
    }
}
