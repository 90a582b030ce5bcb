/* hearthd link EMAIL: a sign-in link, and its QR code. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/link.h"
#include "main/address.h"
#include "main/app.h"
#include "main/audit.h"

/* How people reach the account's node. */
static const char *base_url(const struct app *app)
{
    const char *node = main_app_is_fleet(app) ? app->nodes.items[app->node].url : "";
    const char *web = conf_get_text(app->conf, "web", "base_url");
    return node[0] != '\0' ? node : web != NULL ? web : "";
}

static int print_link(const struct address *address, const struct cli *cli, const struct link *link,
                      struct err *err)
{
    char url[4096];
    struct buf qr = {0};
    int r = 0;
    snprintf(url, sizeof(url), "%s/auth/link?t=%s", address->text, link->secret);
    if (cli->json)
        printf("{\"url\":\"%s\",\"code\":\"%s\",\"expires\":%lld}\n", url, link->code,
               (long long)link->expires);
    else if ((r = auth_link_qr_text(url, &qr, err)) == 0)
        printf("%s\n\n%s\nOr type the code %s at %s/auth/code. Once, within ten minutes.\n", url,
               qr.data, link->code, address->text);
    if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        r = err_errno(
            err, errno,
            "the link could not be written to standard output, and does not exist any more");
    if (r == 0 && address->guessed)
        fprintf(stderr, "hearthd: " ADDRESS_ADVICE "\n");
    buf_fini(&qr);
    explicit_bzero(url, sizeof(url));
    return r;
}

/* Nobody has seen it. */
static void take_back(struct storage *storage, const struct link *link)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    char id[64], account[64], name[64];
    struct hearth_token row;
    if (!auth_token_hash(HEARTH_TOKEN_LINK, link->secret, hash) ||
        auth_link_look(storage, hash, &row, NULL) < 0)
        return;
    snprintf(id, sizeof(id), "%s", row.id); /* its texts live until the next call */
    snprintf(account, sizeof(account), "%s", row.account);
    snprintf(name, sizeof(name), "%s", row.name);
    row.id = id;
    row.account = account;
    row.name = name;
    auth_link_take(storage, &row, NULL);
}

static int link_make_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct link link;
    struct address address;
    char id[64], email[512]; /* the texts live until the next call */
    int r = main_app_account(app, cli->argv[0], &account, err);
    if (r == 0)
        r = main_app_check_allowed(app, account.email, err);
    if (r < 0)
        return r;
    snprintf(id, sizeof(id), "%s", account.id);
    snprintf(email, sizeof(email), "%s", account.email);
    r = main_address_find(app, base_url(app), &address, err);
    if (r == 0)
        r = auth_link_create(app->storage, id, &(struct door){.kind = DOOR_OPERATOR}, &link, err);
    if (r < 0)
        return r;
    r = print_link(&address, cli, &link, err);
    if (r < 0)
        take_back(app->storage, &link);
    else
        main_audit_command(app, "link made", LOG_TEXT("account", id), LOG_TEXT("email", email));
    auth_link_wipe(&link);
    return r;
}

int main_cmd_link(struct cli *cli)
{
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = link_make_cmd(&app, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
