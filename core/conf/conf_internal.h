#ifndef HEARTH_CORE_CONF_CONF_INTERNAL_H
#define HEARTH_CORE_CONF_CONF_INTERNAL_H

#include <sys/stat.h>

#include "base/arena.h"
#include "conf/conf.h"

enum {
    CONF_FILE_MAX = 1 << 20,
    CONF_LINE_MAX = 16 * 1024,
    CONF_ENTRIES_MAX = 10000,
    CONF_SECRET_MAX = 64 * 1024
};

#define CONF_NAMES_SOMEBODY                                                                        \
    "names and passwords do not belong into this address, which is shown and logged: write it "    \
    "without what stands before the @"

struct conf_file {
    const char *name;
    bool on_disk; /* and this is what was known of it when it was read */
    struct stat st;
};

struct conf_entry {
    struct conf_entry *next;
    const char *key;
    char *value; /* "" while it is withheld */
    /* why the value could not be taken from its KEY_file; NULL: it is there */
    const char *withheld;
    const struct conf_file *file;
    int line;
    bool secret_file; /* it came by KEY_file */
};

struct conf_section {
    struct conf_section *next;
    const struct conf_kind *kind;
    const char *name;
    const struct conf_file *file; /* where it was first written; NULL: a default */
    int line;
    struct conf_entry *entries;
    struct hearth_config_value *values; /* of kind->keys */
    /* beside them: struct conf_list and its like; NULL where the text says it all */
    const void **shapes;
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

/* parse.c: what is wrong goes to the findings, and reading goes on behind it. */
void conf_parse(struct conf *conf, const struct conf_file *file, const char *text, size_t size,
                struct findings *findings);
struct conf_section *conf_add_section(struct conf *conf, const struct conf_kind *kind,
                                      const char *name);
const struct conf_entry *conf_find_entry(const struct conf_section *section, const char *key);

/* old_keys.c: the row of a key; NULL: it never was one. */
const struct conf_old_key *conf_old_key_find(const struct conf_old_key *keys, const char *kind,
                                             const char *key);
void conf_refuse_old_key(const struct conf *conf, const struct conf_section *section,
                         const struct conf_entry *entry, const struct conf_old_key *old,
                         struct findings *findings);

/* value.c: checks every entry of the section against core and plugin keys, fills values for the
 * given keys. */
void conf_resolve(struct conf *conf, struct conf_section *section,
                  const struct hearth_config_key *keys, size_t count, bool secrets,
                  struct hearth_config_value **ret_values, const void ***ret_shapes,
                  struct findings *findings);
void conf_check_known(const struct conf *conf, const struct conf_section *section,
                      const struct hearth_config_key *more, size_t more_count,
                      struct findings *findings);

/* shape.c: the core's own types. NULL, or why the text is none of them, in the arena. */
const char *conf_shape(struct conf *conf, const struct hearth_config_key *key,
                       struct hearth_config_value *value, const void **ret_shape);

/* cross.c: what holds between keys and sections, when each by itself is right. */
void conf_check_together(const struct conf *conf, struct findings *findings);

#endif
