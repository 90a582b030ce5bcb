/* hearthd token …: API tokens. The secret of a new one is all that is printed to standard
 * output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/doors.h"
#include "auth/token.h"
#include "base/str.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/forget.h"
#include "main/table.h"

/* A token whose secret nobody has seen is taken back. */
static int print_token_secret(struct app *app, const char *account, const struct token *token,
                              struct err *err)
{
    struct err why = {0};
    printf("%s\n", token->secret);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    int number = errno;
    plug_storage_reset(app->storage);
    if (STORAGE(app->storage, &why, token_remove, account, token->id) < 0)
        return err_set(err, HEARTH_ERR_IO,
                       "the secret could not be written to standard output (%s), and the token "
                       "stays (%s): revoke it with \"hearthd token revoke "
                       "%s\"",
                       strerror(number), why.text, token->id);
    return err_errno(err, number,
                     "the secret could not be written to standard output, and the token does not "
                     "exist any more");
}

static int token_create_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char id[64], email[512];
    if (!auth_token_name_is_good(cli->name))
        return err_set(err, HEARTH_ERR_INVALID,
                       "--name says what the token is for, and is " TOKEN_NAME_RULE
                       "; nothing was made");
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r == 0)
        r = main_app_check_allowed(app, account.email, err);
    if (r < 0)
        return r;
    snprintf(id, sizeof(id), "%s", account.id);
    snprintf(email, sizeof(email), "%s", account.email);
    struct token token;
    r = auth_token_put(app->storage, id, &(struct door){.kind = DOOR_OPERATOR},
                       cli->read_only ? HEARTH_TOKEN_READ : HEARTH_TOKEN_FULL, cli->name, 0, &token,
                       err);
    if (r < 0)
        return r;
    r = print_token_secret(app, id, &token, err);
    if (r == 0)
        main_audit_command(app, "token made", LOG_TEXT("account", id), LOG_TEXT("email", email),
                           LOG_TEXT("token", token.id), LOG_TEXT("name", cli->name));
    auth_token_wipe(&token);
    return r;
}

static int token_table_row(void *ctx, const struct hearth_token *token)
{
    if (token->scope <= HEARTH_TOKEN_READ)
        main_table_add(
            ctx, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "id", token->id, "name", token->name,
                           "scope", token->scope == HEARTH_TOKEN_FULL ? "full" : "read",
                           "created_at", (json_int_t)token->created, "last_used_at",
                           (json_int_t)token->last_used, "expires_at", (json_int_t)token->expires));
    return 0;
}

static int token_list_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct table table;
    main_table_init(&table, "id name scope created_at last_used_at expires_at");
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r == 0)
        r = STORAGE(app->storage, err, token_list, account.id, token_table_row, &table);
    if (r == 0)
        main_table_print(&table, cli->json);
    main_table_fini(&table);
    return r;
}

/* An id names its account too: the account is looked for. */
struct wanted {
    struct app *app;
    const char *id;
    struct storage *storage; /* a second handle: rows are looked at while accounts are listed */
    struct err err;
    bool found;
    size_t node;
    char account[64], email[320], name[256];
};

static int is_wanted(void *ctx, const struct hearth_token *token)
{
    struct wanted *wanted = ctx;
    if (token->scope > HEARTH_TOKEN_READ || strcmp(token->id, wanted->id) != 0)
        return 0;
    wanted->found = true;
    snprintf(wanted->name, sizeof(wanted->name), "%s", token->name == NULL ? "" : token->name);
    return 1;
}

static int look_in_account(void *ctx, const struct hearth_account *account)
{
    struct wanted *wanted = ctx;
    snprintf(wanted->account, sizeof(wanted->account), "%s", account->id);
    snprintf(wanted->email, sizeof(wanted->email), "%s", account->email);
    int r = STORAGE(wanted->storage, &wanted->err, token_list, account->id, is_wanted, wanted);
    plug_storage_reset(wanted->storage);
    return (r < 0 && r != HEARTH_ERR_NOT_FOUND) || wanted->found;
}

static int look_on_node(struct app *app, void *ctx, struct err *err)
{
    struct wanted *wanted = ctx;
    struct storage storage;
    if (wanted->found)
        return 0;
    int r = nodes_open_storage(&app->nodes.items[app->node], NULL, &storage, err);
    if (r < 0)
        return r;
    wanted->storage = &storage;
    wanted->node = app->node;
    wanted->err = (struct err){0};
    r = STORAGE(app->storage, err, account_list, look_in_account, wanted);
    if (r == 0 && !wanted->found && wanted->err.code < 0) {
        *err = wanted->err;
        r = err->code;
    }
    plug_storage_close(&storage);
    return r;
}

static int token_revoke_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct wanted wanted = {.app = app, .id = cli->argv[1]};
    int r = main_app_each_node(app, look_on_node, &wanted, err);
    if (!wanted.found)
        return r < 0 ? r
                     : err_set(err, HEARTH_ERR_NOT_FOUND,
                               "there is no API token %s: \"hearthd token list EMAIL\" shows them",
                               cli->argv[1]);
    char name[256];
    str_printable(wanted.name, name, sizeof(name));
    r = main_cli_confirm(cli, err,
                         "Revoke the token \"%s\" of %s? What uses it is refused from then on.",
                         name, wanted.email);
    if (r == 0)
        r = main_app_use_node(app, wanted.node, err);
    if (r == 0)
        r = STORAGE(app->storage, err, token_remove, wanted.account, wanted.id);
    if (r < 0)
        return r;
    main_forget_command(app, wanted.account, false);
    main_cli_print(stdout, "The token \"%s\" of %s is revoked.\n", name, wanted.email);
    main_audit_command(app, "token revoked", LOG_TEXT("account", wanted.account),
                       LOG_TEXT("email", wanted.email), LOG_TEXT("token", wanted.id),
                       LOG_TEXT("name", wanted.name));
    return 0;
}

int main_cmd_token(struct cli *cli)
{
    int (*run)(struct app *, struct cli *, struct err *) =
        strcmp(cli->argv[0], "new") == 0    ? token_create_cmd
        : strcmp(cli->argv[0], "list") == 0 ? token_list_cmd
                                            : token_revoke_cmd;
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = run(&app, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
