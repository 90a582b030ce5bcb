#include "main/forget.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "main/control.h"

enum { QUEUE_TIMEOUT = 5000 };

static struct api *forgetting; /* set once, before the HTTP threads start */

void main_forget_set_api(struct api *api)
{
    forgetting = api;
}

/* 0: told. NOT_FOUND: no daemon is here. Takes the reference. */
static int forget_notify_daemon(const struct app *app, json_t *object, struct err *err)
{
    char *text = json_dumps(object, JSON_COMPACT);
    struct buf body = {0};
    int status = 0, r = text == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                                     : main_control_send(app->state_dir, "/control/forget", text,
                                                         &status, &body, err);
    if (r < 0 && !main_app_daemon_runs(app))
        r = HEARTH_ERR_NOT_FOUND;
    json_t *answer =
        r == 0 && status != 204 && body.size > 0 ? json_loadb(body.data, body.size, 0, NULL) : NULL;
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    if (r == 0 && status != 204)
        r = err_set(err, HEARTH_ERR_UNAVAILABLE, "%s",
                    detail == NULL ? "the daemon does not know how" : detail);
    json_decref(answer);
    free(text);
    buf_fini(&body);
    json_decref(object);
    return r;
}

/* Nobody here, but there may be others elsewhere. */
static int forget_notify_queue(struct app *app, const char *account, const char *event,
                               struct err *err)
{
    struct call call;
    void *handle;
    int r = app->queue != NULL ? 0 : main_app_open_queue(app, err);
    if (r < 0 || (plug_descriptor(app->queue)->capabilities & HEARTH_SHARED) == 0)
        return r;
    int64_t deadline = clock_monotonic() + QUEUE_TIMEOUT;
    r = main_app_open_queue_handle(app, &call, &handle, err);
    if (r < 0)
        return r;
    const struct hearth_queue *ops = plug_ops(app->queue);
    call.hearth.deadline = deadline;
    r = plug_call_check(&call, ops->event_publish(handle, &call.hearth, account, event), err);
    ops->handle_close(handle);
    plug_call_fini(&call);
    return r;
}

void main_forget_command(struct app *app, const char *account, bool removed)
{
    struct err err = {0};
    int r = forget_notify_daemon(
        app, json_pack("{s:s, s:b}", "account", account, "removed", removed), &err);
    if (r == HEARTH_ERR_NOT_FOUND) {
        err = (struct err){0};
        r = forget_notify_queue(app, account, api_ended_event(removed), &err);
    }
    if (r < 0)
        fprintf(stderr,
                "hearthd: this is done in the database, but not every process that runs could be "
                "told (%s): such a one goes on for up to ten "
                "seconds, and with event streams that are open for up to [web] event_interval\n",
                err.text);
}

void main_forget_changed(struct app *app, const char *account, int64_t generation)
{
    struct err err = {0};
    int r = forget_notify_daemon(
        app, json_pack("{s:s, s:I}", "account", account, "generation", (json_int_t)generation),
        &err);
    if (r < 0) { /* none that knows how, but there may be others elsewhere */
        char *event = merge_changed_event(generation, API_REMOVAL_CHANGES);
        struct err why = {0};
        int q = event == NULL ? err_set(&why, HEARTH_ERR_NOMEM, "out of memory")
                              : forget_notify_queue(app, account, event, &why);
        bool shared =
            app->queue != NULL && (plug_descriptor(app->queue)->capabilities & HEARTH_SHARED) != 0;
        if (r == HEARTH_ERR_NOT_FOUND || (q == 0 && shared)) {
            r = q;
            err = why;
        }
        free(event);
    }
    if (r < 0)
        fprintf(stderr,
                "hearthd: this is done in the database, but not every process that runs could be "
                "told (%s): such a one may show what was there before for up to a minute\n",
                err.text);
}

void main_forget_take(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)worker;
    struct err err = {0};
    json_t *object =
        json_loadb(request->body == NULL ? "" : request->body, request->body_size, 0, NULL);
    const char *account = json_string_value(json_object_get(object, "account"));
    int64_t generation = json_integer_value(json_object_get(object, "generation"));
    if (account != NULL && forgetting != NULL && generation > 0) {
        api_tell_changed(forgetting, account, generation, API_REMOVAL_CHANGES);
        reply->status = 204;
    } else if (account == NULL || forgetting == NULL)
        http_reply_operator_problem(reply, 400, "bad_request",
                                    "The body must be {\"account\":\"…\"}.");
    else if (api_end(forgetting, account, json_is_true(json_object_get(object, "removed")), &err) <
             0)
        http_reply_operator_problem(reply, 502, "others_not_told", err.text);
    else
        reply->status = 204;
    json_decref(object);
}
