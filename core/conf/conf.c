#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/magic.h"
#include "base/plain_file.h"
#include "base/str.h"
#include "codec/codec.h"
#include "conf/conf_internal.h"

enum { CONF_MAGIC = 0xc04f0001 };

static struct conf *conf_create(void)
{
    struct conf *conf = calloc(1, sizeof(*conf));
    if (conf != NULL) {
        conf->magic = CONF_MAGIC;
        arena_init(&conf->arena, 16 << 20);
    }
    return conf;
}

void conf_free(struct conf *conf)
{
    if (conf == NULL)
        return;
    for (struct conf_section *s = conf->sections; s != NULL; s = s->next) {
        for (struct conf_entry *e = s->entries; e != NULL; e = e->next) {
            if (e->value != NULL)
                explicit_bzero(e->value, strlen(e->value));
            free(e->value);
        }
    }
    arena_fini(&conf->arena);
    free(conf);
}

/* systemd tells a service its directory (StateDirectory=); what is written in conf.d comes
 * first. */
static const char *default_state_dir(const struct conf_section *hearth)
{
    const char *given = getenv("STATE_DIRECTORY");
    if (conf_find_entry(hearth, "state_dir") != NULL)
        given = NULL;
    return given != NULL && given[0] == '/' ? given : conf_text(hearth, "state_dir");
}

static void find_state_dir(struct conf *conf, struct findings *findings)
{
    const struct conf_section *hearth = conf_section(conf, "hearth", 0);
    const char *dir = default_state_dir(hearth);
    char cwd[4096];
    if (dir == NULL) /* not a path at all, which was found */
        return;
    if (dir[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        dir = arena_printf(&conf->arena, "%s/%s", cwd, dir);
    if (dir == NULL)
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
    else if (strlen(dir) > CONF_STATE_DIR_MAX)
        findings_add(findings, HEARTH_ERR_INVALID,
                     "%s: state_dir: the path is longer than %d bytes",
                     conf_where(conf, hearth, "state_dir"), CONF_STATE_DIR_MAX);
    else
        conf->state_dir = dir;
}

static void resolve_kind(struct conf *conf, const struct conf_kind *kind, struct findings *findings)
{
    for (struct conf_section *s = conf->sections; s != NULL; s = s->next) {
        if (s->kind != kind)
            continue;
        if (!kind->plugin)
            conf_check_known(conf, s, NULL, 0, findings);
        if (strcmp(kind->name, "hearth") == 0) { /* other paths depend on its state_dir */
            struct findings again = {0};
            conf_resolve(conf, s, kind->keys, kind->count, false, &s->values, &s->shapes, &again);
            findings_fini(&again);
            if (s->values != NULL)
                find_state_dir(conf, findings);
        }
        conf_resolve(conf, s, kind->keys, kind->count, false, &s->values, &s->shapes, findings);
    }
}

/* Adds the sections nobody wrote, checks the core's keys. [hearth] is the first of the kinds. */
static void conf_complete_sections(struct conf *conf, struct findings *findings)
{
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        if (kind->default_name != NULL && conf_section(conf, kind->name, 0) == NULL &&
            conf_add_section(conf, kind, kind->default_name) == NULL) {
            findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
            return;
        }
    }
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++)
        resolve_kind(conf, kind, findings);
    if (findings->code == 0)
        conf_check_together(conf, findings);
}

static void conf_read_file(struct conf *conf, const struct conf_file *file, FILE *f,
                           struct findings *findings)
{
    char *text = malloc(CONF_FILE_MAX);
    size_t n = text == NULL ? 0 : fread(text, 1, CONF_FILE_MAX, f);
    if (text == NULL)
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
    else if (ferror(f))
        findings_add(findings, HEARTH_ERR_INVALID, "cannot read %s: %s", file->name,
                     strerror(errno));
    else if (n == CONF_FILE_MAX)
        findings_add(findings, HEARTH_ERR_INVALID, "%s is larger than %d bytes", file->name,
                     CONF_FILE_MAX - 1);
    else
        conf_parse(conf, file, text, n, findings);
    if (text != NULL)
        explicit_bzero(text, n);
    free(text);
}

static void parse_file(struct conf *conf, const char *dir, const char *name,
                       struct findings *findings)
{
    struct conf_file *file = arena_alloc(&conf->arena, sizeof(*file));
    char *path = arena_printf(&conf->arena, "%s/%s", dir, name);
    if (file == NULL || path == NULL) {
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
        return;
    }
    *file = (struct conf_file){.name = path, .on_disk = true};
    struct err err = {0};
    int fd;
    if (plain_file_open(path, &fd, &file->st, &err) < 0) {
        findings_add(findings, HEARTH_ERR_INVALID, "%s", err.text);
        return;
    }
    FILE *f = fdopen(fd, "r");
    if (f == NULL) {
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
        close(fd);
        return;
    }
    conf_read_file(conf, file, f, findings);
    fclose(f);
}

