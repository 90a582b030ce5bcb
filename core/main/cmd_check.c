/* hearthd check: everything that `serve` does before it is ready, without doing it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/log.h"
#include "main/check.h"

void main_check_note(struct daemon *d, const char *format, ...)
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

static void print_checked_plugin(const struct plug *plug)
{
    if (plug != NULL)
        main_cli_print(stdout, "%-8s %s %s: %s\n", plug_kind_name(plug_descriptor(plug)->kind),
                       plug_descriptor(plug)->name, plug_descriptor(plug)->version,
                       plug_file(plug));
}

static void print_checked_plugins(const struct daemon *d)
{
    for (size_t i = 0; i < d->app.nodes.count; i++)
        print_checked_plugin(d->app.nodes.items[i].storage);
    print_checked_plugin(d->app.queue);
    for (size_t i = 0; i < d->app.provider_count; i++)
        print_checked_plugin(d->app.providers[i]);
    main_cli_print(stdout, "state    %s\naccounts %zu\n%s", d->app.state_dir, d->check_accounts,
                   d->check_notes.data == NULL ? "" : d->check_notes.data);
}

static json_t *check_json(const struct daemon *d, const struct findings *findings)
{
    json_t *faults = json_array(), *warnings = json_array();
    for (size_t i = 0; i < findings->count; i++)
        json_array_append_new(findings->items[i].code == 0 ? warnings : faults,
                              json_string(findings->items[i].text));
    return json_pack("{s:b, s:o, s:o, s:s?, s:I}", "good", findings->code == 0, "faults", faults,
                     "warnings", warnings, "state_dir", d->app.state_dir, "accounts",
                     (json_int_t)d->check_accounts);
}

static int print_check_json(const struct daemon *d, const struct findings *findings)
{
    json_t *said = check_json(d, findings);
    json_dumpf(said, stdout, JSON_INDENT(2));
    main_cli_print(stdout, "\n");
    json_decref(said);
    return findings->code == 0                    ? CLI_OK
           : findings->code == HEARTH_ERR_INVALID ? CLI_USAGE
                                                  : CLI_FAILED;
}

int main_cmd_check(struct cli *cli)
{
    struct daemon d = {.lock = -1};
    struct findings findings = {0};
    struct err err = {0};
    int r = main_app_load(&d.app, cli, &findings, &err);
    if (r == 0) {
        main_check_all(&d, &findings);
        if (!cli->json)
            print_checked_plugins(&d);
    } else if (findings.code == 0) {
        findings_add_err(&findings, &err);
    }
    if (!cli->json)
        main_cli_findings(&findings, &err);
    int code = cli->json ? print_check_json(&d, &findings) : CLI_OK;
    r = findings.code;
    if (r == 0 && !cli->json)
        main_cli_print(stdout, findings.count == 0
                                   ? "The configuration is good.\n"
                                   : "The configuration is good, but for the warnings.\n");
    fflush(stdout);
    main_check_fini(&d);
    findings_fini(&findings);
    return r < 0 && !cli->json ? main_cli_fail(&err) : code;
}
