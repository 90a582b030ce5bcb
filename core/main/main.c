/* hearthd: finds the command and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/export.h"
#include "base/findings.h"
#include "main/cli.h"
#include "main/harden.h"

static const struct command {
    const char *name, *help;
    int (*run)(struct cli *cli);
    bool stays; /* it works for as long as it runs, whether or not what it says is read */
} commands[] = {
    {"serve", "run in the foreground (the default)", main_cmd_serve, true},
    {"check", "read the configuration, load the plugins, connect, say what was found",
     main_cmd_check},
    {"config", "the effective configuration, and where each value came from", main_cmd_config},
    {"reload",
     "let the daemon read its configuration again: what can be applied is, and what needs a "
     "restart "
     "is said",
     main_cmd_reload},
    {"setup", "the address with the set-up code of a server that belongs to nobody yet",
     main_cmd_setup},
    {"account", CMD_ACCOUNT_WORDS, main_cmd_account},
    {"link", "EMAIL: a sign-in link for ten minutes, and its QR code", main_cmd_link},
    {"token", "new EMAIL --name N [--read-only] | list EMAIL | revoke ID [--yes]", main_cmd_token},
    {"search", "EMAIL WORDS…: the address bar in the terminal", main_cmd_search},
    {"export", "EMAIL " API_EXPORT_NAMES, main_cmd_export},
    {"queue", "show | remove ACCOUNT [KIND] [--yes] | clear [--yes]", main_cmd_queue},
    {"node", "list | drain NAME [--wait] [--yes]", main_cmd_node},
    {"plugin",
     "list | show NAME|PATH.so | new KIND NAME | check PATH.so [--config FILE] [--seed N] "
     "[--faults] [--test WORDS] [--import FILE] "
     "[--patience SECONDS] [--break COMMAND --mend COMMAND]",
     main_cmd_plugin},
    {"key",
     "show | new [FILE] | new --accept-loss [--yes] | add [FILE]: the keys that credentials are "
     "sealed with",
     main_cmd_key},
    {"migrate", "bring the database's schema up to date", main_cmd_migrate},
    {"backup", "FILE: a consistent copy of the database while everything runs", main_cmd_backup},
    {"restore", "FILE [--replace]: put a copy that backup made in the place of the database",
     main_cmd_restore},
    {"verify", "check the database", main_cmd_verify},
    {"healthcheck", "exit code 0 when the daemon answers", main_cmd_healthcheck},
    {"version", "versions of hearthd, its plugins and libraries", main_cmd_version},
};

enum {
    OPT_CONFIG = 256,
    OPT_ROLE,
    OPT_LOG,
    OPT_JSON,
    OPT_WAIT,
    OPT_NAME,
    OPT_PROVIDER,
    OPT_ACCOUNT,
    OPT_EMAIL,
    OPT_WITH_CREDENTIALS,
    OPT_WITH_TOKENS,
    OPT_READ_ONLY,
    OPT_SEED,
    OPT_TEST,
    OPT_IMPORT,
    OPT_PATIENCE,
    OPT_FAULTS,
    OPT_BREAK,
    OPT_MEND,
    OPT_BROWSER,
    OPT_REPLACE,
    OPT_YES,
    OPT_ACCEPT_LOSS,
    OPT_OIDC,
    OPT_PROXY,
    OPT_PAGE,
    OPT_SITE,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_HELP,
    OPT_VERSION
};