static int is_conf(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void parse_directory(struct conf *conf, const char *dir, struct findings *findings)
{
    struct dirent **files;
    int n = scandir(dir, &files, is_conf, by_name);
    if (n < 0) {
        findings_add(findings, HEARTH_ERR_INVALID,
                     "cannot read the configuration directory %s: %s%s", dir, strerror(errno),
                     errno == EACCES ? ". " PLAIN_FILE_ADVICE : "");
        return;
    }
    for (int i = 0; i < n; i++) {
        parse_file(conf, dir, files[i]->d_name, findings);
        free(files[i]);
    }
    free(files);
}

static int conf_finish_load(struct conf *conf, const struct findings *findings,
                            struct conf **ret_conf, struct err *err)
{
    int r = findings_first(findings, err);
    if (r < 0)
        conf_free(conf);
    else
        *ret_conf = conf;
    return r;
}

/* An option of the command line that is a key of [hearth]. */
static void conf_take_option(struct conf *conf, const char *option, const char *key,
                             const char *value, struct findings *findings)
{
    static const struct conf_file command_line = {.name = "the command line"};
    struct conf_reader reader = {
        .conf = conf, .file = &command_line, .name = option, .findings = findings};
    const char *why = value == NULL ? NULL : conf_why_not_text(value, strlen(value));
    if (why != NULL)
        conf_reader_fail(&reader, "its value %s", why);
    else if (value != NULL && conf_reader_open(&reader, conf_kinds(), "") == 0)
        conf_reader_set(&reader, key, strdup(value));
}

int conf_load(const struct conf_sources *sources, struct findings *findings, struct conf **ret_conf,
              struct err *err)
{
    struct findings own = {0}, *all = findings == NULL ? &own : findings;
    struct conf *conf = conf_create();
    if (conf == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (sources->dir != NULL)
        parse_directory(conf, sources->dir, all);
    if (sources->environment != NULL)
        conf_read_environment(conf, sources->environment, all);
    conf_take_option(conf, "--role", "roles", sources->roles, all);
    conf_take_option(conf, "--log", "log", sources->log, all);
    conf_complete_sections(conf, all);
    int r = conf_finish_load(conf, all, ret_conf, err);
    findings_fini(&own);
    return r;
}

int conf_load_text(const char *name, const char *text, size_t size, struct conf **ret_conf,
                   struct err *err)
{
    struct findings findings = {0};
    struct conf *conf = conf_create();
    struct conf_file *file = conf == NULL ? NULL : arena_alloc(&conf->arena, sizeof(*file));
    if (file == NULL) {
        conf_free(conf);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    file->name = arena_strdup(&conf->arena, name);
    if (file->name == NULL)
        file->name = "the configuration";
    conf_parse(conf, file, text, size, &findings);
    conf_complete_sections(conf, &findings);
    int r = conf_finish_load(conf, &findings, ret_conf, err);
    findings_fini(&findings);
    return r;
}

int conf_check_secrets(const struct conf *conf, struct findings *findings)
{
    int before = findings->code;
    for (const struct conf_section *s = conf->sections; s != NULL; s = s->next)
        for (const struct conf_entry *e = s->entries; e != NULL && !s->kind->plugin; e = e->next)
            if (e->withheld != NULL)
                findings_add(findings, HEARTH_ERR_INVALID, "%s: %s_file: %s", e->where, e->key,
                             e->withheld);
    return before == 0 ? findings->code : 0;
}

const struct conf_section *conf_section(const struct conf *conf, const char *kind, size_t i)
{
    for (const struct conf_section *s = conf->sections; s != NULL; s = s->next)
        if (strcmp(s->kind->name, kind) == 0 && i-- == 0)
            return s;
    return NULL;
}

const struct conf_section *conf_section_named(const struct conf *conf, const char *kind,
                                              const char *name)
{
    const struct conf_section *s;
    for (size_t i = 0; (s = conf_section(conf, kind, i)) != NULL; i++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const char *conf_where(const struct conf *conf, const struct conf_section *section, const char *key)
{
    (void)conf;
    const struct conf_entry *entry = key == NULL ? NULL : conf_find_entry(section, key);
    const char *where = entry != NULL ? entry->where : section->where;
    return where == NULL ? "the defaults" : where;
}

static bool is_of_word(char c)
{
    return c == '_' || codec_is_alnum(c);
}

/* The key as a word of its own; NULL: it is not there. */
static const char *sentence_find_key(const char *sentence, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = sentence; (p = strstr(p, key)) != NULL; p++)
        if ((p == sentence || !is_of_word(p[-1])) && !is_of_word(p[n]))
            return p;
    return NULL;
}

const char *conf_where_in(const struct conf *conf, const struct conf_section *section,
                          const char *sentence, const char *key)
{
    const char *first = NULL;
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next) {
        const char *found = sentence_find_key(sentence, e->key);
        if (found != NULL && (first == NULL || found < first)) {
            first = found;
            key = e->key;
        }
    }
    return conf_where(conf, section, key);
}

const char *conf_section_name(const struct conf_section *section)
{
    return section->name;
}

static size_t index_of(const struct conf_section *section, const char *key)
{
    size_t i = 0;
    while (i < section->kind->count && strcmp(section->kind->keys[i].name, key) != 0)
        i++;
    ASSERT(i < section->kind->count); /* a key of the schema */
    return i;
}

static const void *shape_of(const struct conf_section *section, const char *key, int type)
{
    size_t i = index_of(section, key);
    ASSERT(section->kind->keys[i].type == type);
    return section->shapes[i];
}

const char *conf_text(const struct conf_section *section, const char *key)
{
    return section->values[index_of(section, key)].text;
}

int64_t conf_number(const struct conf_section *section, const char *key)
{
    return section->values[index_of(section, key)].number;
}

const struct conf_list *conf_list(const struct conf_section *section, const char *key)
{
    return shape_of(section, key, CONF_PATTERNS);
}

const struct conf_list *conf_hosts(const struct conf_section *section, const char *key)
{
    return shape_of(section, key, CONF_HOSTS);
}

const struct conf_networks *conf_networks(const struct conf_section *section, const char *key)
{
    return shape_of(section, key, CONF_NETWORKS);
}

const struct conf_address *conf_address(const struct conf_section *section, const char *key)
{
    return shape_of(section, key, CONF_ADDRESS);
}

const char *conf_get_text(const struct conf *conf, const char *kind, const char *key)
{
    if (strcmp(kind, "hearth") == 0 && strcmp(key, "state_dir") == 0)
        return conf->state_dir; /* absolute */
    return conf_text(conf_section(conf, kind, 0), key);
}

int64_t conf_get_number(const struct conf *conf, const char *kind, const char *key)
{
    return conf_number(conf_section(conf, kind, 0), key);
}

static int resolve_plugin_keys(const struct conf *conf, const struct conf_section *section,
                               const struct hearth_config_key *keys, size_t count, bool secrets,
                               struct findings *findings, struct err *err)
{
    /* allocates from its arena: before threads start */
    struct conf *own = (struct conf *)(uintptr_t)conf;
    struct conf_section *s = (struct conf_section *)(uintptr_t)section;
    struct findings found = {0};
    struct hearth_config_value *values = NULL;
    conf_check_known(own, section, keys, count, &found);
    conf_resolve(own, s, keys, count, secrets, &values, NULL, &found);
    for (size_t i = 0; findings != NULL && i < found.count; i++)
        findings_add(findings, found.items[i].code, "%s", found.items[i].text);
    int r = findings_first(&found, err);
    findings_fini(&found);
    if (r < 0)
        return r;
    s->plugin_values = values;
    s->plugin_keys = keys;
    s->plugin_count = count;
    return 0;
}

int conf_plugin_values(const struct conf *conf, const struct conf_section *section,
                       const struct hearth_config_key *keys, size_t count,
                       struct findings *findings, const struct hearth_config_value **ret_values,
                       struct err *err)
{
    int r = resolve_plugin_keys(conf, section, keys, count, true, findings, err);
    if (r == 0)
        *ret_values = section->plugin_values;
    return r;
}

int conf_plugin_check(const struct conf *conf, const struct conf_section *section,
                      const struct hearth_config_key *keys, size_t count, struct findings *findings,
                      struct err *err)
{
    return resolve_plugin_keys(conf, section, keys, count, false, findings, err);
}

static void each_key(const struct conf_section *s, const struct hearth_config_key *keys,
                     const struct hearth_config_value *values, size_t count, conf_entry_cb cb,
                     void *ctx)
{
    char section[160];
    snprintf(section, sizeof(section), "%s%s%s", s->kind->name, s->name[0] != '\0' ? " " : "",
             s->name);
    for (size_t i = 0; i < count; i++) {
        const struct conf_entry *e = conf_find_entry(s, keys[i].name);
        bool secret = keys[i].type == HEARTH_CONFIG_SECRET || (e != NULL && e->secret_file);
        const char *text = e != NULL && e->withheld != NULL ? "(cannot be read here)"
                           : !values[i].present             ? ""
                           : secret                         ? "(secret)"
                                                            : values[i].text;
        cb(ctx, section, keys[i].name, text, e != NULL ? e->where : "default",
           conf_is_reloaded(s->kind, keys[i].name));
    }
}

void conf_each(const struct conf *conf, conf_entry_cb cb, void *ctx)
{
    for (const struct conf_section *s = conf->sections; s != NULL; s = s->next) {
        each_key(s, s->kind->keys, s->values, s->kind->count, cb, ctx);
        if (s->plugin_keys != NULL)
            each_key(s, s->plugin_keys, s->plugin_values, s->plugin_count, cb, ctx);
    }
}
