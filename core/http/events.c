/* Server-sent events. Published from any thread, delivered on the loops; a stream whose client
 * is slow loses what does not fit and catches up by the next event's generation. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "http/internal.h"

struct event {
    atomic_int refs;
    const char *channel;
    char *text; /* as it goes over the wire; "": the stream ends */
    char bytes[];
};

static void event_unref(struct event *event)
{
    if (atomic_fetch_sub(&event->refs, 1) == 1)
        free(event);
}

static struct event *event_create(const char *channel, int64_t id, const char *name,
                                  const char *data)
{
    struct buf text = {0};
    if (id > 0)
        buf_printf(&text, "id: %lld\n", (long long)id);
    if (name == NULL)
        buf_add_text(&text, "");
    else
        buf_printf(&text, "event: %s\ndata: %s\n\n", name, data);
    size_t channel_size = strlen(channel) + 1;
    struct event *event =
        buf_failed(&text) ? NULL : malloc(sizeof(*event) + channel_size + text.size + 1);
    if (event != NULL) {
        atomic_init(&event->refs, 1);
        memcpy(event->bytes, channel, channel_size);
        event->channel = event->bytes;
        event->text = event->bytes + channel_size;
        memcpy(event->text, text.size == 0 ? "" : text.data, text.size + 1);
    }
    buf_fini(&text);
    return event;
}

struct event_delivery {
    struct message message;
    struct event *event; /* counted */
};

static void events_deliver(struct loop *loop, struct event *event);

static void events_receive(struct loop *loop, struct message *message)
{
    struct event_delivery *delivery =
        H2O_STRUCT_FROM_MEMBER(struct event_delivery, message, message);
    events_deliver(loop, delivery->event);
    event_unref(delivery->event);
    free(delivery);
}

void http_publish(struct http_server *server, const char *channel, int64_t id, const char *name,
                  const char *data)
{
    struct event *event = event_create(channel, id, name, data);
    lock_take(&server->publish_lock);
    for (int i = 0; event != NULL && !server->stopping && i < server->loop_count; i++) {
        struct event_delivery *delivery = malloc(sizeof(*delivery));
        if (delivery == NULL)
            break;
        atomic_fetch_add(&event->refs, 1);
        *delivery = (struct event_delivery){.message = {.receive = events_receive}, .event = event};
        http_inbox_send(&server->loops[i], &delivery->message);
    }
    lock_release(&server->publish_lock);
    if (event != NULL)
        event_unref(event);
}

/* Counted before it is told: a stream that was asked for before this and is not in a list yet
 * looks at the count when it is. */
void http_end_events(struct http_server *server, const char *channel)
{
    atomic_fetch_add(&server->ends, 1);
    http_publish(server, channel, 0, NULL, NULL);
}

static void events_end_one(struct request_context *context)
{
    h2o_linklist_unlink(&context->subscriber.link);
    metrics_add(context->loop->server->streams, -1);
    /* from here on a reader who does not move is one of any answer */
    context->observer->waits = false;
    if (context->subscriber.ready)
        h2o_send(context->observer->req, NULL, 0, H2O_SEND_STATE_FINAL);
    else /* what was handed over is still on its way; the connection may carry other answers */
        context->subscriber.ending = true;
}

static void events_proceed(struct request_context *context)
{
    context->subscriber.ready = true;
    if (!context->subscriber.ending || context->observer == NULL)
        return;
    context->subscriber.ending = false;
    h2o_send(context->observer->req, NULL, 0, H2O_SEND_STATE_FINAL);
}

/* Whether a stream may go on is asked without it: the client may be gone before the answer
 * comes. */
struct check {
    struct http_server *server;
    bool (*ended)(void *ctx, const void *grant, void *worker);
    void *ctx;
    char channel[sizeof(((struct subscriber *)0)->channel)];
    char grant[];
};

static void events_check_run(void *job, void *worker)
{
    struct check *check = job;
    lock_border("an event stream is asked whether it may go on");
    if (check->ended(check->ctx, check->grant, worker))
        http_end_events(check->server, check->channel);
    free(check);
}

