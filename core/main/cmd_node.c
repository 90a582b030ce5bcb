/* hearthd node: the nodes of a fleet. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/progress.h"
#include "main/table.h"

struct census {
    const struct app *app;
    int64_t accounts, leaving, stuck;
    char why[600]; /* of one that cannot leave */
};

/* Accounts that cannot be synced cannot be filled anew on another node. */
static bool is_stuck(const struct hearth_account *account)
{
    return account->state == HEARTH_ACCOUNT_SIGNIN_NEEDED ||
           account->state == HEARTH_ACCOUNT_PAUSED;
}

static int census_count_account(void *ctx, const struct hearth_account *account)
{
    struct census *census = ctx;
    size_t to = nodes_find(&census->app->nodes, account->node);
    bool leaving = to != NODES_NONE && to != census->app->node;
    census->accounts++;
    census->leaving += leaving;
    if (leaving && (is_stuck(account) || account->failures > 0)) {
        census->stuck += is_stuck(account);
        snprintf(census->why, sizeof(census->why), "%s: %s", account->email,
                 account->state_detail != NULL ? account->state_detail
                 : is_stuck(account)           ? "it is paused, or its sign-in is needed"
                                               : "its sync failed");
    }
    return 0;
}

static int prefix_node(const struct node *node, int r, struct err *err)
{
    return r < 0 && node->name[0] != '\0' ? err_prefix(err, "node %s", node->name) : r;
}

/* The first is the command's, which says it at its end; the others are said here. */
static void note_fault(int r, const struct err *why, int *first, struct err *ret_err)
{
    if (r < 0 && *first < 0)
        main_cli_print(stderr, "hearthd: %s\n", why->text);
    if (r < 0 && *first == 0) {
        *first = r;
        *ret_err = *why;
    }
}

static int node_list_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct table table;
    int first = 0;
    main_table_init(&table, "node url weight storage accounts leaving state");
    for (size_t i = 0; i < app->nodes.count; i++) {
        const struct node *node = &app->nodes.items[i];
        struct census census = {.app = app};
        struct err why = {0};
        int r = main_app_use_node(app, i, &why);
        if (r == 0)
            r = prefix_node(
                node, STORAGE(app->storage, &why, account_list, census_count_account, &census),
                &why);
        note_fault(r, &why, &first, err);
        main_table_add(&table,
                       json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:s}", "node", node->name, "url",
                                 node->url, "weight", (json_int_t)node->weight, "storage",
                                 plug_descriptor(node->storage)->name, "accounts",
                                 (json_int_t)census.accounts, "leaving", (json_int_t)census.leaving,
                                 "state", r == 0 ? "answers" : why.text));
    }
    main_table_print(&table, cli->json);
    main_table_fini(&table);
    return first;
}

/* Accounts are gathered first: a listing and its changes do not mix. */
struct leavers {
    struct app *app;
    struct leaver {
        char id[40];
        size_t to;
        bool paused;
    } * items;
    size_t count, room;
};

static int note_leaver(void *ctx, const struct hearth_account *account)
{
    struct leavers *leavers = ctx;
    if (!ARRAY_MAKE_ROOM(leavers->items, leavers->count, leavers->room))
        return 1;
    struct leaver *leaver = &leavers->items[leavers->count++];
    snprintf(leaver->id, sizeof(leaver->id), "%s", account->id);
    leaver->to = nodes_home(&leavers->app->nodes,
                            account->placement != NULL ? account->placement : account->email,
                            leavers->app->node);
    leaver->paused = account->state == HEARTH_ACCOUNT_PAUSED;
    return 0;
}

/* The rest is done by schedulers and workers: see core/jobs/move.c. One that is paused goes when
 * it is resumed. */
static int send_away(struct app *app, struct leavers *leavers, struct err *err)
{
    int r = STORAGE(app->storage, err, account_list, note_leaver, leavers);
    for (size_t i = 0; r == 0 && i < leavers->count; i++) {
        struct hearth_account account = {.struct_size = sizeof(account),
                                         .id = leavers->items[i].id,
                                         .node = app->nodes.items[leavers->items[i].to].name,
                                         .next_sync = 1};
        r = STORAGE(
            app->storage, err, account_update, &account,
            HEARTH_ACCOUNT_NODE |
                (leavers->items[i].paused ? 0 : HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED));
        if (r == HEARTH_ERR_NOT_FOUND) /* it has just left */
            r = 0;
        plug_storage_reset(app->storage);
    }
    return r;
}

enum { HICCUP_S = 300, LOOK_MS = 200, RETRY_S = 2 };

