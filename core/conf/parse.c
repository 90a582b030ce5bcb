/* Reading the text of one file: sections, keys, comments, ${NAME}. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/conf_internal.h"

struct parser {
    struct conf_reader reader;
    bool skips; /* the keys of a section that is none: they were found once, with it */
};

static char *parse_trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t' || text[n - 1] == '\r'))
        text[--n] = '\0';
    return text;
}

static int refuse_section(struct parser *p, const char *kind_name)
{
    struct buf known = {0};
    char shown[64];
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++)
        buf_printf(&known, "%s%s", kind == conf_kinds() ? "" : ", ", kind->name);
    str_printable(kind_name, shown, sizeof(shown));
    int r = conf_reader_fail(&p->reader, "there is no section [%s]; known are %s", shown,
                             buf_failed(&known) ? "" : known.data);
    buf_fini(&known);
    return r;
}

static int on_section(struct parser *p, char *text)
{
    size_t n = strlen(text);
    p->skips = true;
    if (text[n - 1] != ']')
        return conf_reader_fail(&p->reader, "a section is written [kind] or [kind name]");
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
            return conf_reader_fail(&p->reader,
                                    kind->named ? "[%s] needs a name: [%s NAME]"
                                                : "[%s] has no name: write [%s]",
                                    kind_name, kind_name);
        if (name != NULL && !conf_is_name(name, "-_"))
            return conf_reader_fail(&p->reader,
                                    "a section's name is made of a-z 0-9 - _, at most 63");
        int r = conf_reader_open(&p->reader, kind, name == NULL ? "" : name);
        p->skips = r < 0;
        return r;
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
            return conf_reader_fail(&p->reader,
                                    "${ is not closed; an environment variable is written ${NAME}");
        }
        memcpy(name, s + 2, n);
        name[n] = '\0';
        const char *found = getenv(name);
        const char *why = found == NULL ? "is not set" : conf_why_not_text(found, strlen(found));
        if (why != NULL) {
            buf_fini(&out);
            str_printable(name, name, sizeof(name));
            if (found == NULL && ret_unset != NULL) {
                *ret_unset = arena_strdup(&p->reader.conf->arena, name);
                return 0;
            }
            return conf_reader_fail(&p->reader, "the environment variable %s %s", name, why);
        }
        buf_add_text(&out, found);
        s += 2 + n;
    }
    *ret = buf_take(&out, NULL);
    return *ret == NULL ? conf_reader_fail(&p->reader, "out of memory") : 0;
}

/* KEY_file = PATH */
static int on_secret(struct parser *p, const char *key, const char *raw)
{
    char *path = NULL, *unset = NULL;
    int r = parse_expand_variables(p, raw, &path, &unset);
    if (r == 0 && unset != NULL)
        r = conf_reader_withhold(
            &p->reader, key,
            arena_printf(&p->reader.conf->arena, "the environment variable %s is not set", unset));
    else if (r == 0)
        r = conf_reader_set_file(&p->reader, key, path);
    free(path);
    return r;
}

static int parse_on_key(struct parser *p, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return conf_reader_fail(&p->reader, "expected KEY = VALUE or [section]");
    *equals = '\0';
    char *key = parse_trim(text), *raw = parse_trim(equals + 1), *value;
    if (p->reader.section == NULL)
        return conf_reader_fail(&p->reader,
                                "a section such as [hearth] must come before the first key");
    if (!conf_is_name(key, "_"))
        return conf_reader_fail(&p->reader, "a key is made of a-z 0-9 _, at most 63");
    if (conf_cut_file(key))
        return on_secret(p, key, raw);
    int r = parse_expand_variables(p, raw, &value, NULL);
    return r < 0 ? r : conf_reader_set(&p->reader, key, value);
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
        return conf_reader_fail(&p->reader, "a line has at most %d bytes", CONF_LINE_MAX);
    size_t text_size = size > 0 && from[size - 1] == '\r' ? size - 1 : size;
    const char *why = conf_why_not_text(from, text_size);
    if (why != NULL)
        return conf_reader_fail(&p->reader, "this line %s", why);
    char *line = strndup(from, size);
    if (line == NULL)
        return conf_reader_fail(&p->reader, "out of memory");
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
    struct parser p = {.reader = {.conf = conf, .file = file, .findings = findings}};
    /* the mark that some editors put before UTF-8 */
    size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t n = end == NULL ? size - at : (size_t)(end - (text + at));
        p.reader.line++;
        parse_on_line(&p, text + at, n);
        at += n + 1;
    }
}
