#ifndef HEARTH_CORE_CONF_CONF_INTERNAL_H
#define HEARTH_CORE_CONF_CONF_INTERNAL_H

#include "base/arena.h"
#include "conf/conf.h"

enum { CONF_FILE_MAX = 1 << 20, CONF_LINE_MAX = 16 * 1024, CONF_ENTRIES_MAX = 10000, CONF_SECRET_MAX = 64 * 1024 };

struct conf_entry {
    struct conf_entry *next;
    const char *key;
    char *value;
    const char *file;
    int line;
    bool secret_file; /* it came by KEY_file */
};

struct conf_section {
    struct conf_section *next;
    const struct conf_kind *kind;
    const char *name, *file; /* file: where it was first written; NULL: a default */
    int line;
    struct conf_entry *entries;
    struct hearth_config_value *values; /* of kind->keys */
    const struct hearth_config_key *plugin_keys;
    struct hearth_config_value *plugin_values;
    size_t plugin_count;
};

struct conf {
    uint32_t magic;
    struct arena arena;
    struct conf_section *sections; /* in order of first appearance */
    size_t entry_count;
    const char *state_dir;
};

/* schema.c: what to write instead of a key that older releases had; NULL: there was none. */
const char *conf_gone(const char *kind, const char *key);

/* parse.c */
int conf_parse(struct conf *conf, const char *file, const char *text, size_t size, struct err *err);
struct conf_section *conf_find_section(struct conf *conf, const struct conf_kind *kind, const char *name);
struct conf_section *conf_add_section(struct conf *conf, const struct conf_kind *kind, const char *name);

/* value.c: checks every entry of the section against core and plugin keys, fills values for the given keys. */
int conf_resolve(struct conf *conf, struct conf_section *section, const struct hearth_config_key *keys, size_t count,
                 struct hearth_config_value **ret_values, struct err *err);
int conf_check_known(const struct conf_section *section, const struct hearth_config_key *more, size_t more_count, struct err *err);

#endif
