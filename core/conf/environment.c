/* Variables of the environment: HEARTH_SECTION_KEY, HEARTH_SECTION_NAME_KEY; of [hearth]
 * HEARTH_KEY. In the NAME of a section two underscores are a "-", and three a "_": one is what
 * stands behind it. So a variable is one key of one section, whatever keys plugins have. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "codec/codec.h"
#include "conf/conf_internal.h"

#define PREFIX "HEARTH_"

enum {
    PREFIX_SIZE = sizeof(PREFIX) - 1,
    VARIABLES_MAX = 10000,
    VARIABLE_MAX = 2 * CONF_NAME_SIZE + 64 /* bytes of a name */
};

static bool is_upper_name(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static void upper_text(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
}

const char *conf_variable_of(struct conf *conf, const struct conf_section *section, const char *key)
{
    char name[3 * CONF_NAME_SIZE], *end = name;
    for (const char *p = section->name; *p != '\0'; p++) {
        const char *written = *p == '-' ? "__" : *p == '_' ? "___" : NULL;
        for (; written != NULL && *written != '\0'; written++)
            *end++ = *written;
        if (*p != '-' && *p != '_')
            *end++ = *p;
    }
    *end = '\0';
    bool own = section->kind == conf_kinds(); /* [hearth] */
    char *text = arena_printf(&conf->arena, PREFIX "%s%s%s%s%s", own ? "" : section->kind->name,
                              own ? "" : "_", name, name[0] == '\0' ? "" : "_", key);
    if (text != NULL)
        upper_text(text);
    return text;
}

/* The name of a section at the beginning of NAME_KEY, in lower case already. Returns the key; NULL:
 * there is none. */
static const char *take_section_name(const char *text, char ret_name[CONF_NAME_SIZE])
{
    size_t n = 0;
    while (*text != '\0') {
        size_t score = strspn(text, "_");
        if (score == 1 && n > 0) {
            text++;
            break;
        }
        if (score > 3 || (score > 0 && n == 0) || n + 1 == CONF_NAME_SIZE)
            return NULL;
        ret_name[n++] = score == 0 ? *text : score == 2 ? '-' : '_';
        text += score == 0 ? 1 : score;
    }
    ret_name[n] = '\0';
    return n == 0 || *text == '\0' ? NULL : text;
}

/* Behind it stands what is of the section. NULL: it names none. */
static const struct conf_kind *kind_of_variable(const char *lower, const char **ret_rest)
{
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        size_t n = strlen(kind->name);
        if (strncmp(lower, kind->name, n) == 0 && lower[n] == '_' && lower[n + 1] != '\0') {
            *ret_rest = lower + n + 1;
            return kind;
        }
    }
    return NULL;
}

static bool has_key(const struct conf_kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->count; i++)
        if (strcmp(kind->keys[i].name, key) == 0)
            return true;
    return conf_old_key_find(conf_old_keys(), kind->name, key) != NULL;
}

/* Nearer than a letter in four: short names are nearly one another. */
static bool is_slip_of(const char *text, const char *known, int *best)
{
    int least = (int)(strlen(known) / 4) + 1;
    int distance = least < *best ? least : *best;
    if (!str_is_nearer(text, known, &distance))
        return false;
    *best = distance;
    return true;
}

/* A variable that is none of ours, or a slip of the pen. Of named sections it would have to be
 * known what they are called. */
static void look_for_slip(struct conf_reader *reader, const char *lower)
{
    const char *meant = NULL;
    int best = STR_NOT_NEAR;
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        struct conf_section section = {.kind = kind, .name = ""};
        for (size_t i = 0; !kind->named && i < kind->count; i++) {
            char known[VARIABLE_MAX];
            bool own = kind == conf_kinds();
            snprintf(known, sizeof(known), "%s%s%s", own ? "" : kind->name, own ? "" : "_",
                     kind->keys[i].name);
            if (is_slip_of(lower, known, &best))
                meant = conf_variable_of(reader->conf, &section, kind->keys[i].name);
        }
    }
    if (meant != NULL)
        conf_reader_fail(reader, "there is no such variable; did you mean %s?", meant);
}