static const struct option options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"role", required_argument, NULL, OPT_ROLE},
    {"log", required_argument, NULL, OPT_LOG},
    {"json", no_argument, NULL, OPT_JSON},
    {"wait", no_argument, NULL, OPT_WAIT},
    {"name", required_argument, NULL, OPT_NAME},
    {"provider", required_argument, NULL, OPT_PROVIDER},
    {"account", required_argument, NULL, OPT_ACCOUNT},
    {"email", required_argument, NULL, OPT_EMAIL},
    {"with-credentials", no_argument, NULL, OPT_WITH_CREDENTIALS},
    {"with-tokens", no_argument, NULL, OPT_WITH_TOKENS},
    {"read-only", no_argument, NULL, OPT_READ_ONLY},
    {"seed", required_argument, NULL, OPT_SEED},
    {"test", required_argument, NULL, OPT_TEST},
    {"import", required_argument, NULL, OPT_IMPORT},
    {"patience", required_argument, NULL, OPT_PATIENCE},
    {"faults", no_argument, NULL, OPT_FAULTS},
    {"break", required_argument, NULL, OPT_BREAK},
    {"mend", required_argument, NULL, OPT_MEND},
    {"browser", no_argument, NULL, OPT_BROWSER},
    {"replace", no_argument, NULL, OPT_REPLACE},
    {"yes", no_argument, NULL, OPT_YES},
    {"accept-loss", no_argument, NULL, OPT_ACCEPT_LOSS},
    {"oidc", required_argument, NULL, OPT_OIDC},
    {"proxy", required_argument, NULL, OPT_PROXY},
    {"page", required_argument, NULL, OPT_PAGE},
    {"site", required_argument, NULL, OPT_SITE},
    {"since", required_argument, NULL, OPT_SINCE},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static void print_help(FILE *to)
{
    main_cli_print(to, "usage: hearthd [--config DIR] [--role web,worker,scheduler] [--log "
                       "text|json] [COMMAND]\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        main_cli_print(to, "  %-12s %s\n", commands[i].name, commands[i].help);
    main_cli_print(to, "\nListings take --json. What cannot be undone asks on a terminal, and "
                       "needs --yes elsewhere.\n");
}

int main_cli_fail(const struct err *err)
{
    main_cli_print(stderr, "hearthd: %s\n", err->text);
    return err->code == HEARTH_ERR_INVALID ? CLI_USAGE : CLI_FAILED;
}

void main_cli_findings(const struct findings *findings, struct err *err)
{
    size_t last = findings->count; /* a fault, so that the exit code is that of the whole */
    while (last > 0 && findings->items[last - 1].code == 0)
        last--;
    for (size_t i = 0; i < findings->count; i++)
        if (i + 1 != last)
            main_cli_print(stderr, "hearthd: %s%s\n",
                           findings->items[i].code == 0 ? "warning: " : "",
                           findings->items[i].text);
    if (findings->more > 0)
        main_cli_print(stderr, "hearthd: and %zu more\n", findings->more);
    if (last > 0)
        err_set(err, findings->code, "%s", findings->items[last - 1].text);
}

int main_cli_usage(const char *usage)
{
    main_cli_print(stderr, "usage: hearthd %s\n", usage);
    return CLI_USAGE;
}

/* -1: go on with the command. */
static int parse_arguments(int argc, char **argv, struct cli *cli)
{
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case OPT_CONFIG:
            cli->config = optarg;
            break;
        case OPT_ROLE:
            cli->role = optarg;
            break;
        case OPT_LOG:
            cli->log = optarg;
            break;
        case OPT_JSON:
            cli->json = true;
            break;
        case OPT_WAIT:
            cli->wait = true;
            break;
        case OPT_NAME:
            cli->name = optarg;
            break;
        case OPT_PROVIDER:
            cli->provider = optarg;
            break;
        case OPT_ACCOUNT:
            cli->account = optarg;
            break;
        case OPT_EMAIL:
            cli->email = optarg;
            break;
        case OPT_WITH_CREDENTIALS:
            cli->with_credentials = true;
            break;
        case OPT_WITH_TOKENS:
            cli->with_tokens = true;
            break;
        case OPT_OIDC:
            cli->oidc = optarg;
            break;
        case OPT_PROXY:
            cli->proxy = optarg;
            break;
        case OPT_PAGE:
            cli->page = optarg;
            break;
        case OPT_SITE:
            cli->site = optarg;
            break;
        case OPT_SINCE:
            cli->since = optarg;
            break;
        case OPT_UNTIL:
            cli->until = optarg;
            break;
        case OPT_READ_ONLY:
            cli->read_only = true;
            break;
        case OPT_SEED:
            cli->seed = optarg;
            break;
        case OPT_TEST:
            cli->test = optarg;
            break;
        case OPT_IMPORT:
            cli->import = optarg;
            break;
        case OPT_PATIENCE:
            cli->patience = optarg;
            break;
        case OPT_BROWSER:
            cli->browser = true;
            break;
        case OPT_REPLACE:
            cli->replace = true;
            break;
        case OPT_YES:
            cli->yes = true;
            break;
        case OPT_ACCEPT_LOSS:
            cli->accept_loss = true;
            break;
        case OPT_BREAK:
            cli->breaks = optarg;
            break;
        case OPT_MEND:
            cli->mends = optarg;
            break;
        case OPT_FAULTS:
            cli->faults = true;
            break;
        case OPT_VERSION:
            return main_cmd_version(cli);
        case OPT_HELP:
            print_help(stdout);
            return CLI_OK;
        default:
            main_cli_print(stderr, "Try: hearthd --help\n");
            return CLI_USAGE;
        }
    }
    return -1;
}

/* A descriptor that was closed would be the next file's: what is said there would be written
 * into a database, and libraries refuse it. What is opened here cannot be written to, so that it
 * is still known that nobody reads what is said. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Who redirects what is said to a disk that is full has not got it. */
static int flush_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    main_cli_print(stderr,
                   "hearthd: what was to be said could not be written to standard output: %s\n",
                   strerror(errno));
    return code == CLI_OK ? CLI_FAILED : code;
}

int main(int argc, char **argv)
{
    open_standard_files();
    main_harden_process();
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    /* a file that may not grow is an error of the write, like a full disk */
    signal(SIGXFSZ, SIG_IGN);
    /* Few arenas, and large blocks straight from the system: what many threads have freed goes
     * back (core/http/memory.c). */
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    struct cli cli = {0};
    int r = parse_arguments(argc, argv, &cli);
    if (r >= 0)
        return flush_stdout(r);
    const char *name = optind < argc ? argv[optind++] : "serve";
    cli.argc = argc - optind;
    cli.argv = argv + optind;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0) {
            int code = commands[i].run(&cli);
            return commands[i].stays ? code : flush_stdout(code);
        }
    main_cli_print(stderr, "hearthd: there is no command \"%s\". Try: hearthd --help\n", name);
    return CLI_USAGE;
}
