/* hearthd setup: the address by which a server that belongs to nobody yet gets its first person. */
#include <stdio.h>
#include <string.h>

#include "main/address.h"
#include "main/app_key.h"
#include "signin/owner.h"
#include "signin/setup.h"

void setup_print(const struct app *app, const char *address)
{
    char code[SETUP_CODE_SIZE];
    setup_code(app->vault, code);
    cli_say(stdout, "set up: %s/auth/signin?setup=%s\n", address, code);
    explicit_bzero(code, sizeof(code));
}

static int look(struct app *app, struct err *err)
{
    bool owned;
    struct address address;
    if (conf_get_text(app->conf, "auth", "allow") != NULL) {
        cli_say(stdout, "No set-up code is needed: [auth] allow says who may sign in.\n");
        return 0;
    }
    int r = owner_find(&app->stores, &owned, err);
    if (r < 0)
        return r;
    if (owned) {
        cli_say(stdout, "This server belongs to somebody already: newcomers need [auth] allow, or hearthd account add.\n");
        return 0;
    }
    r = address_find(app, conf_get_text(app->conf, "web", "base_url"), &address, err);
    if (r == 0)
        r = app_read_key(app, &app->vault, err);
    if (r < 0)
        return r;
    setup_print(app, address.text);
    if (address.guessed)
        fprintf(stderr, "hearthd: " ADDRESS_ADVICE "\n");
    return 0;
}

int cmd_setup(struct cli *cli)
{
    if (cli->argc != 0)
        return cli_usage("setup");
    struct app app = {0};
    struct err err = {0};
    int r = app_init(&app, cli, &err);
    if (r == 0)
        r = app_open_storage(&app, APP_MIGRATE_NEVER, &err);
    if (r == 0)
        r = look(&app, &err);
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
