/* hearthd config, check, plugin: what is configured, and does it fit together. */
#include <stdio.h>
#include <string.h>

#include "main/app.h"
#include "main/table.h"

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
            r = conf_plugin_values(app->conf, section, plug_descriptor(plug)->config, plug_descriptor(plug)->config_count, &values, err);
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

static void say_plugin(const struct plug *plug)
{
    printf("%-8s %s %s: %s\n", plug_kind_name(plug_descriptor(plug)->kind), plug_descriptor(plug)->name, plug_descriptor(plug)->version,
           plug_file(plug));
}

int cmd_check(struct cli *cli)
{
    if (cli->argc != 0)
        return cli_usage("check");
    struct app app = {0};
    struct err err = {0};
    int accounts = 0, r = app_init(&app, cli, &err);
    if (r == 0)
        r = app_open_storage(&app, false, &err);
    if (r == 0)
        r = STORE(&app.store, &err, account_list, count_account, &accounts);
    if (r == 0)
        r = app_open_queue(&app, &err);
    if (r == 0)
        r = app_open_providers(&app, &err);
    if (r == 0) {
        say_plugin(app.storage);
        say_plugin(app.queue);
        for (size_t i = 0; i < app.provider_count; i++)
            say_plugin(app.providers[i]);
        printf("state    %s\naccounts %d\nThe configuration is good.\n", app.state_dir, accounts);
    }
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}

static void on_plugin(void *ctx, const char *file, const struct plug *plug, const char *why)
{
    const struct hearth_plugin *d = plug == NULL ? NULL : plug_descriptor(plug);
    table_add(ctx,
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", d == NULL ? "" : plug_kind_name(d->kind), "name", d == NULL ? "" : d->name,
                        "version", d == NULL ? "" : d->version, "description", d == NULL ? why : d->description, "file", file));
}

static void show_capabilities(uint64_t capabilities)
{
    static const char *const names[] = {"shared", "durable", "ordered"};
    printf("capabilities");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if ((capabilities & 1u << i) != 0)
            printf(" %s", names[i]);
    printf("\n\n");
}

static int show_plugin(const char *name, const char *const *directories, size_t count, struct err *err)
{
    struct plug *plug = NULL;
    int r = HEARTH_ERR_NOT_FOUND;
    for (int kind = HEARTH_STORAGE; r == HEARTH_ERR_NOT_FOUND && kind <= HEARTH_SYNC; kind++) {
        const char *prefix = plug_kind_name(kind), *bare = name;
        size_t n = strlen(prefix);
        if (strncmp(name, prefix, n) == 0 && name[n] == '-')
            bare = name + n + 1;
        else if (strchr(name, '-') != NULL)
            continue; /* it names another kind */
        r = plug_load(kind, bare, directories, count, &plug, err);
    }
    if (plug == NULL)
        return r == HEARTH_ERR_NOT_FOUND && err->text[0] == '\0' ? err_set(err, r, "there is no plugin %s; see hearthd plugin list", name)
                                                                 : r;
    const struct hearth_plugin *d = plug_descriptor(plug);
    printf("%s %s %s\n%s\nfile         %s\n", plug_kind_name(d->kind), d->name, d->version, d->description, plug_file(plug));
    show_capabilities(d->capabilities);
    for (size_t i = 0; i < d->config_count; i++)
        printf("  %-18s %s (default: %s)\n", d->config[i].name, d->config[i].help,
               d->config[i].fallback == NULL ? "none" : d->config[i].fallback);
    return 0;
}

int cmd_plugin(struct cli *cli)
{
    bool list = cli->argc == 1 && strcmp(cli->argv[0], "list") == 0, show = cli->argc == 2 && strcmp(cli->argv[0], "show") == 0;
    if (!list && !show)
        return cli_usage("plugin list | show NAME");
    struct app app = {0};
    struct err err = {0};
    int r = app_init(&app, cli, &err);
    if (r == 0) {
        const char *const *directories;
        size_t count = plug_directories(conf_get_text(app.conf, "hearth", "plugin_dir"), &directories);
        if (show) {
            r = show_plugin(cli->argv[1], directories, count, &err);
        } else {
            struct table table;
            table_init(&table, "kind name version description file");
            plug_list(directories, count, on_plugin, &table);
            table_print(&table, cli->json);
            table_fini(&table);
        }
    }
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
