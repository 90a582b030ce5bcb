/* Server-sent events. Published from any thread, delivered on the loops; a stream whose client is slow loses what does not fit and catches
 * up by the next event's generation. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
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

static struct event *event_create(const char *channel, int64_t id, const char *name, const char *data)
{
    struct buf text = {0};
    if (id > 0)
        buf_printf(&text, "id: %lld\n", (long long)id);
    if (name == NULL)
        buf_add_text(&text, "");
    else
        buf_printf(&text, "event: %s\ndata: %s\n\n", name, data);
    size_t channel_size = strlen(channel) + 1;
    struct event *event = buf_failed(&text) ? NULL : malloc(sizeof(*event) + channel_size + text.size + 1);
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
    struct event_delivery *delivery = H2O_STRUCT_FROM_MEMBER(struct event_delivery, message, message);
    events_deliver(loop, delivery->event);
    event_unref(delivery->event);
    free(delivery);
}

void http_publish(struct http_server *server, const char *channel, int64_t id, const char *name, const char *data)
{
    struct event *event = event_create(channel, id, name, data);
    lock_take(&server->publish_lock);
    for (int i = 0; event != NULL && !server->stopping && i < server->loop_count; i++) {
        struct event_delivery *delivery = malloc(sizeof(*delivery));
        if (delivery == NULL)
            break;
        atomic_fetch_add(&event->refs, 1);
        *delivery = (struct event_delivery){.message = {.receive = events_receive}, .event = event};
        inbox_send(&server->loops[i], &delivery->message);
    }
    lock_release(&server->publish_lock);
    if (event != NULL)
        event_unref(event);
}

/* Counted before it is told: a stream that was asked for before this and is not in a list yet looks at the count when it is. */
void http_end_events(struct http_server *server, const char *channel)
{
    atomic_fetch_add(&server->ends, 1);
    http_publish(server, channel, 0, NULL, NULL);
}

static void events_end_one(struct exchange *exchange)
{
    h2o_linklist_unlink(&exchange->subscriber.link);
    exchange->track->waits = false; /* from here on a reader who does not move is one of any answer */
    if (exchange->subscriber.ready)
        h2o_send(exchange->track->req, NULL, 0, H2O_SEND_STATE_FINAL);
    else /* what was handed over is still on its way; the connection may carry other answers */
        exchange->subscriber.ending = true;
}

static void events_proceed(struct exchange *exchange)
{
    exchange->subscriber.ready = true;
    if (!exchange->subscriber.ending || exchange->track == NULL)
        return;
    exchange->subscriber.ending = false;
    h2o_send(exchange->track->req, NULL, 0, H2O_SEND_STATE_FINAL);
}

/* Whether a stream may go on is asked without it: the client may be gone before the answer comes. */
struct check {
    struct http_server *server;
    bool (*ended)(void *ctx, const void *claim, void *worker);
    void *ctx;
    char channel[sizeof(((struct subscriber *)0)->channel)];
    char claim[];
};

static void events_check_run(void *job, void *worker)
{
    struct check *check = job;
    lock_border("an event stream is asked whether it may go on");
    if (check->ended(check->ctx, check->claim, worker))
        http_end_events(check->server, check->channel);
    free(check);
}

/* A pool that has no room or no time for it now has it at the next turn. */
static void events_ask_again(const struct exchange *exchange)
{
    struct http_server *server = exchange->loop->server;
    const struct http_reply *reply = &exchange->reply;
    struct check *check = reply->events_ended == NULL ? NULL : malloc(sizeof(*check) + reply->events_claim_size);
    if (check == NULL)
        return;
    check->server = server;
    check->ended = reply->events_ended;
    check->ctx = reply->events_ctx;
    memcpy(check->channel, exchange->subscriber.channel, sizeof(check->channel));
    memcpy(check->claim, reply->events_claim, reply->events_claim_size);
    int64_t deadline = clock_monotonic() + server->options.job_timeout;
    if (server->options.pool.run(server->options.pool.self, events_check_run, free, check, deadline) < 0)
        free(check);
}

