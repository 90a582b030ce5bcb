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

static const char *state_name(int state)
{
    return state >= 0 && state < (int)(sizeof(state_names) / sizeof(state_names[0])) ? state_names[state] : "unknown";
}

static int provider_index(const struct app *app, const char *name, struct err *err)
{
    for (size_t i = 0; i < app->provider_count; i++)
        if (name == NULL || strcmp(app->provider_names[i], name) == 0)
            return (int)i;
    struct buf sections = {0};
    for (size_t i = 0; i < app->provider_count; i++)
        buf_printf(&sections, "%s[sync %s]", i == 0 ? "; there is " : ", ", app->provider_names[i]);
    int r = err_set(err, HEARTH_ERR_INVALID, "there is no [sync %s] section%s", name == NULL ? "" : name,
                    sections.data == NULL ? "" : sections.data);
    buf_fini(&sections);
    return r;
}

int account_blame(const struct app *app, size_t provider, struct err *err)
{
    const char *name = app->provider_names[provider];
    char section[80];
    snprintf(section, sizeof(section), "[sync %s]", name);
    return str_starts(err->text, section) ? err->code
                                          : err_prefix(err, "%s (sync-%s)", section, plug_descriptor(app->providers[provider])->name);
}

int account_signin(struct app *app, const struct cli *cli, struct signin **ret_signin, struct err *err)
{
    int r = app_open_vault(app, err);
    if (r == 0)
        r = app_open_providers(app, err);
    int provider = r == 0 ? provider_index(app, cli->provider, err) : r;
    r = provider < 0 ? provider : app_create_signin(app, ret_signin, err);
    return r < 0 ? r : provider;
}

struct listing {
    struct table table;
    const char *node;
};

static int on_listed(void *ctx, const struct hearth_account *account)
{
    struct listing *listing = ctx;
    table_add(&listing->table, json_pack("{s:s, s:s, s:s, s:s?, s:I, s:I, s:s?}", "email", account->email, "node", listing->node, "state",
                                         state_name(account->state), "name", account->name, "last_sync_at", (json_int_t)account->last_sync,
                                         "next_sync_at", (json_int_t)account->next_sync, "detail", account->state_detail));
    return 0;
}

static int list_node(struct app *app, void *ctx, struct err *err)
{
    struct listing *listing = ctx;
    listing->node = app->nodes.items[app->node].name;
    return STORE(app->store, err, account_list, on_listed, listing);
}

static int list(struct app *app, struct cli *cli, struct err *err)
{
    struct listing listing;
    table_init(&listing.table, app_is_fleet(app) ? "email node state name last_sync_at next_sync_at detail"
                                                 : "email state name last_sync_at next_sync_at detail");
    int r = app_each_node(app, list_node, &listing, err);
    if (r == 0 || app->nodes.count > 1) /* those of the nodes that answer */
        table_print(&listing.table, cli->json);
    table_fini(&listing.table);
    return r;
}

static int show(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = app_account(app, cli->argv[1], &account, err);
    if (r == 0)
        r = STORE(app->store, err, counts, account.id, &counts);
    if (r < 0)
        return r;
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id", account.id, "email", account.email,
                  "uid", account.uid, "name", account.name, "provider", account.provider, "node", app->nodes.items[app->node].name, "state",
                  state_name(account.state), "detail", account.state_detail, "created_at", (json_int_t)account.created, "last_sync_at",
                  (json_int_t)account.last_sync, "last_attempt_at", (json_int_t)account.last_attempt, "next_sync_at",
                  (json_int_t)account.next_sync, "last_seen_at", (json_int_t)account.last_seen, "failures", (json_int_t)account.failures,
                  "generation", (json_int_t)account.generation);
    json_t *c = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "devices", (json_int_t)counts.devices, "tabs", (json_int_t)counts.tabs,
                          "bookmarks", (json_int_t)counts.bookmarks, "folders", (json_int_t)counts.folders, "pages",
                          (json_int_t)counts.pages, "visits", (json_int_t)counts.visits);
    if (cli->json) {
        json_object_set_new(o, "counts", c);
        json_dumpf(o, stdout, JSON_INDENT(2));
        cli_say(stdout, "\n");
    } else {
        json_object_update(o, c);
        json_decref(c);
        table_print_object(o);
    }
    json_decref(o);
    return 0;
}

