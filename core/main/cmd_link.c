/* hearthd link EMAIL: a sign-in link, and its QR code. */
#include <stdio.h>
#include <string.h>

#include "auth/link.h"
#include "main/app.h"
#include "main/audit.h"

/* How people reach the account's node. */
static const char *base_url(const struct app *app)
{
    const char *node = app_is_fleet(app) ? app->nodes.items[app->node].url : "";
    const char *web = conf_get_text(app->conf, "web", "base_url");
    return node[0] != '\0' ? node : web != NULL ? web : "";
}

static int print_link(const struct app *app, const struct cli *cli, const struct link *link, struct err *err)
{
    char url[4096], address[256];
    const char *base = base_url(app);
    size_t size = strlen(base);
    struct buf qr = {0};
    while (size > 0 && base[size - 1] == '/')
        size--;
    if (size == 0) { /* nobody said; the daemon's own listener is right on this machine */
        snprintf(address, sizeof(address), "http://%s", conf_text(conf_section(app->conf, "listen", 0), "address"));
        base = address;
        size = strlen(address);
    }
    snprintf(url, sizeof(url), "%.*s/auth/link?t=%s", (int)size, base, link->secret);
    if (cli->json) {
        printf("{\"url\":\"%s\",\"code\":\"%s\",\"expires\":%lld}\n", url, link->code, (long long)link->expires);
        return 0;
    }
    int r = link_qr_text(url, &qr, err);
    if (r == 0)
        printf("%s\n\n%s\nOr type the code %s at %.*s/auth/code. Once, within ten minutes.\n", url, qr.data, link->code, (int)size, base);
    if (base == address)
        fprintf(stderr, "hearthd: set [web] base_url to the address that people use; this link is only good on this machine\n");
    buf_fini(&qr);
    explicit_bzero(url, sizeof(url));
    return r;
}

static int make(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct link link;
    int r = app_account(app, cli->argv[0], &account, err);
    if (r == 0)
        r = app_check_allowed(app, account.email, err);
    if (r == 0)
        r = link_create(app->store, account.id, &link, err);
    if (r < 0)
        return r;
    audit_command(app, "link made", "account", account.id, "email", account.email, NULL);
    r = print_link(app, cli, &link, err);
    link_wipe(&link);
    return r;
}

int cmd_link(struct cli *cli)
{
    if (cli->argc != 1)
        return cli_usage("link EMAIL");
    struct app app = {0};
    struct err err = {0};
    int r = app_init(&app, cli, &err);
    if (r == 0)
        r = app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = make(&app, cli, &err);
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
