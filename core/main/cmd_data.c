/* hearthd search, export: a person's data in the terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/export.h"
#include "api/search_run.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/table.h"

enum { RESULTS = 20 };

static int data_on_result(void *ctx, const struct api_search_result *result)
{
    static const char *const kinds[] = {[SEARCH_TAB] = "tab",
                                        [SEARCH_BOOKMARK] = "bookmark",
                                        [SEARCH_HISTORY] = "history",
                                        [SEARCH_KEYWORD] = "keyword"};
    const struct search_hit *hit = result->hit;
    main_table_add(ctx, json_pack("{s:s, s:s, s:s, s:s}", "kind", kinds[hit->kind], "title",
                                  result->title, "url", result->url, "device",
                                  hit->device_count > 0 ? hit->devices[0].name : ""));
    return 0;
}

static void join_words(struct cli *cli, char *ret, size_t size)
{
    ret[0] = '\0';
    for (int i = 1; i < cli->argc; i++)
        snprintf(ret + strlen(ret), size - strlen(ret), "%s%s", i > 1 ? " " : "", cli->argv[i]);
}

static int data_search_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct search_config config = {0};
    struct search *engine = NULL;
    struct table table;
    struct arena arena;
    char query[SEARCH_MAX_QUERY], id[64];
    arena_init(&arena, 0);
    main_table_init(&table, "kind title url device");
    join_words(cli, query, sizeof(query));
    int r = main_app_account(app, cli->argv[0], &account, err);
    if (r == 0) {
        snprintf(id, sizeof(id), "%s", account.id);
        r = search_create(&config, &engine, err);
    }
    if (r == 0)
        r = api_search_run(engine, app->storage, id, account.generation, query, SEARCH_IN_ALL,
                           RESULTS, &arena, data_on_result, &table, err);
    if (r == 0)
        main_table_print(&table, cli->json);
    search_destroy(engine);
    main_table_fini(&table);
    arena_fini(&arena);
    return r;
}

static int to_stdout(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    return fwrite(bytes, 1, size, stdout) == size ? 0 : HEARTH_ERR_IO;
}

static int data_export_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char id[64];
    const struct export_format *format = api_export_find(cli->argv[1]);
    if (format == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "there is no export %s; there is %s", cli->argv[1],
                       API_EXPORT_NAMES);
    int r = main_app_account(app, cli->argv[0], &account, err);
    if (r < 0)
        return r;
    char *email = strdup(account.email);
    snprintf(id, sizeof(id), "%s", account.id);
    r = api_export_run(format, app->storage, id, to_stdout, NULL, err);
    if (r == 0 && fflush(stdout) != 0)
        r = err_set(err, HEARTH_ERR_IO, "cannot write to standard output");
    if (r == 0)
        main_audit_command(app, "export", LOG_TEXT("account", id), LOG_TEXT("email", email),
                           LOG_TEXT("format", format->name));
    free(email);
    return r;
}

static int data_run_cmd(struct cli *cli, int (*command)(struct app *, struct cli *, struct err *))
{
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_app_open_storage(&app, APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = command(&app, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}

int main_cmd_search(struct cli *cli)
{
    return data_run_cmd(cli, data_search_cmd);
}

int main_cmd_export(struct cli *cli)
{
    return data_run_cmd(cli, data_export_cmd);
}