/* Runs one sync in this process: there is no daemon that would. */
static int sync_here(struct app *app, const char *id, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct sync_context context;
    struct sync_outcome outcome;
    int r = STORE(app->store, err, account_get, id, &account);
    int i = r < 0 ? r : provider_index(app, account.provider, err);
    if (i < 0)
        return i;
    app_sync_context(app, &context);
    const struct hearth_sync *ops = plug_ops(app->providers[i]);
    struct call call;
    call_init(&call, NULL, context.timeout, 0);
    void *session = NULL;
    r = call_check(&call, ops->session_open(plug_self(app->providers[i]), &call.hearth, &session), err);
    if (r == 0)
        r = sync_account(&context, app->store, ops, session, &call, id, &outcome, err);
    if (session != NULL)
        ops->session_close(session);
    call_fini(&call);
    return r;
}

enum { LOOK_MS = 50, SAY_EVERY = 20, HICCUP_LOOKS = 60 * 1000 / LOOK_MS };

#define PAUSE_WORDS "The Sync service asked for a pause"

/* What stands between the account and its sync, as the daemon's queue has it: its place among those that wait, or its own state. */
static void describe_wait(struct app *app, const char *id, char *ret_text, size_t size)
{
    struct buf body = {0};
    struct err err = {0};
    int status = 0;
    int r = control_request(app->state_dir, "GET", "/control/queue", &status, &body, &err);
    json_t *list = r == 0 && status == 200 ? json_loadb(body.data, body.size, 0, NULL) : NULL, *row;
    size_t i, before = 0;
    buf_fini(&body);
    snprintf(ret_text, size, list == NULL ? "The queue does not answer; waiting." : "Waiting for the scheduler to look for due accounts.");
    json_array_foreach(list, i, row)
    {
        const char *account = json_string_value(json_object_get(row, "account")), *state = json_string_value(json_object_get(row, "state"));
        if (account == NULL || state == NULL)
            continue;
        if (strcmp(account, id) != 0) {
            before += strcmp(state, "ready") == 0;
            continue;
        }
        long long seconds = (json_integer_value(json_object_get(row, "wait_ms")) + 999) / 1000;
        if (strcmp(state, "delayed") == 0)
            snprintf(ret_text, size, PAUSE_WORDS ", which ends in about %lld second%s.", seconds, seconds == 1 ? "" : "s");
        else if (strcmp(state, "ready") == 0)
            snprintf(ret_text, size, "Queued; %zu other account%s before it at most.", before, before == 1 ? " is" : "s are");
        else
            snprintf(ret_text, size, "The sync is running.");
    }
    json_decref(list);
}

/* Says what it waits for when that has changed; a pause counts down without being repeated. */
static void say_wait(struct app *app, const char *id, char *said, size_t size)
{
    char text[200];
    describe_wait(app, id, text, sizeof(text));
    bool counts_down = strncmp(text, PAUSE_WORDS, strlen(PAUSE_WORDS)) == 0 && strncmp(said, PAUSE_WORDS, strlen(PAUSE_WORDS)) == 0;
    if (counts_down || strcmp(text, said) == 0)
        return;
    cli_say(stderr, "%s\n", text);
    snprintf(said, size, "%s", text);
}

