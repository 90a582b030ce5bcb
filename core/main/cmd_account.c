/* hearthd account …: the accounts of this server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/token.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "main/cmd_account.h"
#include "main/control.h"
#include "main/table.h"

static const char *const state_names[] = {"ok", "waiting", "signin_needed", "paused", "error"};

static const char *account_state_word(int state)
{
    return state >= 0 && state < (int)(sizeof(state_names) / sizeof(state_names[0]))
               ? state_names[state]
               : "unknown";
}

static int provider_index(const struct app *app, const char *name, struct err *err)
{
    for (size_t i = 0; i < app->provider_count; i++)
        if (name == NULL || strcmp(app->provider_names[i], name) == 0)
            return (int)i;
    struct buf sections = {0};
    for (size_t i = 0; i < app->provider_count; i++)
        buf_printf(&sections, "%s[sync %s]", i == 0 ? "; there is " : ", ", app->provider_names[i]);
    int r = err_set(err, HEARTH_ERR_INVALID, "there is no [sync %s] section%s",
                    name == NULL ? "" : name, sections.data == NULL ? "" : sections.data);
    buf_fini(&sections);
    return r;
}

int main_account_blame(const struct app *app, size_t provider, struct err *err)
{
    const char *name = app->provider_names[provider];
    char section[80];
    snprintf(section, sizeof(section), "[sync %s]", name);
    return str_starts(err->text, section)
               ? err->code
               : err_prefix(err, "%s (sync-%s)", section,
                            plug_descriptor(app->providers[provider])->name);
}

int main_account_signin(struct app *app, const struct cli *cli, struct signin **ret_signin,
                        struct err *err)
{
    int r = main_app_open_vault(app, err);
    if (r == 0)
        r = main_app_open_providers(app, err);
    int provider = r == 0 ? provider_index(app, cli->provider, err) : r;
    r = provider < 0 ? provider : main_app_create_signin(app, ret_signin, err);
    return r < 0 ? r : provider;
}

struct listing {
    struct table table;
    const char *node;
};

static int on_listed(void *ctx, const struct hearth_account *account)
{
    struct listing *listing = ctx;
    main_table_add(&listing->table,
                   json_pack("{s:s, s:s, s:s, s:s?, s:I, s:I, s:s?}", "email", account->email,
                             "node", listing->node, "state", account_state_word(account->state),
                             "name", account->name, "last_sync_at", (json_int_t)account->last_sync,
                             "next_sync_at", (json_int_t)account->next_sync, "detail",
                             account->state_detail));
    return 0;
}

static int list_node(struct app *app, void *ctx, struct err *err)
{
    struct listing *listing = ctx;
    listing->node = app->nodes.items[app->node].name;
    return STORAGE(app->storage, err, account_list, on_listed, listing);
}

static int account_list_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct listing listing;
    main_table_init(&listing.table, main_app_is_fleet(app)
                                        ? "email node state name last_sync_at next_sync_at detail"
                                        : "email state name last_sync_at next_sync_at detail");
    int r = main_app_each_node(app, list_node, &listing, err);
    if (r == 0 || app->nodes.count > 1) /* those of the nodes that answer */
        main_table_print(&listing.table, cli->json);
    main_table_fini(&listing.table);
    return r;
}

/* Those besides the account's own provider. */
static int account_on_source(void *ctx, const struct hearth_source *source)
{
    json_t *sources = ctx;
    json_array_append_new(
        sources,
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:s?, s:I, s:I, s:I}", "id", (json_int_t)source->id,
                  "name", source->name, "kind",
                  source->kind == HEARTH_SOURCE_SYNC ? "sync" : "import", "provider",
                  source->provider, "state", account_state_word((int)source->state), "detail",
                  source->state_detail, "created_at", (json_int_t)source->created, "last_sync_at",
                  (json_int_t)source->last_sync, "ended_at", (json_int_t)source->ended));
    return 0;
}