static void take_value(struct conf_reader *reader, char *key, const char *value)
{
    const char *why = conf_why_not_text(value, strlen(value));
    if (why != NULL)
        conf_reader_fail(reader, "its value %s", why);
    else if (conf_cut_file(key))
        conf_reader_set_file(reader, key, value);
    else
        conf_reader_set(reader, key, strdup(value));
}

/* lower: the variable's name behind the prefix. */
static void read_variable(struct conf_reader *reader, char *lower, const char *value)
{
    const struct conf_kind *hearth = conf_kinds(), *kind = hearth;
    const char *rest = lower;
    char name[CONF_NAME_SIZE] = "", key[VARIABLE_MAX], plain[VARIABLE_MAX];
    str_copy(plain, sizeof(plain), lower);
    conf_cut_file(plain);
    if (!has_key(hearth, plain))
        kind = kind_of_variable(lower, &rest);
    if (kind == NULL) {
        look_for_slip(reader, lower);
        return;
    }
    if (kind == hearth && rest != lower) {
        conf_reader_fail(reader, "[hearth] is not said: write " PREFIX "%s",
                         reader->name + PREFIX_SIZE + (rest - lower));
        return;
    }
    if (!is_upper_name(reader->name)) {
        conf_reader_fail(reader, "variables are written in capitals");
        return;
    }
    if (kind->named && (rest = take_section_name(rest, name)) == NULL) {
        conf_reader_fail(reader,
                         "expected " PREFIX "SECTION_NAME_KEY: behind the section stands its name, "
                         "in which two underscores are a \"-\" and three a \"_\"");
        return;
    }
    str_copy(key, sizeof(key), rest);
    if (!conf_is_name(key, "_"))
        conf_reader_fail(reader, "a key is made of A-Z 0-9 _, at most 63");
    else if (conf_reader_open(reader, kind, name) == 0)
        take_value(reader, key, value);
}

static int compare_variables(const void *a, const void *b)
{
    const char *const *one = a, *const *other = b;
    return strcmp(*one, *other);
}

/* One "NAME=VALUE" that begins with the prefix. */
static void on_variable(struct conf *conf, const struct conf_file *file, const char *text,
                        struct findings *findings)
{
    size_t n = strcspn(text, "=");
    if (n >= VARIABLE_MAX || text[n] == '\0')
        return; /* no key is called so */
    char *name = arena_strndup(&conf->arena, text, n);
    char lower[VARIABLE_MAX];
    if (name == NULL) {
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
        return;
    }
    str_copy(lower, sizeof(lower), name + PREFIX_SIZE);
    codec_lower_text(lower);
    struct conf_reader reader = {.conf = conf, .file = file, .name = name, .findings = findings};
    char odd = lower[strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789_")];
    const char *rest;
    if (odd == '\0')
        read_variable(&reader, lower, text + n + 1);
    else if (odd == '-' && kind_of_variable(lower, &rest) != NULL) /* containers can have such */
        conf_reader_fail(&reader, "in the name of a variable two underscores are a \"-\"");
}

void conf_read_environment(struct conf *conf, const char *const *environment,
                           struct findings *findings)
{
    static const struct conf_file file = {.name = "the environment", .environment = true};
    size_t count = 0, total = 0;
    while (environment[total] != NULL)
        total++;
    const char **ours = calloc(total + 1, sizeof(*ours));
    if (ours == NULL) {
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
        return;
    }
    for (size_t i = 0; i < total; i++)
        if (strncmp(environment[i], PREFIX, PREFIX_SIZE) == 0)
            ours[count++] = environment[i];
    qsort(ours, count, sizeof(*ours), compare_variables);
    if (count > VARIABLES_MAX)
        findings_add(findings, HEARTH_ERR_INVALID, "more than %d variables begin with " PREFIX,
                     VARIABLES_MAX);
    for (size_t i = 0; i < count && count <= VARIABLES_MAX; i++)
        on_variable(conf, &file, ours[i], findings);
    free(ours);
}
