/* hearthd config, check, plugin: what is configured, and does it fit together. */
#include <stdio.h>
#include <string.h>

#include "main/app.h"
#include "main/table.h"
#include "pages/app.h"

static void on_entry(void *ctx, const char *section, const char *key, const char *value, const char *origin)
{
    table_add(ctx, json_pack("{s:s, s:s, s:s, s:s}", "section", section, "key", key, "value", value, "from", origin));
}

/* Plugins are loaded, not opened, so that their keys are known and checked. */
static int check_plugin_sections(struct app *app, const char *kind_name, int kind, struct err *err)
{
    const char *const *directories;
    size_t count = plug_directories(conf_get_text(app->conf, "hearth", "plugin_dir"), &directories);
    int r = 0;
    for (size_t i = 0; r == 0 && conf_section(app->conf, kind_name, i) != NULL; i++) {
        const struct conf_section *section = conf_section(app->conf, kind_name, i);
        const struct hearth_config_value *values;
        struct plug *plug;
        r = plug_load(kind, conf_text(section, "plugin"), directories, count, &plug, err);
        if (r == 0)
            r = conf_plugin_values(app->conf, section, plug_descriptor(plug)->config, plug_descriptor(plug)->config_count, app->findings,
                                   &values, err);
    }
    return r;
}

int cmd_config(struct cli *cli)
{
    if (cli->argc != 0)
        return cli_usage("config [--json]");
    struct app app = {0};
    struct err err = {0};
    struct table table;
    int r = app_init(&app, cli, &err);
    if (r == 0)
        r = check_plugin_sections(&app, "storage", HEARTH_STORAGE, &err);
    if (r == 0)
        r = check_plugin_sections(&app, "queue", HEARTH_QUEUE, &err);
    if (r == 0)
        r = check_plugin_sections(&app, "sync", HEARTH_SYNC, &err);
    if (r == 0) {
        table_init(&table, "section key value from");
        conf_each(app.conf, on_entry, &table);
        table_print(&table, cli->json);
        table_fini(&table);
    }
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}

static int count_account(void *ctx, const struct hearth_account *account)
{
    (void)account;
    ++*(int *)ctx;
    return 0;
}

static int count_accounts(struct app *app, void *ctx, struct err *err)
{
    return STORE(app->store, err, account_list, count_account, ctx);
}

/* As a process of its own: what is in the queue of a single node is the daemon's. */
static int ping_queue(struct app *app, struct err *err)
{
    const struct hearth_queue *ops = plug_ops(app->queue);
    struct call call;
    void *session = NULL;
    call_init(&call, NULL, 0, 0);
    int r = call_check(&call, ops->session_open(plug_self(app->queue), &call.hearth, &session), err);
    if (r == 0) {
        r = call_check(&call, ops->ping(session, &call.hearth), err);
        ops->session_close(session);
    }
    call_fini(&call);
    return r;
}

static void say_plugin(const struct plug *plug)
{
    printf("%-8s %s %s: %s\n", plug_kind_name(plug_descriptor(plug)->kind), plug_descriptor(plug)->name, plug_descriptor(plug)->version,
           plug_file(plug));
}

/* Where people are served, what is configured must be there. */
static int check_app(struct app *app, struct err *err)
{
    const char *roles = conf_get_text(app->conf, "hearth", "roles");
    return strstr(roles, "web") == NULL ? 0 : app_server_check(conf_get_text(app->conf, "web", "app_dir"), err);
}

int cmd_check(struct cli *cli)
{
    if (cli->argc != 0)
        return cli_usage("check");
    struct app app = {0};
    struct err err = {0};
    int accounts = 0, r = app_init(&app, cli, &err);
    if (r == 0)
        r = check_app(&app, &err);
    if (r == 0)
        r = app_open_storage(&app, APP_MIGRATE_NEVER, &err);
    if (r == 0)
        r = app_each_node(&app, count_accounts, &accounts, &err);
    if (r == 0)
        r = app_open_queue(&app, &err);
    if (r == 0)
        r = ping_queue(&app, &err);
    if (r == 0)
        r = app_open_providers(&app, &err);
    if (r == 0) {
        for (size_t i = 0; i < app.nodes.count; i++)
            say_plugin(app.nodes.items[i].storage);
        say_plugin(app.queue);
        for (size_t i = 0; i < app.provider_count; i++)
            say_plugin(app.providers[i]);
        printf("state    %s\naccounts %d\nThe configuration is good.\n", app.state_dir, accounts);
    }
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
