/* The command line: one table of commands (commands.h), one struct of what was given. */
#ifndef HEARTH_CORE_MAIN_CLI_H
#define HEARTH_CORE_MAIN_CLI_H

#include <stdbool.h>
#include <stdio.h>
#include "base/err.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 }; /* exit codes */

struct cli_command;

struct cli {
    /* --config DIR; NULL: /etc/hearth/conf.d if it exists, else the defaults */
    const char *config;
    const char *role;     /* --role web,worker,scheduler; NULL: as configured */
    const char *log;      /* --log text|json; NULL: as configured */
    const char *name;     /* --name N */
    const char *provider; /* --provider NAME; NULL: the first */
    /* account import: --account EMAIL, whose it is where the source does not know */
    const char *account;
    /* account restore: --email EMAIL, of the account that is made */
    const char *email;
    const char *from;                 /* copy: --from DIR */
    const char *oidc, *proxy;         /* account adopt: --oidc NAME, --proxy NAME */
    const char *page, *site;          /* account forget: --page URL, --site HOST */
    const char *since, *until;        /* the same: --since TIME, --until TIME */
    const char *seed, *test, *import; /* plugin check: --seed N, --test WORDS, --import FILE */
    const char *breaks, *mends;       /* the same: --break COMMAND, --mend COMMAND */
    const char *patience;             /* plugin check: --patience SECONDS */
    bool json, wait, read_only, faults, browser;
    bool replace;                       /* restore: --replace */
    bool with_credentials, with_tokens; /* account archive */
    bool accept_loss;                   /* key new: --accept-loss */
    bool help, version;
    /* --yes: what cannot be undone is done without a question */
    bool yes;
    const struct cli_command *command;
    /* Words after the command's first: of a group, argv[0] is one of its commands. There are as
     * many as the table of commands says. */
    int argc;
    char **argv;
};

/* printf(), of which nothing can steer a terminal: whatever comes from databases, other servers
 * or arguments is shown as str_printable() has it. All that commands print for people goes
 * through this, or through a table. */
void main_cli_print(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints "hearthd: text" to standard error and returns the exit code that suits the error's
 * code. */
int main_cli_fail(const struct err *err);
struct findings;
/* Prints all of them but the last fault, which err becomes: main_cli_fail() says it. Leaves err
 * alone when there are none. */
void main_cli_findings(const struct findings *findings, struct err *err);
/* Prints how the command is called; returns CLI_USAGE. */
int main_cli_usage(const struct cli *cli);
/* Every command that destroys something comes by here first. Asks on a terminal, where y or yes
 * is a yes; elsewhere --yes has to be given. 0: go on. INVALID (exit code 2): nobody can answer;
 * CANCELLED: the answer was no. Nothing was done then, and `err` says so. The question is a
 * sentence that names what will be gone: "Remove ada@example.org with 5,095 pages?" */
int main_cli_confirm(const struct cli *cli, struct err *err, const char *question, ...)
    __attribute__((format(printf, 3, 4)));
enum { CLI_COUNT_SIZE = 64 };
/* "1 page", "5,095 pages"; returns ret_text. */
const char *main_cli_count(long long number, const char *one, const char *many,
                           char ret_text[CLI_COUNT_SIZE]);

/* The commands. Each returns an exit code. */
int main_cmd_serve(struct cli *cli);
int main_cmd_check(struct cli *cli);
int main_cmd_config(struct cli *cli);
int main_cmd_reload(struct cli *cli);
int main_cmd_setup(struct cli *cli);
int main_cmd_account(struct cli *cli);
int main_cmd_link(struct cli *cli);
int main_cmd_token(struct cli *cli);
int main_cmd_search(struct cli *cli);
int main_cmd_export(struct cli *cli);
int main_cmd_queue(struct cli *cli);
int main_cmd_node(struct cli *cli);
int main_cmd_plugin(struct cli *cli);
int main_cmd_key(struct cli *cli);
int main_cmd_migrate(struct cli *cli);
int main_cmd_copy(struct cli *cli);
int main_cmd_backup(struct cli *cli);
int main_cmd_restore(struct cli *cli);
int main_cmd_verify(struct cli *cli);
int main_cmd_healthcheck(struct cli *cli);
int main_cmd_help(struct cli *cli);
int main_cmd_version(struct cli *cli);

#endif