static void pause_ms(int64_t ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* The listing of a node whose database may be away for a while: said once, tried again for five
 * minutes. */
static int census_take(struct app *app, struct census *census, struct err *err)
{
    int64_t since = 0;
    for (;;) {
        struct err why = {0};
        *census = (struct census){.app = app};
        int r = STORAGE(app->storage, &why, account_list, census_count_account, census);
        plug_storage_reset(app->storage);
        if (r == 0 && since != 0)
            main_cli_print(stdout, "The database answers again.\n");
        if (r == 0)
            return 0;
        int64_t now = clock_monotonic();
        bool passes = r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_TIMEOUT || r == HEARTH_ERR_IO;
        if (!passes || (since != 0 && now - since > HICCUP_S * 1000)) {
            *err = why;
            return r;
        }
        if (since == 0) {
            since = now;
            main_cli_print(stdout,
                           "The database does not answer (%s); it is asked again for %d minutes. "
                           "The move goes on without this command, too.\n",
                           why.text, HICCUP_S / 60);
            fflush(stdout);
        }
        pause_ms(RETRY_S * 1000);
    }
}

/* How many have moved. */
struct moved {
    _Atomic(int64_t) left;
    int64_t total; /* left when the waiting began */
};

static bool moved_measure(void *ctx, int64_t *ret_done, int64_t *ret_total)
{
    struct moved *moved = ctx;
    *ret_total = moved->total;
    *ret_done = moved->total - moved->left;
    return moved->total > 0;
}

static int wait_until_empty(struct app *app, struct moved *moved, bool tells, struct err *err)
{
    int64_t shown = -1;
    for (;;) {
        struct census census;
        int r = census_take(app, &census, err);
        if (r < 0)
            return r;
        moved->left = census.accounts;
        if (census.accounts != shown && tells)
            main_cli_print(stdout, "%lld account%s left to move\n", (long long)census.accounts,
                           census.accounts == 1 ? "" : "s");
        fflush(stdout);
        shown = census.accounts;
        if (census.accounts == 0)
            return 0;
        if (census.leaving == 0)
            return err_set(err, HEARTH_ERR_CONFLICT,
                           "%lld account%s new here since the drain began and do%s not move; set "
                           "weight = 0 in [node %s], and drain it again",
                           (long long)census.accounts, census.accounts == 1 ? " is" : "s are",
                           census.accounts == 1 ? "es" : "", app->nodes.items[app->node].name);
        if (census.leaving == census.stuck)
            return err_set(err, HEARTH_ERR_CONFLICT,
                           "%lld account%s cannot be synced and so cannot move; they are still "
                           "served from here. One of them: %s",
                           (long long)census.stuck, census.stuck == 1 ? "" : "s", census.why);
        pause_ms(LOOK_MS);
    }
}

static int node_drain_cmd(struct app *app, struct cli *cli, struct err *err)
{
    size_t node = nodes_find(&app->nodes, cli->argv[1]);
    if (!main_app_is_fleet(app) || node == NODES_NONE)
        return err_set(err, HEARTH_ERR_INVALID, "there is no [node %s]", cli->argv[1]);
    if (app->nodes.count < 2)
        return err_set(err, HEARTH_ERR_INVALID,
                       "there is no other node that the accounts of %s could go to", cli->argv[1]);
    struct leavers leavers = {.app = app};
    struct census census = {.app = app};
    char accounts[CLI_COUNT_SIZE];
    int r = main_app_use_node(app, node, err);
    if (r == 0 && !cli->yes)
        r = STORAGE(app->storage, err, account_list, census_count_account, &census);
    if (r == 0)
        r = main_cli_confirm(
            cli, err, "Move %s away from %s? They come with all that is stored of them.",
            main_cli_count(census.accounts, "account", "accounts", accounts), cli->argv[1]);
    if (r == 0)
        r = send_away(app, &leavers, err);
    free(leavers.items);
    if (r < 0)
        return r;
    main_cli_print(stdout,
                   "%zu account%s move%s away from %s; they are served there until they are "
                   "complete elsewhere.\n",
                   leavers.count, leavers.count == 1 ? "" : "s", leavers.count == 1 ? "s" : "",
                   cli->argv[1]);
    main_audit_command(app, "node drained", LOG_TEXT("node", cli->argv[1]),
                       LOG_INT("accounts", leavers.count));
    if (app->nodes.items[node].weight > 0)
        main_cli_print(stdout, "Newcomers still go there: set weight = 0 in [node %s].\n",
                       cli->argv[1]);
    if (!cli->wait)
        return 0;
    struct moved moved = {.left = (int64_t)leavers.count, .total = (int64_t)leavers.count};
    struct progress progress;
    main_progress_begin(&progress, cli, "Accounts moved", false, moved_measure, &moved);
    r = wait_until_empty(app, &moved, !progress.runs, err);
    main_progress_end(&progress);
    return r;
}

int main_cmd_node(struct cli *cli)
{
    bool is_list = strcmp(cli->argv[0], "list") == 0;
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_app_open_nodes(&app, APP_MIGRATE_NEVER, &err);
    if (r == 0)
        r = is_list ? node_list_cmd(&app, cli, &err) : node_drain_cmd(&app, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
