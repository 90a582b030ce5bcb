/* hearthd check: everything that `serve` does before it is ready, without doing it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "main/check.h"

void check_note(struct daemon *d, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    buf_printf(&d->check_notes, "note     ");
    char *text = NULL;
    if (vasprintf(&text, format, ap) >= 0)
        buf_printf(&d->check_notes, "%s\n", text);
    free(text);
    va_end(ap);
}

static void say_plugin(const struct plug *plug)
{
    if (plug != NULL)
        cli_say(stdout, "%-8s %s %s: %s\n", plug_kind_name(plug_descriptor(plug)->kind), plug_descriptor(plug)->name,
                plug_descriptor(plug)->version, plug_file(plug));
}

static void say_all(const struct daemon *d)
{
    for (size_t i = 0; i < d->app.nodes.count; i++)
        say_plugin(d->app.nodes.items[i].storage);
    say_plugin(d->app.queue);
    for (size_t i = 0; i < d->app.provider_count; i++)
        say_plugin(d->app.providers[i]);
    cli_say(stdout, "state    %s\naccounts %zu\n%s", d->app.state_dir, d->check_accounts,
            d->check_notes.data == NULL ? "" : d->check_notes.data);
}

int cmd_check(struct cli *cli)
{
    if (cli->argc != 0)
        return cli_usage("[--config DIR] [--role web,worker,scheduler] check");
    struct daemon d = {.lock = -1};
    struct findings findings = {0};
    struct err err = {0};
    int r = app_load(&d.app, cli, &findings, &err);
    if (r == 0) {
        check_all(&d, cli, &findings);
        say_all(&d);
    } else if (findings.code == 0) {
        findings_add_err(&findings, &err);
    }
    cli_findings(&findings, &err);
    r = findings.code;
    if (r == 0)
        cli_say(stdout, findings.count == 0 ? "The configuration is good.\n" : "The configuration is good, but for the warnings.\n");
    fflush(stdout);
    check_fini(&d);
    findings_fini(&findings);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
