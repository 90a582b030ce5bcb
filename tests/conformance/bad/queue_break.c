/* Queue plugins that do not bear that their server goes away. */
#include "bad.h"

#include "hearth/queue.h"

static struct hearth_queue ops;
static const struct hearth_queue *good;

struct listener {
    hearth_event_cb cb;
    void *ctx;
};

static int all_but_losses(void *ctx, const char *channel, const char *text)
{
    struct listener *listener = ctx;
    return channel[0] == '\0' ? 0 : listener->cb(listener->ctx, channel, text);
}

static int listen_silently(void *handle, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                           void *ctx)
{
    return good->event_wait(handle, call, wait, all_but_losses, &(struct listener){cb, ctx});
}

static int publish_hopefully(void *handle, struct hearth_call *call, const struct hearth_job *job,
                             int64_t delay, int32_t *ret_result)
{
    int r = good->publish(handle, call, job, delay, ret_result);
    if (r != HEARTH_ERR_UNAVAILABLE && r != HEARTH_ERR_TIMEOUT && r != HEARTH_ERR_UNCERTAIN)
        return r;
    *ret_result = HEARTH_QUEUED;
    return 0;
}

static void apply_silent(void *table)
{
    good = good_descriptor->operations;
    ((struct hearth_queue *)table)->event_wait = listen_silently;
}

static void apply_lying(void *table)
{
    good = good_descriptor->operations;
    ((struct hearth_queue *)table)->publish = publish_hopefully;
}

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {{"silent", apply_silent}, {"lying", apply_lying}};
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
