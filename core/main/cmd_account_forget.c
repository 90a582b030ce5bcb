/* hearthd account forget: takes a page, a site or a span of time out of an account's history,
 * and keeps it out. forgotten and remember: what is kept out, and to keep it out no longer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/token.h"
#include "base/clock.h"
#include "main/audit.h"
#include "main/cmd_account.h"
#include "main/forget.h"
#include "main/table.h"
#include "merge/removed_here.h"
#include "model/url.h"
#include "model/url_canonical.h"

enum { HOST_SIZE = 256, ID_LENGTH = 16 };

/* "2026-11-29", "2026-11-29T18:30", "2026-11-29 18:30:05", each also with a Z for UTC; else it
 * is the local time of this machine. */
static int parse_time(const char *option, const char *text, int64_t *ret_ms, struct err *err)
{
    struct tm when = {.tm_isdst = -1}, said;
    const char *at = strptime(text, "%Y-%m-%d", &when);
    if (at != NULL && (*at == 'T' || *at == ' '))
        at = strptime(at + 1, "%H:%M", &when);
    if (at != NULL && *at == ':')
        at = strptime(at + 1, "%S", &when);
    bool utc = at != NULL && *at == 'Z';
    if (at == NULL || at[utc] != '\0')
        return err_set(
            err, HEARTH_ERR_INVALID,
            "--%s %s: write a time like 2026-11-29, 2026-11-29T18:30 or 2026-11-29T18:30Z", option,
            text);
    said = when;
    /* which make the 3rd of March of a 31st of February */
    time_t seconds = utc ? timegm(&when) : mktime(&when);
    if (when.tm_mday != said.tm_mday || when.tm_mon != said.tm_mon || when.tm_sec != said.tm_sec)
        return err_set(err, HEARTH_ERR_INVALID, "--%s %s: there is no such day or time", option,
                       text);
    if (seconds <= 0)
        return err_set(err, HEARTH_ERR_INVALID, "--%s %s: no browser has been there", option, text);
    *ret_ms = (int64_t)seconds * 1000;
    return 0;
}

static int parse_span(const struct cli *cli, struct hearth_removed_here *removed, struct err *err)
{
    int r = cli->since == NULL ? 0 : parse_time("since", cli->since, &removed->from_date, err);
    if (r == 0 && cli->until != NULL)
        r = parse_time("until", cli->until, &removed->to_date, err);
    if (r == 0 && cli->since != NULL && cli->until != NULL &&
        removed->from_date >= removed->to_date)
        return err_set(err, HEARTH_ERR_INVALID, "--until %s is not after --since %s", cli->until,
                       cli->since);
    return r;
}

/* The host as pages have it. A whole URL, or one that is none, is refused: what somebody meant
 * to remove has to be what is removed. */
static int parse_site(const char *site, char ret_host[HOST_SIZE], struct err *err)
{
    if (!model_url_canonical_host(site, ret_host, HOST_SIZE))
        return err_set(err, HEARTH_ERR_INVALID,
                       "--site %s: write a host alone, like www.example.org", site);
    return 0;
}

/* History has no users in its addresses. */
static int parse_page(const char *page, int64_t *ret_id, struct err *err)
{
    struct buf url = {0};
    int r = model_url_canonical(page, strlen(page), MODEL_URL_DROP_USER, &url);
    if (r == 0)
        *ret_id = model_page_id(url.data);
    else
        err_set(err, r, "--page %s: write its whole address, like https://www.example.org/a/page",
                page);
    buf_fini(&url);
    return r;
}

/* what: the same in words. */
static int make_removal(const struct cli *cli, char host[HOST_SIZE], char what[512],
                        struct hearth_removed_here *removed, struct err *err)
{
    int r = parse_span(cli, removed, err);
    const char *since = cli->since == NULL ? "" : cli->since,
               *until = cli->until == NULL ? "" : cli->until;
    char span[160] = "";
    if (r < 0)
        return r;
    if (cli->page != NULL && cli->site != NULL)
        return err_set(err, HEARTH_ERR_INVALID, "--page and --site: one at a time");
    if (cli->page == NULL && cli->site == NULL && cli->since == NULL && cli->until == NULL)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "say what to forget: --page URL, --site HOST, or a time with --since and --until");
    if (since[0] != '\0' || until[0] != '\0')
        snprintf(span, sizeof(span), "%s%s%s%s%s", since[0] == '\0' ? "" : " since ", since,
                 since[0] == '\0' || until[0] == '\0' ? "" : ",", until[0] == '\0' ? "" : " until ",
                 until);
    removed->kind = HEARTH_REMOVED_HERE_SPAN;
    if (cli->site != NULL) {
        r = parse_site(cli->site, host, err);
        removed->kind = HEARTH_REMOVED_HERE_SITE;
        removed->host = host;
    } else if (cli->page != NULL) {
        r = parse_page(cli->page, &removed->page, err);
        removed->kind = HEARTH_REMOVED_HERE_PAGE;
    }
    snprintf(what, 512, "%s%.300s%s",
             removed->kind == HEARTH_REMOVED_HERE_SPAN ? "every visit" : "every visit of ",
             cli->page != NULL   ? cli->page
             : cli->site != NULL ? host
                                 : "",
             span);
    return r;
}

