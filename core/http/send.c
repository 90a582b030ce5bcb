/* A reply goes out: within its budget, as a body or as a stream of events. */
#include "http/internal.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"

/* Instead of what the reply says so far. */
static void send_instead(struct request_context *context, int status,
                         struct hearth_sentence sentence)
{
    struct http_reply *reply = &context->reply;
    http_shared_unref(reply->shared);
    http_download_fini(context);
    buf_fini(&reply->body);
    *reply = (struct http_reply){.account = reply->account};
    context->range_end = context->body_at = 0;
    if (status == 503)
        http_reply_header(reply, "retry-after", "5");
    http_reply_problem(reply, status, sentence);
}

static void send_body(struct request_context *context)
{
    struct http_reply *reply = &context->reply;
    http_budget_take(context);
    if (reply->events_channel != NULL) {
        http_events_start(context);
        return;
    }
    bool bodiless = reply->status == 204 || reply->status == 304;
    bool unknown = reply->stream != NULL; /* HEAD of a download, which is not made for it */
    http_head_start(context, bodiless || unknown ? SIZE_MAX : context->body_size - context->body_at,
                    http_body_proceed);
    /* h2o 2.2.5 does not drop the body of an answer to HEAD. */
    if (bodiless || context->head || context->body_size == 0) {
        context->body_at = context->body_size;
        h2o_send(context->observer->req, NULL, 0, H2O_SEND_STATE_FINAL);
    } else {
        http_body_send(context);
    }
}

void http_send_refusal(struct request_context *context, int status, struct hearth_sentence sentence)
{
    http_reply_problem(&context->reply, status, sentence);
    context->body_size = http_body_size(context);
    send_body(context);
}

void http_send_reply(struct request_context *context)
{
    struct http_reply *reply = &context->reply;
    if (buf_failed(&reply->body) || reply->status == 0) {
        log_event(HEARTH_LOG_ERROR, "http", "no answer", LOG_TEXT("path", context->request.path),
                  LOG_TEXT("error", "out of memory, or a handler without a reply"));
        send_instead(context, 500, http_says_internal());
    }
    struct hearth_sentence over;
    if (http_budget_over(context, &over)) {
        metrics_add(context->loop->server->refused, 1);
        send_instead(context, 503, over);
    }
    if (!context->in_pool && context->route != NULL && context->route->kind == HTTP_INLINE &&
        reply->coded)
        http_reply_compress(reply, context->request.coding);
    /* events.c sends those itself */
    context->body_size = reply->events_channel != NULL ? 0
                         : context->range_end != 0     ? context->range_end
                                                       : http_body_size(context);
    send_body(context);
}
