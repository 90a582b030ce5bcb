#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/magic.h"
#include "base/str.h"
#include "conf/conf_internal.h"

enum { CONF_MAGIC = 0xc04f0001 };

static struct conf *create(void)
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

/* systemd tells a service its directory (StateDirectory=); what is written in conf.d comes first. */
static const char *default_state_dir(const struct conf_section *hearth)
{
    const char *given = getenv("STATE_DIRECTORY");
    for (const struct conf_entry *e = hearth->entries; e != NULL; e = e->next)
        if (strcmp(e->key, "state_dir") == 0)
            given = NULL;
    return given != NULL && given[0] == '/' ? given : conf_text(hearth, "state_dir");
}

static int find_state_dir(struct conf *conf, struct err *err)
{
    const struct conf_section *hearth = conf_section(conf, "hearth", 0);
    const char *dir = default_state_dir(hearth);
    char cwd[4096];
    if (dir[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        dir = arena_printf(&conf->arena, "%s/%s", cwd, dir);
    conf->state_dir = dir;
    return dir == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
}

/* Adds the sections nobody wrote, checks the core's keys. [hearth] first: paths depend on its state_dir. */
static int complete(struct conf *conf, struct err *err)
{
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        if (kind->default_name != NULL && conf_section(conf, kind->name, 0) == NULL &&
            conf_add_section(conf, kind, kind->default_name) == NULL)
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        for (struct conf_section *s = conf->sections; s != NULL; s = s->next) {
            if (s->kind != kind)
                continue;
            int r = kind->plugin ? 0 : conf_check_known(s, NULL, 0, err);
            if (r == 0)
                r = conf_resolve(conf, s, kind->keys, kind->count, &s->values, err);
            if (r == 0 && strcmp(kind->name, "hearth") == 0) {
                r = find_state_dir(conf, err);
                if (r == 0)
                    r = conf_resolve(conf, s, kind->keys, kind->count, &s->values, err);
            }
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int parse_file(struct conf *conf, const char *dir, const char *name, struct err *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_errno(err, errno, "cannot read %s", path);
    char *text = malloc(CONF_FILE_MAX);
    size_t n = text == NULL ? 0 : fread(text, 1, CONF_FILE_MAX, f);
    bool bad = text == NULL || ferror(f);
    fclose(f);
    int r = bad                  ? err_set(err, HEARTH_ERR_IO, "cannot read %s", path)
            : n == CONF_FILE_MAX ? err_set(err, HEARTH_ERR_INVALID, "%s is larger than %d bytes", path, CONF_FILE_MAX)
                                 : conf_parse(conf, path, text, n, err);
    if (text != NULL)
        explicit_bzero(text, n);
    free(text);
    return r;
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

static int parse_directory(struct conf *conf, const char *dir, struct err *err)
{
    struct dirent **files;
    int n = scandir(dir, &files, is_conf, by_name);
    if (n < 0)
        return err_set(err, HEARTH_ERR_INVALID, "cannot read the configuration directory %s: %s", dir, strerror(errno));
    int r = 0;
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = parse_file(conf, dir, files[i]->d_name, err);
        free(files[i]);
    }
    free(files);
    return r;
}

static int finish(struct conf *conf, int r, struct conf **ret_conf, struct err *err)
{
    if (r == 0)
        r = complete(conf, err);
    if (r < 0) {
        conf_free(conf);
        return r;
    }
    *ret_conf = conf;
    return 0;
}

int conf_load(const char *dir, struct conf **ret_conf, struct err *err)
{
    struct conf *conf = create();
    if (conf == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    return finish(conf, dir == NULL ? 0 : parse_directory(conf, dir, err), ret_conf, err);
}

int conf_load_text(const char *name, const char *text, size_t size, struct conf **ret_conf, struct err *err)
{
    struct conf *conf = create();
    if (conf == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    return finish(conf, conf_parse(conf, name, text, size, err), ret_conf, err);
}

const struct conf_section *conf_section(const struct conf *conf, const char *kind, size_t i)
{
    for (const struct conf_section *s = conf->sections; s != NULL; s = s->next)
        if (strcmp(s->kind->name, kind) == 0 && i-- == 0)
            return s;
    return NULL;
}

const char *conf_section_name(const struct conf_section *section)
{
    return section->name;
}

static const struct hearth_config_value *value_of(const struct conf_section *section, const char *key)
{
    for (size_t i = 0; i < section->kind->count; i++)
        if (strcmp(section->kind->keys[i].name, key) == 0)
            return &section->values[i];
    ASSERT(!"a key of the schema");
    return NULL;
}

const char *conf_text(const struct conf_section *section, const char *key)
{
    return value_of(section, key)->text;
}

int64_t conf_number(const struct conf_section *section, const char *key)
{
    return value_of(section, key)->number;
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

int conf_plugin_values(const struct conf *conf, const struct conf_section *section, const struct hearth_config_key *keys, size_t count,
                       const struct hearth_config_value **ret_values, struct err *err)
{
    struct conf *own = (struct conf *)(uintptr_t)conf; /* allocates from its arena: before threads start */
    struct conf_section *s = (struct conf_section *)(uintptr_t)section;
    int r = conf_check_known(section, keys, count, err);
    if (r == 0)
        r = conf_resolve(own, s, keys, count, &s->plugin_values, err);
    if (r < 0)
        return r;
    s->plugin_keys = keys;
    s->plugin_count = count;
    *ret_values = s->plugin_values;
    return 0;
}

static void each_key(const struct conf_section *s, const struct hearth_config_key *keys, const struct hearth_config_value *values,
                     size_t count, conf_entry_cb cb, void *ctx)
{
    char section[160], origin[4200];
    snprintf(section, sizeof(section), "%s%s%s", s->kind->name, s->name[0] != '\0' ? " " : "", s->name);
    for (size_t i = 0; i < count; i++) {
        const struct conf_entry *e = s->entries;
        while (e != NULL && strcmp(e->key, keys[i].name) != 0)
            e = e->next;
        if (e != NULL)
            snprintf(origin, sizeof(origin), "%s:%d", e->file, e->line);
        else
            snprintf(origin, sizeof(origin), "default");
        bool secret = keys[i].type == HEARTH_CONFIG_SECRET || (e != NULL && e->secret_file);
        const char *text = !values[i].present ? "" : secret ? "(secret)" : values[i].text;
        cb(ctx, section, keys[i].name, text, origin);
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