/* Waits until the daemon's attempt that began after `asked` has ended. */
static int wait_for_daemon(struct app *app, const char *id, int64_t asked, struct err *err)
{
    char said[200] = "";
    int hiccups = 0;
    for (int look = 1;; look++) {
        struct hearth_account account = {.struct_size = sizeof(account)};
        struct err why = {0};
        int r = STORE(app->store, &why, account_get, id, &account);
        bool passes = r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_TIMEOUT;
        if (r < 0 && !(passes && hiccups++ < HICCUP_LOOKS)) {
            *err = why;
            return r;
        }
        if (r == 0) {
            hiccups = 0;
            if (account.last_attempt >= asked)
                return 0;
            if (account.state == HEARTH_ACCOUNT_PAUSED)
                return err_set(err, HEARTH_ERR_CONFLICT, "%s was paused meanwhile, and is not synced; hearthd account resume %s",
                               account.email, account.email);
            if (account.next_sync == 0)
                return err_set(err, HEARTH_ERR_CONFLICT, "%s is not synced: %s", account.email,
                               account.state_detail != NULL ? account.state_detail : "it needs a new sign-in");
        }
        store_reset(app->store);
        if (!app_daemon_runs(app))
            return err_set(err, HEARTH_ERR_UNAVAILABLE, "the daemon has stopped before the sync was done");
        if (look % SAY_EVERY == 0)
            say_wait(app, id, said, sizeof(said));
        struct timespec pause = {0, LOOK_MS * 1000000};
        nanosleep(&pause, NULL);
    }
}

static int report(struct app *app, const char *id, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORE(app->store, err, account_get, id, &account);
    if (r < 0)
        return r;
    if (account.state == HEARTH_ACCOUNT_ERROR || account.state == HEARTH_ACCOUNT_SIGNIN_NEEDED)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "%s: %s", account.email,
                       account.state_detail == NULL ? "failed" : account.state_detail);
    cli_say(stdout, "%s: %s%s%s\n", account.email, state_name(account.state), account.state_detail == NULL ? "" : ": ",
            account.state_detail == NULL ? "" : account.state_detail);
    return 0;
}

static int ask_for_sync(struct app *app, struct cli *cli, bool anew, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char id[64];
    int r = app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    if (account.state == HEARTH_ACCOUNT_PAUSED)
        return err_set(err, HEARTH_ERR_DENIED, "%s is paused; hearthd account resume %s first", account.email, account.email);
    snprintf(id, sizeof(id), "%s", account.id);
    int64_t asked = clock_now();
    account.resync = anew;
    account.next_sync = 1; /* the longest due of all */
    r = STORE(app->store, err, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC | (anew ? HEARTH_ACCOUNT_RESYNC : 0u));
    store_reset(app->store);
    if (r < 0)
        return r;
    if (app_daemon_runs(app)) {
        if (!cli->wait) {
            cli_say(stdout, "The daemon syncs %s within a few seconds.\n", cli->argv[1]);
            return 0;
        }
        r = wait_for_daemon(app, id, asked, err);
    } else {
        r = app_open_vault(app, err);
        if (r == 0)
            r = app_open_providers(app, err);
        if (r == 0)
            r = sync_here(app, id, err);
    }
    return r == 0 ? report(app, id, err) : r;
}

static int sync_now(struct app *app, struct cli *cli, struct err *err)
{
    return ask_for_sync(app, cli, false, err);
}

static int resync(struct app *app, struct cli *cli, struct err *err)
{
    return ask_for_sync(app, cli, true, err);
}

static const struct {
    const char *name;
    int words;
    int (*run)(struct app *app, struct cli *cli, struct err *err);
} verbs[] = {
    {"add", 2, account_add},
    {"import", 2, account_import},
    {"list", 1, list},
    {"show", 2, show},
    {"sync", 2, sync_now},
    {"resync", 2, resync},
    {"pause", 2, account_pause},
    {"resume", 2, account_resume},
    {"signout", 2, account_sign_out},
    {"remove", 2, account_remove},
    {"adopt", 2, account_adopt},
    {"forget", 2, account_forget},
    {"forgotten", 2, account_forgotten},
    {"remember", 3, account_remember},
    {"archive", 3, account_archive},
    {"restore", 2, account_restore},
};

int cmd_account(struct cli *cli)
{
    for (size_t i = 0; cli->argc > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, cli->argv[0]) != 0 || cli->argc != verbs[i].words)
            continue;
        struct app app = {0};
        struct err err = {0};
        int r = app_init(&app, cli, &err);
        if (r == 0)
            r = app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
        if (r == 0)
            r = verbs[i].run(&app, cli, &err);
        app_fini(&app);
        return r < 0 ? cli_fail(&err) : CLI_OK;
    }
    return cli_usage("account " CMD_ACCOUNT_WORDS);
}
