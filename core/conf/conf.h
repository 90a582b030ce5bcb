/* The configuration: INI files of a directory, read in name order, checked against schemas. docs/configuration.md is its reference.
 *
 * Every error names file and line. After conf_load() the configuration is immutable: any thread. */
#ifndef HEARTH_CORE_CONF_CONF_H
#define HEARTH_CORE_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct conf;
struct conf_section;

/* dir: NULL means defaults alone; a directory that does not exist is an error. Reads *.conf. The core's own sections are checked here,
 * those of plugins by conf_plugin_values(). Errors have the code INVALID. */
int conf_load(const char *dir, struct conf **ret_conf, struct err *err);
/* The same for a text in memory, as one file of that name. For tests and fuzzing. */
int conf_load_text(const char *name, const char *text, size_t size, struct conf **ret_conf, struct err *err);
void conf_free(struct conf *conf); /* wipes secrets; accepts NULL */

/* The i-th section of a kind, e.g. ("storage", 0), in the order they first appeared; NULL past the end. A kind that nobody wrote has its
 * default section: [storage main], [sync firefox], [listen main], and one each of hearth, web, queue, scheduler, worker. */
const struct conf_section *conf_section(const struct conf *conf, const char *kind, size_t i);
const char *conf_section_name(const struct conf_section *section); /* "main"; "" for [hearth] */

/* Values of the core's keys; asking for a key that the schema does not have is a fault of the caller. Texts live as long as conf. */
const char *conf_text(const struct conf_section *section, const char *key); /* NULL: not given, and no default */
int64_t conf_number(const struct conf_section *section, const char *key);   /* INT, SIZE, DURATION, BOOL; 0 if absent */
/* For [hearth] … that exist once: conf_get_text(conf, "hearth", "state_dir"). */
const char *conf_get_text(const struct conf *conf, const char *kind, const char *key);
int64_t conf_get_number(const struct conf *conf, const char *kind, const char *key);

/* Checks a plugin's section against the plugin's own keys (after "plugin"). Values are in the order of the keys and live as long as conf.
 */
int conf_plugin_values(const struct conf *conf, const struct conf_section *section, const struct hearth_config_key *keys, size_t count,
                       const struct hearth_config_value **ret_values, struct err *err);

/* Every value that is in force, secrets as "(secret)". origin: "conf.d/10-x.conf:12" or "default". */
typedef void (*conf_entry_cb)(void *ctx, const char *section, const char *key, const char *value, const char *origin);
void conf_each(const struct conf *conf, conf_entry_cb cb, void *ctx);

/* The keys of the core's own section kinds: for documentation and its test. Kinds end with NULL. */
struct conf_kind {
    const char *name;
    bool named;  /* [listen NAME] */
    bool plugin; /* further keys come from the plugin */
    const struct hearth_config_key *keys;
    size_t count;
    const char *default_name; /* of the section that exists when nobody wrote one; NULL: there is none */
};
const struct conf_kind *conf_kinds(void);

#endif
