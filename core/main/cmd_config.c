/* hearthd config: what is configured. */
#include <stdio.h>
#include <string.h>

#include "main/app.h"
#include "main/table.h"

static void on_entry(void *ctx, const char *section, const char *key, const char *value,
                     const char *origin, bool reloaded)
{
    main_table_add(ctx,
                   json_pack("{s:s, s:s, s:s, s:s, s:s}", "section", section, "key", key, "value",
                             value, "change", reloaded ? "reload" : "restart", "from", origin));
}

/* Plugins are loaded, not opened, so that their keys are known and checked. */
static int check_plugin_sections(struct app *app, const char *kind_name, int kind, struct err *err)
{
    const char *const *directories;
    size_t count = plug_directories(conf_get_text(app->conf, "hearth", "plugin_dir"), &directories);
    int r = 0;
    for (size_t i = 0; r == 0 && conf_section(app->conf, kind_name, i) != NULL; i++) {
        const struct conf_section *section = conf_section(app->conf, kind_name, i);
        struct plug *plug;
        r = plug_load(kind, conf_text(section, "plugin"), directories, count, &plug, err);
        if (r == 0)
            r = conf_plugin_check(app->conf, section, plug_descriptor(plug)->config,
                                  plug_descriptor(plug)->config_count, app->findings, err);
    }
    return r;
}

int main_cmd_config(struct cli *cli)
{
    struct app app = {0};
    struct err err = {0};
    struct table table;
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = check_plugin_sections(&app, "storage", HEARTH_STORAGE, &err);
    if (r == 0)
        r = check_plugin_sections(&app, "queue", HEARTH_QUEUE, &err);
    if (r == 0)
        r = check_plugin_sections(&app, "sync", HEARTH_SYNC, &err);
    if (r == 0) {
        main_table_init(&table, "section key value change from");
        conf_each(app.conf, on_entry, &table);
        main_table_print(&table, cli->json);
        main_table_fini(&table);
    }
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
