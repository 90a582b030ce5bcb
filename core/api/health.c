/* For machines that watch: /healthz, /readyz, /version, /metrics. */
#include "api/internal.h"
#include "base/metrics.h"

int api_healthz_get(struct api_call *call)
{
    call->reply->status = 200;
    call->reply->content_type = "application/json";
    buf_add_text(&call->reply->body, "{\"ok\":true}");
    return 0;
}

int api_version_get(struct api_call *call)
{
    call->reply->status = 200;
    call->reply->content_type = "application/json";
    buf_add_text(&call->reply->body, call->api->version);
    return 0;
}

int api_metrics_get(struct api_call *call)
{
    call->reply->status = 200;
    call->reply->content_type = "text/plain; version=0.0.4";
    metrics_write(&call->reply->body);
    return 0;
}

int api_readyz_get(struct api_call *call)
{
    const struct api_options *options = &call->api->options;
    struct buf reasons = {0}, queue = {0};
    if (options->readiness != NULL)
        options->readiness(options->ctx, &reasons, &queue);
    if (reasons.size > 0)
        http_reply_operator_problem(call->reply, 503, "not_ready", reasons.data);
    else
        api_reply_json(
            call, json_pack("{s:b, s:s}", "ready", 1, "queue", queue.size > 0 ? queue.data : "ok"));
    buf_fini(&reasons);
    buf_fini(&queue);
    return 0;
}