static struct exchange *events_exchange(h2o_linklist_t *link)
{
    return H2O_STRUCT_FROM_MEMBER(struct exchange, subscriber.link, link);
}

/* Never before h2o asked for more. */
static void events_flush(struct exchange *exchange, uint64_t now)
{
    struct subscriber *subscriber = &exchange->subscriber;
    exchange->track->waits = subscriber->pending.size == 0;
    if (!subscriber->ready || subscriber->pending.size == 0)
        return;
    struct buf taken = subscriber->pending;
    subscriber->pending = exchange->outgoing;
    buf_reset(&subscriber->pending);
    exchange->outgoing = taken;
    subscriber->ready = false;
    subscriber->last_sent = now;
    h2o_iovec_t piece = {taken.data, taken.size};
    h2o_send(exchange->track->req, &piece, 1, H2O_SEND_STATE_IN_PROGRESS);
}

static void events_add(struct exchange *exchange, const char *text)
{
    struct subscriber *subscriber = &exchange->subscriber;
    if (subscriber->pending.size + strlen(text) > EVENTS_PENDING)
        buf_reset(&subscriber->pending);
    buf_add_text(&subscriber->pending, text);
}

void events_start(struct exchange *exchange)
{
    struct loop *loop = exchange->loop;
    struct subscriber *subscriber = &exchange->subscriber;
    snprintf(subscriber->channel, sizeof(subscriber->channel), "%s", exchange->reply.events_channel);
    exchange->reply.content_type = "text/event-stream";
    exchange->reply.gzip = false;
    exchange->reply.status = 200;
    http_reply_header(&exchange->reply, "cache-control", "no-store");
    head_start(exchange, SIZE_MAX, events_proceed);
    if (exchange->head || loop->stopping) {
        h2o_send(exchange->track->req, NULL, 0, H2O_SEND_STATE_FINAL);
        return;
    }
    subscriber->ready = true;
    subscriber->last_checked = h2o_now(loop->h2o);
    h2o_linklist_insert(&loop->subscribers, &subscriber->link);
    events_add(exchange, ": welcome\n\n"); /* the client sees at once that the stream is open */
    if (exchange->reply.body.size > 0)
        events_add(exchange, exchange->reply.body.data);
    events_flush(exchange, h2o_now(loop->h2o));
    if (atomic_load(&loop->server->ends) != exchange->ends_seen) /* perhaps this one, which was in no list when that was told */
        events_ask_again(exchange);
}

static void events_deliver(struct loop *loop, struct event *event)
{
    h2o_linklist_t *link, *next;
    for (link = loop->subscribers.next; link != &loop->subscribers; link = next) {
        struct exchange *exchange = events_exchange(link);
        next = link->next;
        if (strcmp(exchange->subscriber.channel, event->channel) != 0)
            continue;
        if (event->text[0] == '\0') {
            events_end_one(exchange);
        } else {
            events_add(exchange, event->text);
            events_flush(exchange, h2o_now(loop->h2o));
        }
    }
}

void events_heartbeat(struct loop *loop, uint64_t now)
{
    h2o_linklist_t *link, *next;
    for (link = loop->subscribers.next; link != &loop->subscribers; link = next) {
        struct exchange *exchange = events_exchange(link);
        next = link->next;
        /* Spread by address, so that streams opened together do not beat together. */
        uint64_t interval = (uint64_t)loop->server->options.event_interval;
        uint64_t every = interval - ((uintptr_t)exchange >> 4) % (interval / 8 + 1);
        if (now - exchange->subscriber.last_checked >= every) {
            exchange->subscriber.last_checked = now;
            events_ask_again(exchange);
        }
        if (exchange->subscriber.pending.size == 0 && now - exchange->subscriber.last_sent >= every)
            events_add(exchange, ":\n\n");
        events_flush(exchange, now);
    }
}

void events_end_all(struct loop *loop)
{
    while (!h2o_linklist_is_empty(&loop->subscribers))
        events_end_one(events_exchange(loop->subscribers.next));
}
