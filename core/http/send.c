/* A reply goes out: within its budget, as a body or as a stream of events. */
#include "http/internal.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"

/* Instead of what the reply says so far. */
static void send_instead(struct exchange *exchange, int status, struct hearth_sentence sentence)
{
    struct http_reply *reply = &exchange->reply;
    http_shared_unref(reply->shared);
    download_fini(exchange);
    buf_fini(&reply->body);
    *reply = (struct http_reply){.account = reply->account};
    if (status == 503)
        http_reply_header(reply, "retry-after", "5");
    http_reply_problem(reply, status, sentence);
}

static void send_body(struct exchange *exchange)
{
    struct http_reply *reply = &exchange->reply;
    budget_take(exchange);
    if (reply->events_channel != NULL) {
        events_start(exchange);
        return;
    }
    bool bodiless = reply->status == 204 || reply->status == 304;
    bool unknown = reply->stream != NULL; /* HEAD of a download, which is not made for it */
    head_start(exchange, bodiless || unknown ? SIZE_MAX : exchange->body_size, body_proceed);
    /* h2o 2.2.5 does not drop the body of an answer to HEAD. */
    if (bodiless || exchange->head || exchange->body_size == 0) {
        exchange->body_at = exchange->body_size;
        h2o_send(exchange->track->req, NULL, 0, H2O_SEND_STATE_FINAL);
    } else {
        body_send(exchange);
    }
}

void send_refusal(struct exchange *exchange, int status, struct hearth_sentence sentence)
{
    http_reply_problem(&exchange->reply, status, sentence);
    exchange->body_size = body_size(exchange);
    send_body(exchange);
}

void send_reply(struct exchange *exchange)
{
    struct http_reply *reply = &exchange->reply;
    if (buf_failed(&reply->body) || reply->status == 0) {
        log_event(HEARTH_LOG_ERROR, "http", "no answer", LOG_TEXT("path", exchange->request.path),
                  LOG_TEXT("error", "out of memory, or a handler without a reply"));
        send_instead(exchange, 500, http_says_internal());
    }
    struct hearth_sentence over;
    if (budget_over(exchange, &over)) {
        metric_add(exchange->loop->server->refused, 1);
        send_instead(exchange, 503, over);
    }
    if (!exchange->in_pool && exchange->route != NULL && exchange->route->kind == HTTP_INLINE && exchange->request.accepts_gzip &&
        reply->gzip)
        http_reply_gzip(reply);
    exchange->body_size = reply->events_channel != NULL ? 0 : body_size(exchange); /* events.c sends those itself */
    send_body(exchange);
}
