/* What is made from the tables of commands and keys when hearthd is built: its manual and the
 * completions of shells. A program of the machine that builds: it uses tables and libc alone. */
#ifndef HEARTH_TOOLS_DOCUMENTATION_H
#define HEARTH_TOOLS_DOCUMENTATION_H

#include "hearth/plugin.h"
#include "main/commands.h"

struct plugin_keys {
    const char *kind, *name;
    const struct hearth_config_key *keys;
    size_t count;
};
extern const struct plugin_keys documentation_keys_inproc, documentation_keys_redis,
    documentation_keys_fx, documentation_keys_sqlite, documentation_keys_pg;

/* Each to standard output. */
void documentation_hearthd_page(void);
void documentation_conf_page(void);
void documentation_plugin_page(void);
void documentation_bash(void);
void documentation_zsh(void);
void documentation_fish(void);

/* The option that an id of a command's list stands for, and the next id; NULL at the end. */
const struct cli_option *documentation_next_option(const char **ids);
const char *documentation_option_name(const struct cli_option *option);

#endif
