/* hearthd token …: API tokens. The secret of a new one is all that is printed to standard output. */
#include <stdio.h>
#include <string.h>

#include "auth/token.h"
#include "base/clock.h"
#include "main/app.h"
#include "main/table.h"

static int create(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    struct token token;
    token_make(HEARTH_TOKEN_FULL, &token);
    struct hearth_token row = {
        .struct_size = sizeof(row),
        .scope = cli->read_only ? HEARTH_TOKEN_READ : HEARTH_TOKEN_FULL,
        .id = token.id,
        .account = account.id,
        .name = cli->name == NULL ? "command line" : cli->name,
        .hash = token.hash,
        .created = clock_now(),
    };
    r = STORE(app->store, err, token_create, &row);
    if (r == 0)
        printf("%s\n", token.secret);
    token_wipe(&token);
    return r;
}

static int on_token(void *ctx, const struct hearth_token *token)
{
    if (token->scope <= HEARTH_TOKEN_READ)
        table_add(ctx, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "id", token->id, "name", token->name, "scope",
                                 token->scope == HEARTH_TOKEN_FULL ? "full" : "read", "created_at", (json_int_t)token->created,
                                 "last_used_at", (json_int_t)token->last_used, "expires_at", (json_int_t)token->expires));
    return 0;
}

static int list(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct table table;
    table_init(&table, "id name scope created_at last_used_at expires_at");
    int r = app_account(app, cli->argv[1], &account, err);
    if (r == 0)
        r = STORE(app->store, err, token_list, account.id, on_token, &table);
    if (r == 0)
        table_print(&table, cli->json);
    table_fini(&table);
    return r;
}

struct owner {
    struct app *app;
    const char *token;
    int result;
};

/* An id names its account too: the account is looked for. */
static int try_account(void *ctx, const struct hearth_account *account)
{
    struct owner *owner = ctx;
    struct store store;
    struct err err = {0};
    if (node_open_store(&owner->app->nodes.items[owner->app->node], NULL, &store, &err) < 0) {
        owner->result = err.code;
        return 1;
    }
    owner->result = STORE(&store, &err, token_remove, account->id, owner->token);
    store_close(&store);
    return owner->result != HEARTH_ERR_NOT_FOUND;
}

static int revoke_on_node(struct app *app, void *ctx, struct err *err)
{
    struct owner *owner = ctx;
    return owner->result != HEARTH_ERR_NOT_FOUND ? 0 : STORE(app->store, err, account_list, try_account, owner);
}

static int revoke(struct app *app, struct cli *cli, struct err *err)
{
    struct owner owner = {app, cli->argv[1], HEARTH_ERR_NOT_FOUND};
    int r = app_each_node(app, revoke_on_node, &owner, err);
    if (r < 0 && owner.result == HEARTH_ERR_NOT_FOUND)
        return r; /* it may be on the node that was not asked */
    return owner.result == 0 ? 0 : err_set(err, owner.result, "token %s: %s", cli->argv[1], err_text(owner.result));
}

int cmd_token(struct cli *cli)
{
    int (*run)(struct app *, struct cli *, struct err *) = NULL;
    if (cli->argc == 2 && strcmp(cli->argv[0], "new") == 0)
        run = create;
    else if (cli->argc == 2 && strcmp(cli->argv[0], "list") == 0)
        run = list;
    else if (cli->argc == 2 && strcmp(cli->argv[0], "revoke") == 0)
        run = revoke;
    if (run == NULL)
        return cli_usage("token new EMAIL --name N [--read-only] | list EMAIL | revoke ID");
    struct app app = {0};
    struct err err = {0};
    int r = app_init(&app, cli, &err);
    if (r == 0)
        r = app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = run(&app, cli, &err);
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