static void print_removal(const struct cli *cli, const char *email,
                          const struct removed_here_result *result)
{
    char pages[CLI_COUNT_SIZE], visits[CLI_COUNT_SIZE];
    main_cli_count(result->pages, "page", "pages", pages);
    main_cli_count(result->visits, "visit", "visits", visits);
    if (result->pages == 0)
        main_cli_print(stdout, "%s had nothing of it; it is kept out from now on.\n", email);
    else
        main_cli_print(stdout,
                       "removed %s of %s from the history of %s; it is kept out although its "
                       "source still has it\n",
                       visits, pages, email);
    if (cli->site != NULL && result->pages == 0)
        main_cli_print(stdout, "A site is one host as browsers store it, without those below or "
                               "above it: www.example.org and example.org are two.\n");
    if (cli->page != NULL && result->pages == 0)
        main_cli_print(stdout,
                       "A page is found by its whole address: \"hearthd search\" shows it.\n");
}

int main_account_forget(struct app *app, struct cli *cli, struct err *err)
{
    char id[ID_LENGTH + 1], host[HOST_SIZE] = "", what[512];
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_removed_here removed = {
        .struct_size = sizeof(removed), .id = id, .host = "", .created = clock_now()};
    struct removed_here_result result;
    bool refused = false;
    auth_token_random_id(id, ID_LENGTH);
    int r = make_removal(cli, host, what, &removed, err);
    if (r == 0)
        r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    /* the results of operations end with the next ones */
    char *account_id = strdup(account.id), *email = strdup(account.email);
    if (account_id == NULL || email == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        r = main_cli_confirm(cli, err, "Remove %s from the history of %s, and keep it out%s?", what,
                             email,
                             removed.to_date == 0 ? ", visits that are still to come, too" : "");
    if (r == 0)
        r = merge_removed_here_put(app->storage, account_id, &removed, &result, err);
    else
        refused = true;
    if (r < 0 && !refused && r != HEARTH_ERR_FULL)
        err_prefix(err, "not all of it may be removed: run this again");
    if (r == 0) {
        if (result.generation != 0)
            main_forget_changed(app, account_id, result.generation);
        print_removal(cli, email, &result);
        main_audit_command(app, "history removed here", LOG_TEXT("account", account_id),
                           LOG_TEXT("email", email));
    }
    free(account_id);
    free(email);
    return r;
}

/* --- what is kept out --- */

static int on_forgotten(void *ctx, const struct hearth_removed_here *removed)
{
    static const char *const kinds[] = {"", "visit", "page", "site", "time"};
    const char *kind = removed->kind >= 1 && removed->kind <= 4 ? kinds[removed->kind] : "?";
    char page[32];
    /* of its address nothing is kept */
    snprintf(page, sizeof(page), "%lld", (long long)removed->page);
    main_table_add(
        ctx,
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "id", removed->id, "kind", kind, "what",
                  removed->host[0] != '\0' ? removed->host
                  : removed->page != 0     ? page
                                           : "",
                  "since_at",
                  (json_int_t)(removed->kind == HEARTH_REMOVED_HERE_VISIT ? removed->date
                                                                          : removed->from_date),
                  "until_at", (json_int_t)removed->to_date, "forgotten_at",
                  (json_int_t)removed->created));
    return 0;
}

int main_account_forgotten(struct app *app, struct cli *cli, struct err *err)
{
    char id[33];
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct table table;
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    snprintf(id, sizeof(id), "%s", account.id);
    main_table_init(&table, "id kind what since_at until_at forgotten_at");
    r = STORAGE(app->storage, err, removed_here_list, id, on_forgotten, &table);
    if (r == 0)
        main_table_print(&table, cli->json);
    main_table_fini(&table);
    return r;
}

struct remembering {
    const char *id;
    bool found;
};

static int is_that_one(void *ctx, const struct hearth_removed_here *removed)
{
    struct remembering *remembering = ctx;
    remembering->found = strcmp(removed->id, remembering->id) == 0;
    return remembering->found;
}

int main_account_remember(struct app *app, struct cli *cli, struct err *err)
{
    struct remembering remembering = {.id = cli->argv[2]};
    struct hearth_account account = {.struct_size = sizeof(account)};
    char id[33];
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    snprintf(id, sizeof(id), "%s", account.id);
    r = STORAGE(app->storage, err, removed_here_list, id, is_that_one, &remembering);
    plug_storage_reset(app->storage);
    if (r == 0 && !remembering.found)
        return err_set(err, HEARTH_ERR_NOT_FOUND,
                       "nothing with the id %s is kept out; see hearthd account forgotten %s",
                       cli->argv[2], cli->argv[1]);
    if (r == 0)
        r = STORAGE(app->storage, err, removed_here_remove, id, cli->argv[2]);
    if (r == 0) {
        main_cli_print(stdout,
                       "It is not kept out any more. What its source still has comes back with "
                       "hearthd account resync %s.\n",
                       cli->argv[1]);
        main_audit_command(app, "history kept out no longer", LOG_TEXT("account", id),
                           LOG_TEXT("email", cli->argv[1]));
    }
    return r;
}
