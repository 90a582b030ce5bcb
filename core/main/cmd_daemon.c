/* hearthd queue: questions to the running daemon, or to a queue that processes share. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/control.h"
#include "main/control_serve.h"
#include "main/table.h"

/* A queue that processes share is asked itself; else the daemon that holds it. */
struct shared_queue {
    const struct hearth_queue *ops;
    void *handle;
    struct call call;
};

static int open_shared(struct app *app, struct shared_queue *ret_queue, struct err *err)
{
    ret_queue->ops = plug_ops(app->queue);
    return main_app_open_queue_handle(app, &ret_queue->call, &ret_queue->handle, err);
}

static void close_shared(struct shared_queue *queue)
{
    queue->ops->handle_close(queue->handle);
    plug_call_fini(&queue->call);
}

static int add_job(void *ctx, const struct hearth_job *job)
{
    json_array_append_new(ctx, main_control_job_json(job));
    return 0;
}

static int peek_shared(struct app *app, json_t *list, struct err *err)
{
    struct shared_queue queue;
    int r = open_shared(app, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue.call,
                        queue.ops->peek(queue.handle, &queue.call.hearth, add_job, list), err);
    close_shared(&queue);
    return r;
}

static int clear_shared(struct app *app, struct err *err)
{
    struct shared_queue queue;
    int r = open_shared(app, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue.call, queue.ops->clear(queue.handle, &queue.call.hearth), err);
    close_shared(&queue);
    return r;
}

static int peek_daemon(struct app *app, json_t *list, struct err *err)
{
    struct buf body = {0};
    int status,
        r = main_control_request(app->state_dir, "GET", "/control/queue", &status, &body, err);
    json_t *answer = r == 0 && status == 200 ? json_loadb(body.data, body.size, 0, NULL) : NULL;
    buf_fini(&body);
    if (r == 0 && json_array_extend(list, answer) != 0)
        r = err_set(err, HEARTH_ERR_UNAVAILABLE, "the queue does not answer");
    json_decref(answer);
    return r;
}

static int queue_show_cmd(struct app *app, bool shared, struct cli *cli, struct err *err)
{
    json_t *list = json_array(), *row;
    int r = shared ? peek_shared(app, list, err) : peek_daemon(app, list, err);
    size_t i;
    if (r == 0) {
        struct table table;
        main_table_init(&table, "account kind node state priority wait_ms attempt");
        json_array_foreach(list, i, row) main_table_add(&table, json_incref(row));
        main_table_print(&table, cli->json);
        main_table_fini(&table);
    }
    json_decref(list);
    return r;
}

static int clear_daemon(struct app *app, struct err *err)
{
    struct buf body = {0};
    int status,
        r = main_control_request(app->state_dir, "DELETE", "/control/queue", &status, &body, err);
    buf_fini(&body);
    return r == 0 && status != 204
               ? err_set(err, HEARTH_ERR_UNAVAILABLE, "the queue does not answer")
               : r;
}

static int queue_clear_cmd(struct app *app, bool shared, struct cli *cli, struct err *err)
{
    json_t *list = json_array(), *row;
    char jobs[CLI_COUNT_SIZE];
    int waiting = 0;
    size_t i;
    int r = shared ? peek_shared(app, list, err) : peek_daemon(app, list, err);
    json_array_foreach(list, i, row) waiting +=
        strcmp(json_string_value(json_object_get(row, "state")), "in work") != 0;
    json_decref(list);
    main_cli_count(waiting, "job that waits", "jobs that wait", jobs);
    if (r == 0)
        r = main_cli_confirm(
            cli, err, "Drop %s from the queue? Accounts that are due are queued again later.",
            jobs);
    if (r == 0)
        r = shared ? clear_shared(app, err) : clear_daemon(app, err);
    if (r < 0)
        return r;
    main_cli_print(stdout,
                   "Dropped %s. An account is queued again when it is asked for, or when its lease "
                   "ends ([scheduler] lease).\n",
                   jobs);
    main_audit_command(app, "queue cleared", LOG_INT("jobs", waiting));
    return 0;
}

static int queue_remove_shared(struct app *app, const char *kind, const char *account,
                               struct err *err)
{
    struct shared_queue queue;
    int r = open_shared(app, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue.call,
                        queue.ops->remove(queue.handle, &queue.call.hearth, kind, account), err);
    close_shared(&queue);
    return r;
}

static int remove_daemon(struct app *app, const char *kind, const char *account, struct err *err)
{
    enum { NAME_MAX_ENCODED = 3 * 256 };
    char path[64 + 2 * NAME_MAX_ENCODED], name[NAME_MAX_ENCODED], of[NAME_MAX_ENCODED];
    if (codec_percent_encode(kind, "", name, sizeof(name)) != 0 ||
        codec_percent_encode(account, "", of, sizeof(of)) != 0)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "no job has a name that long");
    snprintf(path, sizeof(path), "/control/queue/job?kind=%s&account=%s", name, of);
    struct buf body = {0};
    int status, r = main_control_request(app->state_dir, "DELETE", path, &status, &body, err);
    buf_fini(&body);
    if (r < 0 || status == 204)
        return r;
    return status == 404 || status == 400
               ? err_set(err, HEARTH_ERR_NOT_FOUND, "there is no such job")
               : err_set(err, HEARTH_ERR_UNAVAILABLE, "the queue does not answer");
}

/* One job, waiting or in work: whoever has it stops when it finds its lease gone. */
static int queue_remove_cmd(struct app *app, bool shared, struct cli *cli, struct err *err)
{
    const char *account = cli->argv[1], *kind = cli->argc == 3 ? cli->argv[2] : "sync";
    int r = main_cli_confirm(cli, err, "Remove the job \"%s\" of account %s from the queue?", kind,
                             account);
    if (r < 0)
        return r;
    r = shared ? queue_remove_shared(app, kind, account, err)
               : remove_daemon(app, kind, account, err);
    if (r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_INVALID)
        return err_set(err, HEARTH_ERR_NOT_FOUND,
                       "the queue has no job \"%s\" of account %s; `hearthd queue show` lists all",
                       kind, account);
    if (r < 0)
        return r;
    main_cli_print(
        stdout,
        "Removed the job \"%s\" of account %s. It is queued again when it is asked for, or when "
        "its lease ends ([scheduler] lease).\n",
        kind, account);
    main_audit_command(app, "job removed", LOG_TEXT("account", account), LOG_TEXT("kind", kind));
    return 0;
}

int main_cmd_queue(struct cli *cli)
{
    bool is_show = strcmp(cli->argv[0], "show") == 0, is_clear = strcmp(cli->argv[0], "clear") == 0;
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_app_open_queue(&app, &err);
    bool shared = r == 0 && (plug_descriptor(app.queue)->capabilities & HEARTH_SHARED) != 0;
    if (r == 0)
        r = is_show    ? queue_show_cmd(&app, shared, cli, &err)
            : is_clear ? queue_clear_cmd(&app, shared, cli, &err)
                       : queue_remove_cmd(&app, shared, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
