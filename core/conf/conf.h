/* The configuration: INI files of a directory, read in name order, and the environment, checked
 * against schemas. docs/configuration.md is its reference.
 *
 * Every finding names file and line, or the variable, and all of them are found at once. What has
 * a shape (lists, addresses, networks) is parsed here, and what is too long or too many is a
 * finding: nothing that was configured is ever cut. After conf_load() the configuration is
 * immutable: any thread. */
#ifndef HEARTH_CORE_CONF_CONF_H
#define HEARTH_CORE_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/findings.h"
#include "base/network.h"

struct conf;
struct conf_section;

/* The choices of [hearth] roles; their bits are enum role of serve.h. */
#define CONF_ROLES "web worker scheduler"

/* Bounds that users of the configuration may rely on. */
enum {
    CONF_PATH_MAX = 3500, /* bytes of an absolute path: 4,096 have room for what is made of it */
    CONF_STATE_DIR_MAX = 3000,
    CONF_NAME_SIZE = 64, /* of sections, with the NUL */
    CONF_HEADER_SIZE = 64,
    CONF_SOCKET_PATH_SIZE = 108, /* sizeof(sockaddr_un.sun_path) */
    CONF_URL_MAX = 1000,
    CONF_BASE_PATH_MAX = 100, /* of base_url, with its slashes */
    CONF_LISTEN_MAX = 15,     /* sections */
    CONF_OIDC_MAX = 8,
    CONF_STORAGE_MAX = 64,
    CONF_NODE_MAX = 64,
    CONF_SYNC_MAX = 8,
    CONF_NETWORKS_MAX = 1024,
    CONF_CONTACT_MAX = 255,
    CONF_HOSTS_MAX = 256,
    CONF_PATTERNS_MAX = 4096
};

/* What is configured where; each overrides those before it. NULL: not given. */
struct conf_sources {
    const char *dir;                /* its *.conf; one that does not exist is an error */
    const char *const *environment; /* as environ: NAME=VALUE, NULL at the end */
    const char *roles, *log;        /* --role and --log: keys of [hearth] */
};

/* The core's own sections are checked here, those of plugins by conf_plugin_values(). Errors have
 * the code INVALID; err is the first of the findings, which may be NULL. Nothing of the sources is
 * needed afterwards. */
int conf_load(const struct conf_sources *sources, struct findings *findings, struct conf **ret_conf,
              struct err *err);
/* The same for a text in memory, as one file of that name. For tests and fuzzing. */
int conf_load_text(const char *name, const char *text, size_t size, struct conf **ret_conf,
                   struct err *err);
void conf_free(struct conf *conf); /* wipes secrets; accepts NULL */

/* A KEY_file that cannot be read is no fault of a command that does not need it: systemd's
 * credentials, say, are there for the unit alone. Who needs everything (serve, check) asks here;
 * plugins' sections say it in conf_plugin_values(). */
int conf_check_secrets(const struct conf *conf, struct findings *findings);

/* The i-th section of a kind, e.g. ("storage", 0), in the order they first appeared; NULL past
 * the end. A kind that nobody wrote has its default section: [storage main], [sync firefox],
 * [listen main], and one each of hearth, web, queue, scheduler, worker. */
const struct conf_section *conf_section(const struct conf *conf, const char *kind, size_t i);
/* NULL: there is none */
const struct conf_section *conf_section_named(const struct conf *conf, const char *kind,
                                              const char *name);
/* "main"; "" for [hearth]; lives as long as conf */
const char *conf_section_name(const struct conf_section *section);
/* "FILE:LINE", "environment NAME" or "--role": where a key was given, or the section where the key
 * was not given (or is NULL); "the defaults". Lives as long as conf. */
const char *conf_where(const struct conf *conf, const struct conf_section *section,
                       const char *key);

/* The same of the key that a sentence names first, of those that were given; of `key` when it
 * names none. */
const char *conf_where_in(const struct conf *conf, const struct conf_section *section,
                          const char *sentence, const char *key);

/* Values of the core's keys; asking for a key that the schema does not have is a fault of the
 * caller. What is given lives as long as conf. */

/* NULL: not given, and no default */
const char *conf_text(const struct conf_section *section, const char *key);
/* INT, SIZE, DURATION, BOOL, CONF_SET; 0 if absent */
int64_t conf_number(const struct conf_section *section, const char *key);
/* For [hearth] … that exist once: conf_get_text(conf, "hearth", "state_dir"). */
const char *conf_get_text(const struct conf *conf, const char *kind, const char *key);
int64_t conf_get_number(const struct conf *conf, const char *kind, const char *key);

