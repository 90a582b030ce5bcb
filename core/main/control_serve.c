#include "main/control_serve.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/jobs.h"
#include "main/audit.h"
#include "main/forget.h"
#include "main/reload.h"

static struct jobs *jobs;                    /* set once, before the HTTP threads start */
static _Atomic(const char *) people_come_to; /* set once they have */
static _Atomic(char *) listeners_json;       /* the same */

void main_control_serve_jobs(struct jobs *j)
{
    jobs = j;
}

void main_control_serve_address(const char *listens)
{
    people_come_to = listens;
}

void main_control_serve_listeners(const char *json)
{
    free(atomic_exchange(&listeners_json, strdup(json)));
}

json_t *main_control_job_json(const struct hearth_job *job)
{
    static const char *const priorities[] = {"person", "schedule", "background"};
    const char *priority =
        job->priority >= 0 && job->priority <= 2 ? priorities[job->priority] : "background";
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "account", job->key, "kind", job->kind,
                     "node", job->payload == NULL ? "" : job->payload, "state",
                     job->in_work    ? "in work"
                     : job->wait > 0 ? "delayed"
                                     : "ready",
                     "priority", priority, "wait_ms", (json_int_t)job->wait, "attempt",
                     (int)job->attempt);
}

static int queue_on_job(void *ctx, const struct hearth_job *job)
{
    json_array_append_new(ctx, main_control_job_json(job));
    return 0;
}

static void queue_show(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    struct err err = {0};
    json_t *list = json_array();
    if (jobs == NULL || jobs_queue_peek(jobs, queue_on_job, list, &err) < 0) {
        http_reply_operator_problem(reply, 503, "unavailable", err.text);
    } else {
        char *text = json_dumps(list, JSON_COMPACT);
        reply->status = 200;
        reply->content_type = "application/json";
        buf_add_text(&reply->body, text == NULL ? "[]" : text);
        free(text);
    }
    json_decref(list);
}

static void queue_clear(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    struct err err = {0};
    if (jobs == NULL || jobs_queue_clear(jobs, &err) < 0)
        http_reply_operator_problem(reply, 503, "unavailable", err.text);
    else
        reply->status = 204;
}

static void control_queue_remove(struct http_request *request, struct http_reply *reply,
                                 void *worker)
{
    (void)worker;
    const char *kind = http_parameter(request, "kind"),
               *account = http_parameter(request, "account");
    struct err err = {0};
    if (kind == NULL || account == NULL) {
        http_reply_operator_problem(reply, 400, "bad_request", "Say which job: kind and account.");
        return;
    }
    int r = jobs == NULL ? HEARTH_ERR_UNAVAILABLE : jobs_queue_remove(jobs, kind, account, &err);
    if (r == HEARTH_ERR_NOT_FOUND)
        http_reply_operator_problem(reply, 404, "not_found", "There is no such job.");
    else if (r == HEARTH_ERR_INVALID)
        http_reply_operator_problem(reply, 400, "bad_request", err.text);
    else if (r < 0)
        http_reply_operator_problem(reply, 503, "unavailable", err.text);
    else
        reply->status = 204;
}

static void address_show(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    const char *listens = people_come_to;
    if (listens == NULL) {
        http_reply_operator_problem(reply, 404, "not_found",
                                    "No browser can come to a listener of this daemon.");
        return;
    }
    reply->status = 200;
    reply->content_type = "text/plain";
    buf_add_text(&reply->body, listens);
}

static void control_reload(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    int code = 0;
    if (!main_reload_ask(&reply->body, &code)) {
        http_reply_operator_problem(reply, 503, "unavailable",
                                    "The daemon does not come to it; its log says what it does.");
        return;
    }
    reply->status = code == 0 ? 200 : 422;
    reply->content_type = "text/plain";
}

static void listeners_show(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    const char *json = listeners_json;
    reply->status = 200;
    reply->content_type = "application/json";
    buf_add_text(&reply->body, json == NULL ? "[]" : json);
}

const struct http_route main_control_routes[] = {
    {.path = "/control/listeners",
     .methods = HTTP_GET,
     .kind = HTTP_INLINE,
     .handler = listeners_show},
    {.path = "/control/address", .methods = HTTP_GET, .kind = HTTP_INLINE, .handler = address_show},
    {.path = "/control/queue", .methods = HTTP_GET, .kind = HTTP_POOLED, .handler = queue_show},
    {.path = "/control/queue", .methods = HTTP_DELETE, .kind = HTTP_POOLED, .handler = queue_clear},
    {.path = "/control/queue/job",
     .methods = HTTP_DELETE,
     .kind = HTTP_POOLED,
     .handler = control_queue_remove},
    {.path = "/control/forget",
     .methods = HTTP_POST,
     .kind = HTTP_POOLED,
     .handler = main_forget_take,
     .max_body = FORGET_BODY_MAX},
    {.path = "/control/reload",
     .methods = HTTP_POST,
     .kind = HTTP_POOLED,
     .handler = control_reload,
     .max_body = 16},
    {.path = "/control/audit",
     .methods = HTTP_POST,
     .kind = HTTP_INLINE,
     .handler = main_audit_take,
     .max_body = AUDIT_BODY_MAX},
};
const size_t main_control_route_count =
    sizeof(main_control_routes) / sizeof(main_control_routes[0]);
