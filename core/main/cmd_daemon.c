/* hearthd queue, healthcheck: questions to the running daemon. */
#include <stdio.h>
#include <string.h>

#include "main/app.h"
#include "main/control.h"
#include "main/table.h"

static int show(struct app *app, struct cli *cli, struct err *err)
{
    struct buf body = {0};
    int status, r = control_request(app->state_dir, "GET", "/control/queue", &status, &body, err);
    json_t *list = r == 0 && status == 200 ? json_loadb(body.data, body.size, 0, NULL) : NULL;
    buf_fini(&body);
    if (r < 0)
        return r;
    if (!json_is_array(list)) {
        json_decref(list);
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "the queue does not answer");
    }
    struct table table;
    size_t i;
    json_t *row;
    table_init(&table, "account state priority wait_ms attempt");
    json_array_foreach(list, i, row) table_add(&table, json_incref(row));
    table_print(&table, cli->json);
    table_fini(&table);
    json_decref(list);
    return 0;
}

static int clear(struct app *app, struct cli *cli, struct err *err)
{
    (void)cli;
    struct buf body = {0};
    int status, r = control_request(app->state_dir, "DELETE", "/control/queue", &status, &body, err);
    buf_fini(&body);
    return r == 0 && status != 204 ? err_set(err, HEARTH_ERR_UNAVAILABLE, "the queue does not answer") : r;
}

int cmd_queue(struct cli *cli)
{
    bool is_show = cli->argc == 1 && strcmp(cli->argv[0], "show") == 0, is_clear = cli->argc == 1 && strcmp(cli->argv[0], "clear") == 0;
    if (!is_show && !is_clear)
        return cli_usage("queue show | clear");
    struct app app = {0};
    struct err err = {0};
    int r = app_init(&app, cli, &err);
    if (r == 0)
        r = is_show ? show(&app, cli, &err) : clear(&app, cli, &err);
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}

int cmd_healthcheck(struct cli *cli)
{
    struct app app = {0};
    struct err err = {0};
    struct buf body = {0};
    int status = 0, r = app_init(&app, cli, &err);
    if (r == 0)
        r = control_request(app.state_dir, "GET", "/readyz", &status, &body, &err);
    if (r == 0 && status != 200)
        r = err_set(&err, HEARTH_ERR_UNAVAILABLE, "not ready: %s", body.data == NULL ? "" : body.data);
    buf_fini(&body);
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}
