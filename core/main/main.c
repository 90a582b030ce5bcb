/* hearthd: finds the command and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/findings.h"
#include "main/arguments.h"
#include "main/cli.h"
#include "main/commands.h"
#include "main/harden.h"

/* What runs the commands of commands.h, by their first words. */
static const struct command_run {
    const char *name;
    int (*run)(struct cli *cli);
    bool stays; /* it works for as long as it runs, whether or not what it says is read */
} runs[] = {
    {"serve", main_cmd_serve, .stays = true},
    {"check", main_cmd_check},
    {"config", main_cmd_config},
    {"reload", main_cmd_reload},
    {"setup", main_cmd_setup},
    {"account", main_cmd_account},
    {"link", main_cmd_link},
    {"token", main_cmd_token},
    {"search", main_cmd_search},
    {"export", main_cmd_export},
    {"queue", main_cmd_queue},
    {"node", main_cmd_node},
    {"plugin", main_cmd_plugin},
    {"key", main_cmd_key},
    {"migrate", main_cmd_migrate},
    {"copy", main_cmd_copy},
    {"backup", main_cmd_backup},
    {"restore", main_cmd_restore},
    {"verify", main_cmd_verify},
    {"healthcheck", main_cmd_healthcheck},
    {"help", main_cmd_help},
    {"version", main_cmd_version},
};

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

/* Who reads a listing to its tenth line has seen what they wanted. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

/* Who redirects what is said to a disk that is full has not got it. */
static int flush_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    int why = errno;
    if (!reader_has_gone())
        main_cli_print(stderr,
                       "hearthd: what was to be said could not be written to standard output: "
                       "%s\n",
                       strerror(why));
    return code == CLI_OK ? CLI_FAILED : code;
}

static const struct command_run *run_of(const struct cli_command *command)
{
    size_t n = strcspn(command->name, " ");
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
        if (strncmp(runs[i].name, command->name, n) == 0 && runs[i].name[n] == '\0')
            return &runs[i];
    return NULL;
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
    int code = main_arguments_parse(argc, argv, &cli);
    if (code != CLI_OK)
        return code;
    const struct command_run *run = run_of(cli.command);
    code = run->run(&cli);
    return run->stays ? code : flush_stdout(code);
}