static void print_sources(json_t *sources)
{
    struct table table;
    json_t *row;
    size_t i;
    main_table_init(&table, "id name kind provider state created_at last_sync_at ended_at detail");
    json_array_foreach(sources, i, row) main_table_add(&table, json_incref(row));
    main_table_print(&table, false);
    main_table_fini(&table);
}

static int account_show_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r == 0)
        r = STORAGE(app->storage, err, counts, account.id, &counts);
    json_t *sources = json_array();
    if (r == 0)
        r = STORAGE(app->storage, err, source_list, account.id, account_on_source, sources);
    if (r < 0) {
        json_decref(sources);
        return r;
    }
    json_t *o = json_pack(
        "{s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id",
        account.id, "email", account.email, "uid", account.uid, "name", account.name, "provider",
        account.provider, "node", app->nodes.items[app->node].name, "state",
        account_state_word(account.state), "detail", account.state_detail, "created_at",
        (json_int_t)account.created, "last_sync_at", (json_int_t)account.last_sync,
        "last_attempt_at", (json_int_t)account.last_attempt, "next_sync_at",
        (json_int_t)account.next_sync, "last_seen_at", (json_int_t)account.last_seen, "failures",
        (json_int_t)account.failures, "generation", (json_int_t)account.generation);
    json_t *c = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "devices", (json_int_t)counts.devices,
                          "tabs", (json_int_t)counts.tabs, "bookmarks",
                          (json_int_t)counts.bookmarks, "folders", (json_int_t)counts.folders,
                          "pages", (json_int_t)counts.pages, "visits", (json_int_t)counts.visits);
    if (cli->json) {
        json_object_set_new(o, "counts", c);
        json_object_set(o, "sources", sources);
        json_dumpf(o, stdout, JSON_INDENT(2));
        main_cli_print(stdout, "\n");
    } else {
        json_object_update(o, c);
        json_decref(c);
        main_table_print_object(o);
        if (json_array_size(sources) > 0)
            print_sources(sources);
    }
    json_decref(sources);
    json_decref(o);
    return 0;
}

/* Runs one sync in this process: there is no daemon that would. */
static int sync_here(struct app *app, const char *id, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct sync_context context;
    struct sync_outcome outcome;
    int r = STORAGE(app->storage, err, account_get, id, &account);
    int i = r < 0 ? r : provider_index(app, account.provider, err);
    if (i < 0)
        return i;
    main_app_sync_context(app, &context);
    const struct hearth_sync *ops = plug_ops(app->providers[i]);
    struct call call;
    plug_call_init(&call, NULL, context.timeout, 0);
    void *handle = NULL;
    r = plug_call_check(&call,
                        ops->handle_open(plug_self(app->providers[i]), &call.hearth, &handle), err);
    if (r == 0)
        r = jobs_sync_account(&context, app->storage, ops, handle, &call, id, &outcome, err);
    if (handle != NULL)
        ops->handle_close(handle);
    plug_call_fini(&call);
    return r;
}

/* Nobody waits longer in front of it for a pause than so many seconds. */
enum { LOOK_MS = 50, SAY_EVERY = 20, HICCUP_LOOKS = 60 * 1000 / LOOK_MS, PATIENCE = 60 };

#define PAUSE_WORDS "The Sync service asked for a pause"

/* What stands between the account and its sync, as the daemon's queue has it: its place among
 * those that wait, or its own state. The seconds of a pause that the Sync service asked for; 0:
 * there is none. ret_gone: the queue has no job of it. */