/* A pool that has no room or no time for it now has it at the next turn. */
static void events_ask_again(const struct request_context *context)
{
    struct http_server *server = context->loop->server;
    const struct http_reply *reply = &context->reply;
    struct check *check =
        reply->events_ended == NULL ? NULL : malloc(sizeof(*check) + reply->events_grant_size);
    if (check == NULL)
        return;
    check->server = server;
    check->ended = reply->events_ended;
    check->ctx = reply->events_ctx;
    memcpy(check->channel, context->subscriber.channel, sizeof(check->channel));
    memcpy(check->grant, reply->events_grant, reply->events_grant_size);
    int64_t deadline = clock_monotonic() + server->options.pending_timeout;
    if (server->options.pool.run(server->options.pool.self, events_check_run, free, check,
                                 deadline) < 0)
        free(check);
}

static struct request_context *events_exchange(h2o_linklist_t *link)
{
    return H2O_STRUCT_FROM_MEMBER(struct request_context, subscriber.link, link);
}

/* Never before h2o asked for more. */
static void events_flush(struct request_context *context, uint64_t now)
{
    struct subscriber *subscriber = &context->subscriber;
    context->observer->waits = subscriber->pending.size == 0;
    if (!subscriber->ready || subscriber->pending.size == 0)
        return;
    struct buf taken = subscriber->pending;
    subscriber->pending = context->outgoing;
    buf_reset(&subscriber->pending);
    context->outgoing = taken;
    subscriber->ready = false;
    subscriber->last_sent = now;
    h2o_iovec_t piece = {taken.data, taken.size};
    h2o_send(context->observer->req, &piece, 1, H2O_SEND_STATE_IN_PROGRESS);
}

static void events_add(struct request_context *context, const char *text)
{
    struct subscriber *subscriber = &context->subscriber;
    if (subscriber->pending.size + strlen(text) > EVENTS_PENDING)
        buf_reset(&subscriber->pending);
    buf_add_text(&subscriber->pending, text);
}

void http_events_start(struct request_context *context)
{
    struct loop *loop = context->loop;
    struct subscriber *subscriber = &context->subscriber;
    snprintf(subscriber->channel, sizeof(subscriber->channel), "%s", context->reply.events_channel);
    context->reply.content_type = "text/event-stream";
    context->reply.coded = false;
    context->reply.status = 200;
    http_reply_header(&context->reply, "cache-control", "no-store");
    /* nginx, and what reads its headers: an event is passed on when it comes */
    http_reply_header(&context->reply, "x-accel-buffering", "no");
    http_head_start(context, SIZE_MAX, events_proceed);
    if (context->head || loop->stopping) {
        h2o_send(context->observer->req, NULL, 0, H2O_SEND_STATE_FINAL);
        return;
    }
    subscriber->ready = true;
    subscriber->last_checked = h2o_now(loop->h2o);
    h2o_linklist_insert(&loop->subscribers, &subscriber->link);
    metrics_add(loop->server->streams, 1);
    events_add(context, ": welcome\n\n"); /* the client sees at once that the stream is open */
    if (context->reply.body.size > 0)
        events_add(context, context->reply.body.data);
    events_flush(context, h2o_now(loop->h2o));
    /* perhaps this one, which was in no list when that was told */
    if (atomic_load(&loop->server->ends) != context->ends_seen)
        events_ask_again(context);
}

static void events_deliver(struct loop *loop, struct event *event)
{
    h2o_linklist_t *link, *next;
    for (link = loop->subscribers.next; link != &loop->subscribers; link = next) {
        struct request_context *context = events_exchange(link);
        next = link->next;
        if (strcmp(context->subscriber.channel, event->channel) != 0)
            continue;
        if (event->text[0] == '\0') {
            events_end_one(context);
        } else {
            events_add(context, event->text);
            events_flush(context, h2o_now(loop->h2o));
        }
    }
}

void http_events_heartbeat(struct loop *loop, uint64_t now)
{
    h2o_linklist_t *link, *next;
    for (link = loop->subscribers.next; link != &loop->subscribers; link = next) {
        struct request_context *context = events_exchange(link);
        next = link->next;
        /* Spread by address, so that streams opened together do not beat together. */
        uint64_t interval = (uint64_t)loop->server->limits.event_interval;
        uint64_t every = interval - ((uintptr_t)context >> 4) % (interval / 8 + 1);
        if (now - context->subscriber.last_checked >= every) {
            context->subscriber.last_checked = now;
            events_ask_again(context);
        }
        if (context->subscriber.pending.size == 0 && now - context->subscriber.last_sent >= every)
            events_add(context, ":\n\n");
        events_flush(context, now);
    }
}

void http_events_end_all(struct loop *loop)
{
    while (!h2o_linklist_is_empty(&loop->subscribers))
        events_end_one(events_exchange(loop->subscribers.next));
}
