/* hearthd account devices, hide, unhide: which of them an account's person sees. */
#include <stdio.h>
#include <string.h>

#include "main/audit.h"
#include "main/cmd_account.h"
#include "main/forget.h"
#include "main/table.h"
#include "merge/hide_device.h"

enum { ACCOUNT_ID_SIZE = 33 };

/* The results of operations end with the next ones. */
static int find_account_id(struct app *app, const char *email, char ret_id[ACCOUNT_ID_SIZE],
                           struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = main_app_account(app, email, &account, err);
    if (r == 0)
        snprintf(ret_id, ACCOUNT_ID_SIZE, "%s", account.id);
    plug_storage_reset(app->storage);
    return r;
}

static int account_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    main_table_add(ctx, json_pack("{s:s, s:s, s:s, s:b, s:I, s:I}", "id", device->id, "name",
                                  device->name, "type", device->type, "hidden", (int)device->hidden,
                                  "tabs", (json_int_t)tabs, "last_upload_at",
                                  (json_int_t)device->last_upload));
    return 0;
}

int main_account_devices(struct app *app, struct cli *cli, struct err *err)
{
    char id[ACCOUNT_ID_SIZE];
    struct table table;
    int r = find_account_id(app, cli->argv[1], id, err);
    if (r < 0)
        return r;
    main_table_init(&table, "id name type hidden tabs last_upload_at");
    r = STORAGE(app->storage, err, device_list, id, account_on_device, &table);
    if (r == 0)
        main_table_print(&table, cli->json);
    main_table_fini(&table);
    return r;
}

static int set_hidden(struct app *app, struct cli *cli, bool hidden, struct err *err)
{
    char id[ACCOUNT_ID_SIZE];
    const char *email = cli->argv[1], *device = cli->argv[2];
    int64_t generation = 0;
    int r = find_account_id(app, email, id, err);
    if (r == 0)
        r = merge_hide_device(app->storage, id, device, hidden, &generation, err);
    if (r == HEARTH_ERR_NOT_FOUND)
        err_set(err, r, "%s has no device with the id %s; see hearthd account devices %s", email,
                device, email);
    if (r < 0)
        return r;
    if (generation == 0) {
        main_cli_print(stdout, "It is %s already.\n", hidden ? "hidden" : "shown");
        return 0;
    }
    main_forget_command(app, id, true);
    if (hidden)
        main_cli_print(stdout,
                       "The device and its tabs are shown nowhere until \"hearthd account unhide "
                       "%s %s\". Nothing is changed on the device or at the Sync service.\n",
                       email, device);
    else
        main_cli_print(stdout, "The device and its tabs are shown again.\n");
    main_audit_command(app, hidden ? "device hidden" : "device shown", LOG_TEXT("account", id),
                       LOG_TEXT("email", email));
    return 0;
}

int main_account_hide(struct app *app, struct cli *cli, struct err *err)
{
    return set_hidden(app, cli, true, err);
}

int main_account_unhide(struct app *app, struct cli *cli, struct err *err)
{
    return set_hidden(app, cli, false, err);
}