static long long describe_wait(struct app *app, const char *id, bool *ret_gone, char *ret_text,
                               size_t size)
{
    long long pause = 0;
    bool gone = true;
    struct buf body = {0};
    struct err err = {0};
    int status = 0;
    int r = main_control_request(app->state_dir, "GET", "/control/queue", &status, &body, &err);
    json_t *list = r == 0 && status == 200 ? json_loadb(body.data, body.size, 0, NULL) : NULL, *row;
    size_t i, before = 0;
    buf_fini(&body);
    snprintf(ret_text, size,
             list == NULL ? "The queue does not answer; waiting."
                          : "Waiting for the scheduler to look for due accounts.");
    json_array_foreach(list, i, row)
    {
        const char *account = json_string_value(json_object_get(row, "account")),
                   *state = json_string_value(json_object_get(row, "state"));
        if (account == NULL || state == NULL)
            continue;
        if (strcmp(account, id) != 0) {
            before += strcmp(state, "ready") == 0;
            continue;
        }
        gone = false;
        long long seconds = (json_integer_value(json_object_get(row, "wait_ms")) + 999) / 1000;
        char until[40];
        time_t when = time(NULL) + seconds;
        struct tm tm;
        strftime(until, sizeof(until), "%Y-%m-%d %H:%M:%S %Z", localtime_r(&when, &tm));
        if (strcmp(state, "delayed") == 0) {
            pause = seconds;
            snprintf(ret_text, size, PAUSE_WORDS ", which ends in about %lld second%s, at %s.",
                     seconds, seconds == 1 ? "" : "s", until);
        } else if (strcmp(state, "ready") == 0)
            snprintf(ret_text, size, "Queued; %zu other account%s before it at most.", before,
                     before == 1 ? " is" : "s are");
        else
            snprintf(ret_text, size, "The sync is running.");
    }
    *ret_gone = list != NULL && gone;
    json_decref(list);
    return pause;
}

/* Says what it waits for when that has changed; a pause counts down without being repeated. Ends
 * the waiting with CONFLICT when that would be too long. */
static int print_wait(struct app *app, const char *id, char *said, size_t size, struct err *err)
{
    char text[200];
    bool gone;
    if (describe_wait(app, id, &gone, text, sizeof(text)) > PATIENCE)
        return err_set(err, HEARTH_ERR_CONFLICT, "%s The daemon syncs the account then", text);
    bool counts_down = strncmp(text, PAUSE_WORDS, strlen(PAUSE_WORDS)) == 0 &&
                       strncmp(said, PAUSE_WORDS, strlen(PAUSE_WORDS)) == 0;
    if (counts_down || strcmp(text, said) == 0)
        return 0;
    main_cli_print(stderr, "%s\n", text);
    snprintf(said, size, "%s", text);
    return 0;
}

/* Has an attempt ended that began after the request? A worker of a release that does not count
 * requests (a fleet is upgraded node by node) says only that an attempt has ended. */
static bool is_answered(struct app *app, const struct hearth_account *asked,
                        const struct hearth_account *account)
{
    char text[200];
    bool gone = false;
    if (asked->asked > 0 && account->answered >= asked->asked)
        return true;
    if (account->last_attempt <= asked->last_attempt || account->next_sync <= 1)
        return false;
    describe_wait(app, account->id, &gone, text, sizeof(text));
    return gone;
}

/* asked: the row with the request in it. */
static int wait_for_daemon(struct app *app, const char *id, const struct hearth_account *asked,
                           struct err *err)
{
    char said[200] = "";
    int hiccups = 0;
    for (int look = 1;; look++) {
        struct hearth_account account = {.struct_size = sizeof(account)};
        struct err why = {0};
        int r = STORAGE(app->storage, &why, account_get, id, &account);
        bool passes = r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_TIMEOUT;
        if (r < 0 && !(passes && hiccups++ < HICCUP_LOOKS)) {
            *err = why;
            return r;
        }
        if (r == 0) {
            hiccups = 0;
            if (is_answered(app, asked, &account))
                return 0;
            if (account.state == HEARTH_ACCOUNT_PAUSED)
                return err_set(
                    err, HEARTH_ERR_CONFLICT,
                    "%s was paused meanwhile, and is not synced; hearthd account resume %s",
                    account.email, account.email);
            if (account.next_sync == 0)
                return err_set(err, HEARTH_ERR_CONFLICT, "%s is not synced: %s", account.email,
                               account.state_detail != NULL ? account.state_detail
                                                            : "it needs a new sign-in");
        }
        plug_storage_reset(app->storage);
        if (!main_app_daemon_runs(app))
            return err_set(err, HEARTH_ERR_UNAVAILABLE,
                           "the daemon has stopped before the sync was done");
        if (look % SAY_EVERY == 0 && print_wait(app, id, said, sizeof(said), err) < 0)
            return err->code;
        struct timespec pause = {0, LOOK_MS * 1000000};
        nanosleep(&pause, NULL);
    }
}