/* Of a base URL: the path under which everything is, "" or "/hearth". Within url; NULL is "". */
const char *conf_base_path(const char *url);

/* Types of the core's own keys, beside enum hearth_config_type of plugins. */
enum conf_type {
    CONF_NETWORKS = 100, /* list of networks */
    CONF_PATTERNS,       /* list of e-mail addresses and patterns of them */
    CONF_ADDRESS,        /* where to listen */
    CONF_HEADER,         /* name of a header that names a person; the text is in lower case */
    CONF_BASE_URL,       /* http(s)://HOST[:PORT][/PATH]; the text has no slash at the end */
    CONF_ISSUER,         /* http(s) URL without query, fragment and user */
    CONF_SET,            /* one or more of `choices`; number: a bit for each, the first is 1 */
    CONF_FOLDER,         /* path; not made absolute */
    CONF_NAME,           /* of another section */
    CONF_HOSTS           /* list of host names, in lower case, without ports */
};

struct conf_list {
    size_t count;
    const char *const *items;
};
struct conf_networks {
    size_t count;
    const struct network *items;
};
struct conf_address {
    const char *path; /* of a unix socket; NULL: the others count */
    const char *host; /* without brackets; "": all addresses. A name is looked up by who listens */
    int port;
};
/* NULL: not given */
const struct conf_list *conf_list(const struct conf_section *section, const char *key);
/* NULL: not given */
const struct conf_list *conf_hosts(const struct conf_section *section, const char *key);
/* NULL: not given */
const struct conf_networks *conf_networks(const struct conf_section *section, const char *key);
/* NULL: not given */
const struct conf_address *conf_address(const struct conf_section *section, const char *key);

/* Checks a plugin's section against the plugin's own keys (after "plugin"). Values are in the
 * order of the keys and live as long as conf. err is the first of the findings, which may be
 * NULL. */
int conf_plugin_values(const struct conf *conf, const struct conf_section *section,
                       const struct hearth_config_key *keys, size_t count,
                       struct findings *findings, const struct hearth_config_value **ret_values,
                       struct err *err);

/* The same for conf_each(), where a KEY_file that cannot be read is no fault. */
int conf_plugin_check(const struct conf *conf, const struct conf_section *section,
                      const struct hearth_config_key *keys, size_t count, struct findings *findings,
                      struct err *err);

/* Is the fallback of a plugin's key a value of it? INVALID says why not. */
int conf_check_fallback(const struct hearth_config_key *key, struct err *err);

/* Every value that is in force, secrets as "(secret)". origin: as conf_where(), or "default".
 * reloaded: conf_is_reloaded(). */
typedef void (*conf_entry_cb)(void *ctx, const char *section, const char *key, const char *value,
                              const char *origin, bool reloaded);
void conf_each(const struct conf *conf, conf_entry_cb cb, void *ctx);

/* The keys of the core's own section kinds: for documentation and its test. Kinds end with NULL. */
struct conf_kind {
    const char *name;
    bool named;  /* [listen NAME] */
    bool plugin; /* further keys come from the plugin */
    const struct hearth_config_key *keys;
    size_t count;
    /* of the section that exists when nobody wrote one; NULL: there is none */
    const char *default_name;
    size_t max; /* sections */
    /* keys that a reload applies, with spaces between them; of the others it says that they need a
     * restart. NULL: none */
    const char *reloaded;
};
const struct conf_kind *conf_kinds(void);
bool conf_is_reloaded(const struct conf_kind *kind, const char *key);

/* What differs between two configurations: a key of a section that both have, or a whole section
 * (key NULL). Values that are the same in other words are no difference. where: of the new one,
 * where it is there; else of the old one. */
typedef void (*conf_change_cb)(void *ctx, const struct conf_kind *kind, const char *section,
                               const char *key, const char *where);
void conf_compare(const struct conf *old, const struct conf *fresh, conf_change_cb cb, void *ctx);

/* A key that older releases had. Who sets it is told what it is called now, or what to write
 * instead. The table is for documentation and its test, too; it ends with a kind of NULL. */
struct conf_old_key {
    const char *kind, *old_name;
    const char *since;   /* the first release that does not have it */
    const char *name;    /* what it is called now; NULL: it went away */
    const char *section; /* the kind that it moved to; NULL: where it was */
    const char *advice;  /* of one that went away: sentences that say what to write instead */
};
const struct conf_old_key *conf_old_keys(void);

#endif
