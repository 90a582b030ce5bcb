/* hearthd plugin: what there is, what it can be told, and whether it keeps the contract. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "main/app.h"
#include "main/cmd_plugin.h"
#include "main/table.h"

static void plugin_table_row(void *ctx, const struct plug_found *found)
{
    bool good = found->why == NULL;
    main_table_add(
        ctx, json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", good ? plug_kind_name(found->kind) : "",
                       "name", good ? found->name : "", "version", good ? found->version : "",
                       "description", good ? found->description : found->why, "file", found->file));
}

static const char *const capability_names[] = {"shared", "durable", "ordered"};
enum { CAPABILITIES = sizeof(capability_names) / sizeof(capability_names[0]) };

static void show_capabilities(uint64_t capabilities)
{
    main_cli_print(stdout, "capabilities");
    for (size_t i = 0; i < CAPABILITIES; i++)
        if ((capabilities & 1u << i) != 0)
            main_cli_print(stdout, " %s", capability_names[i]);
    main_cli_print(stdout, "\n\n");
}

static void show_plugin_json(const struct plug *plug)
{
    const struct hearth_plugin *d = plug_descriptor(plug);
    json_t *keys = json_array(), *capabilities = json_array();
    for (size_t i = 0; i < CAPABILITIES; i++)
        if ((d->capabilities & 1u << i) != 0)
            json_array_append_new(capabilities, json_string(capability_names[i]));
    for (size_t i = 0; i < d->config_count; i++)
        json_array_append_new(keys, json_pack("{s:s, s:s, s:s?}", "key", d->config[i].name, "help",
                                              d->config[i].help, "default", d->config[i].fallback));
    json_t *said = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "kind", plug_kind_name(d->kind),
                             "name", d->name, "version", d->version, "description", d->description,
                             "file", plug_file(plug), "capabilities", capabilities, "keys", keys);
    json_dumpf(said, stdout, JSON_INDENT(2));
    main_cli_print(stdout, "\n");
    json_decref(said);
}

/* With or without its kind in front. */
static int find_plugin(const char *name, const char *const *directories, size_t count,
                       struct plug **ret_plug, struct err *err)
{
    int r = HEARTH_ERR_NOT_FOUND;
    for (int kind = HEARTH_STORAGE; r == HEARTH_ERR_NOT_FOUND && kind <= HEARTH_SYNC; kind++) {
        const char *prefix = plug_kind_name(kind), *bare = name;
        size_t n = strlen(prefix);
        if (strncmp(name, prefix, n) == 0 && name[n] == '-')
            bare = name + n + 1;
        else if (strchr(name, '-') != NULL)
            continue; /* it names another kind */
        r = plug_load(kind, bare, directories, count, ret_plug, err);
    }
    return r == HEARTH_ERR_NOT_FOUND && err->text[0] == '\0'
               ? err_set(err, r, "there is no plugin %s; see hearthd plugin list", name)
               : r;
}

/* What is called like a file is one: a name has neither a slash nor a point. */
static int show_plugin(const struct cli *cli, const char *const *directories, size_t count,
                       struct err *err)
{
    const char *name = cli->argv[1];
    struct plug *plug = NULL;
    int r = strpbrk(name, "/.") != NULL ? plug_load_file(name, 0, &plug, err)
                                        : find_plugin(name, directories, count, &plug, err);
    if (r < 0)
        return r;
    if (cli->json) {
        show_plugin_json(plug);
        return 0;
    }
    const struct hearth_plugin *d = plug_descriptor(plug);
    main_cli_print(stdout, "%s %s %s\n%s\nfile         %s\n", plug_kind_name(d->kind), d->name,
                   d->version, d->description, plug_file(plug));
    show_capabilities(d->capabilities);
    for (size_t i = 0; i < d->config_count; i++)
        main_cli_print(stdout, "  %-18s %s (default: %s)\n", d->config[i].name, d->config[i].help,
                       d->config[i].fallback == NULL ? "none" : d->config[i].fallback);
    return 0;
}

/* The kit is a program of its own (it replaces the allocator): beside this one in a build tree,
 * else with the package's other parts. */
static int check_plugin(const struct cli *cli, struct err *err)
{
    char program[4096];
    const char *argv[20];
    int n = 0;
    plug_part("plugin-check", HEARTH_LIBEXEC_DIR "/plugin-check", program, sizeof(program));
    argv[n++] = program;
    const struct {
        const char *option, *value;
    } given[] = {{"--config", cli->config}, {"--seed", cli->seed},         {"--test", cli->test},
                 {"--import", cli->import}, {"--patience", cli->patience}, {"--break", cli->breaks},
                 {"--mend", cli->mends}};
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        if (given[i].value == NULL)
            continue;
        argv[n++] = given[i].option;
        argv[n++] = given[i].value;
    }
    if (cli->faults)
        argv[n++] = "--faults";
    argv[n++] = cli->argv[1];
    argv[n] = NULL;
    execv(program, (char **)(uintptr_t)argv);
    return err_set(err, HEARTH_ERR_NOT_FOUND,
                   "cannot run the conformance kit %s: is the package complete?", program);
}

static int list_or_show(const struct cli *cli, bool show, struct err *err)
{
    struct app app = {0};
    const char *const *directories;
    int r = main_app_init(&app, cli, err);
    if (r == 0) {
        size_t count =
            plug_directories(conf_get_text(app.conf, "hearth", "plugin_dir"), &directories);
        if (show) {
            r = show_plugin(cli, directories, count, err);
        } else {
            struct table table;
            main_table_init(&table, "kind name version description file");
            plug_list(directories, count, plugin_table_row, &table);
            main_table_print(&table, cli->json);
            main_table_fini(&table);
        }
    }
    main_app_fini(&app);
    return r;
}

int main_cmd_plugin(struct cli *cli)
{
    const char *what = cli->argv[0];
    struct err err = {0};
    int r = strcmp(what, "new") == 0     ? main_plugin_new(cli->argv[1], cli->argv[2], &err)
            : strcmp(what, "check") == 0 ? check_plugin(cli, &err)
                                         : list_or_show(cli, strcmp(what, "show") == 0, &err);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
