#include "main/control.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "jobs/jobs.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/forget.h"

enum { ANSWER_MAX = 64 << 20, TIMEOUT = 30000 };

static struct jobs *jobs;                    /* set once, before the HTTP threads start */
static _Atomic(const char *) people_come_to; /* set once they have */

void control_set_jobs(struct jobs *j)
{
    jobs = j;
}

void control_set_address(const char *listens)
{
    people_come_to = listens;
}

bool control_path(const char *state_dir, char *ret, size_t size)
{
    int n = snprintf(ret, size, "%s/hearthd.sock", state_dir);
    return n > 0 && (size_t)n < size && (size_t)n < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static size_t on_body(char *bytes, size_t one, size_t size, void *ctx)
{
    (void)one;
    struct buf *body = ctx;
    if (body->size + size > ANSWER_MAX)
        return 0;
    buf_add(body, bytes, size);
    return buf_failed(body) ? 0 : size;
}

static int exchange(const char *state_dir, const char *method, const char *path, const char *json, long timeout, int *ret_status,
                    struct buf *ret_body, struct err *err)
{
    char socket_path[4200], url[256];
    CURL *easy = control_path(state_dir, socket_path, sizeof(socket_path)) ? curl_easy_init() : NULL;
    if (easy == NULL)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "the path of the control socket in %s is too long", state_dir);
    snprintf(url, sizeof(url), "http://localhost%s", path);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    struct curl_slist *headers = json == NULL ? NULL : curl_slist_append(NULL, "Content-Type: application/json");
    if (json != NULL)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, ret_body);
    CURLcode r = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    if (r == CURLE_COULDNT_CONNECT && app_lock_is_held(state_dir))
        return err_set(
            err, HEARTH_ERR_UNAVAILABLE,
            "a hearthd runs on %s, but nobody listens on its control socket %s: it is starting or stopping, or the file was removed, "
            "and then it has to be restarted",
            state_dir, socket_path);
    if (r == CURLE_COULDNT_CONNECT)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "no hearthd runs on %s", state_dir);
    if (r == CURLE_OPERATION_TIMEDOUT)
        return err_set(err, HEARTH_ERR_TIMEOUT,
                       "the daemon does not answer on %s within %ld s: it is stopped, or has hung; look at its log", socket_path,
                       timeout / 1000);
    if (r != CURLE_OK)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "the daemon does not answer on %s: %s", socket_path, curl_easy_strerror(r));
    *ret_status = (int)status;
    return 0;
}

int control_request(const char *state_dir, const char *method, const char *path, int *ret_status, struct buf *ret_body, struct err *err)
{
    return exchange(state_dir, method, path, NULL, TIMEOUT, ret_status, ret_body, err);
}

int control_send(const char *state_dir, const char *path, const char *json, int *ret_status, struct buf *ret_body, struct err *err)
{
    return exchange(state_dir, "POST", path, json, TIMEOUT, ret_status, ret_body, err);
}

int control_request_until(const char *state_dir, const char *path, long timeout, int *ret_status, struct buf *ret_body, struct err *err)
{
    return exchange(state_dir, "GET", path, NULL, timeout, ret_status, ret_body, err);
}

json_t *control_job_json(const struct hearth_job *job)
{
    static const char *const priorities[] = {"person", "schedule", "background"};
    const char *priority = job->priority >= 0 && job->priority <= 2 ? priorities[job->priority] : "background";
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "account", job->key, "kind", job->kind, "node",
                     job->payload == NULL ? "" : job->payload, "state",
                     job->in_work    ? "in work"
                     : job->wait > 0 ? "delayed"
                                     : "ready",
                     "priority", priority, "wait_ms", (json_int_t)job->wait, "attempt", (int)job->attempt);
}

static int on_job(void *ctx, const struct hearth_job *job)
{
    json_array_append_new(ctx, control_job_json(job));
    return 0;
}

static void queue_show(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    struct err err = {0};
    json_t *list = json_array();
    if (jobs == NULL || jobs_queue_peek(jobs, on_job, list, &err) < 0) {
        http_reply_problem(reply, 503, "unavailable", err.text);
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
        http_reply_problem(reply, 503, "unavailable", err.text);
    else
        reply->status = 204;
}

static void address_show(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)request;
    (void)worker;
    const char *listens = people_come_to;
    if (listens == NULL) {
        http_reply_problem(reply, 404, "not_found", "No browser can come to a listener of this daemon.");
        return;
    }
    reply->status = 200;
    reply->content_type = "text/plain";
    buf_add_text(&reply->body, listens);
}

const struct http_route control_routes[] = {
    {.path = "/control/address", .methods = HTTP_GET, .kind = HTTP_INLINE, .handler = address_show},
    {.path = "/control/queue", .methods = HTTP_GET, .kind = HTTP_POOLED, .handler = queue_show},
    {.path = "/control/queue", .methods = HTTP_DELETE, .kind = HTTP_POOLED, .handler = queue_clear},
    {.path = "/control/forget", .methods = HTTP_POST, .kind = HTTP_POOLED, .handler = forget_take, .max_body = FORGET_BODY_MAX},
    {.path = "/control/audit", .methods = HTTP_POST, .kind = HTTP_INLINE, .handler = audit_take, .max_body = AUDIT_BODY_MAX},
};
const size_t control_route_count = sizeof(control_routes) / sizeof(control_routes[0]);
