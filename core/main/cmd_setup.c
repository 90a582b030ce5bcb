/* hearthd setup: the address by which a server that belongs to nobody yet gets its first person. */
#include <stdio.h>
#include <string.h>

#include "main/address.h"
#include "main/app_key.h"
#include "signin/owner.h"
#include "signin/setup.h"

void main_setup_print(const struct app *app, const char *address)
{
    char code[SETUP_CODE_SIZE];
    signin_setup_code(app->vault, code);
    main_cli_print(stdout, "set up: %s/auth/signin?setup=%s\n", address, code);
    explicit_bzero(code, sizeof(code));
}

static int setup_print_state(struct app *app, struct err *err)
{
    bool owned;
    struct address address;
    if (conf_get_text(app->conf, "auth", "allow") != NULL) {
        main_cli_print(stdout, "No set-up code is needed: [auth] allow says who may sign in.\n");
        return 0;
    }
    int r = signin_owner_find(&app->storages, &owned, err);
    if (r < 0)
        return r;
    if (owned) {
        main_cli_print(stdout, "This server belongs to somebody already: newcomers need [auth] "
                               "allow, or hearthd account add.\n");
        return 0;
    }
    r = main_address_find(app, conf_get_text(app->conf, "web", "base_url"), &address, err);
    if (r == 0)
        r = main_app_read_key(app, &app->vault, err);
    if (r < 0)
        return r;
    main_setup_print(app, address.text);
    if (address.guessed)
        fprintf(stderr, "hearthd: " ADDRESS_ADVICE "\n");
    return 0;
}

int main_cmd_setup(struct cli *cli)
{
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_app_open_storage(&app, APP_MIGRATE_NEVER, &err);
    if (r == 0)
        r = setup_print_state(&app, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