static int report_sync_result(struct app *app, const char *id, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(app->storage, err, account_get, id, &account);
    if (r < 0)
        return r;
    if (account.state == HEARTH_ACCOUNT_ERROR || account.state == HEARTH_ACCOUNT_SIGNIN_NEEDED)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "%s: %s", account.email,
                       account.state_detail == NULL ? "failed" : account.state_detail);
    main_cli_print(stdout, "%s: %s%s%s\n", account.email, account_state_word(account.state),
                   account.state_detail == NULL ? "" : ": ",
                   account.state_detail == NULL ? "" : account.state_detail);
    return 0;
}

static int account_request_sync(struct app *app, struct cli *cli, bool anew, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char id[64];
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    if (account.state == HEARTH_ACCOUNT_PAUSED)
        return err_set(err, HEARTH_ERR_DENIED, "%s is paused; hearthd account resume %s first",
                       account.email, account.email);
    snprintf(id, sizeof(id), "%s", account.id);
    account.resync = anew;
    account.next_sync = 1; /* the longest due of all */
    r = STORAGE(app->storage, err, account_update, &account,
                HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED |
                    (anew ? HEARTH_ACCOUNT_RESYNC : 0u));
    if (r == 0)
        r = STORAGE(app->storage, err, account_get, id, &account);
    struct hearth_account asked = account; /* the numbers in it */
    plug_storage_reset(app->storage);
    if (r < 0)
        return r;
    if (main_app_daemon_runs(app)) {
        if (!cli->wait) {
            main_cli_print(stdout, "The daemon syncs %s within a few seconds.\n", cli->argv[1]);
            return 0;
        }
        r = wait_for_daemon(app, id, &asked, err);
    } else {
        r = main_app_open_vault(app, err);
        if (r == 0)
            r = main_app_open_providers(app, err);
        if (r == 0)
            r = sync_here(app, id, err);
    }
    return r == 0 ? report_sync_result(app, id, err) : r;
}

static int account_sync_cmd(struct app *app, struct cli *cli, struct err *err)
{
    return account_request_sync(app, cli, false, err);
}

static int account_resync_cmd(struct app *app, struct cli *cli, struct err *err)
{
    return account_request_sync(app, cli, true, err);
}

static const struct {
    const char *name;
    int (*run)(struct app *app, struct cli *cli, struct err *err);
} verbs[] = {
    {"add", main_account_add},
    {"import", main_account_import},
    {"list", account_list_cmd},
    {"show", account_show_cmd},
    {"sync", account_sync_cmd},
    {"resync", account_resync_cmd},
    {"pause", main_account_pause},
    {"resume", main_account_resume},
    {"signout", main_account_sign_out},
    {"remove", main_account_remove},
    {"adopt", main_account_adopt},
    {"forget", main_account_forget},
    {"forgotten", main_account_forgotten},
    {"remember", main_account_remember},
    {"devices", main_account_devices},
    {"hide", main_account_hide},
    {"unhide", main_account_unhide},
    {"archive", main_account_archive},
    {"restore", main_account_restore},
};

int main_cmd_account(struct cli *cli)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, cli->argv[0]) != 0)
            continue;
        struct app app = {0};
        struct err err = {0};
        int r = main_app_init(&app, cli, &err);
        if (r == 0)
            r = main_app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
        if (r == 0)
            r = verbs[i].run(&app, cli, &err);
        main_app_fini(&app);
        return r < 0 ? main_cli_fail(&err) : CLI_OK;
    }
    return main_cli_usage(cli);
}
