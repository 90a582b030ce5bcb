/* Events are messages of one channel of the server: the account's id, a NUL, the text. The
 * server keeps them in its output buffer for a subscriber that is slow, and drops its connection
 * when that gets too long; the subscriber then connects anew and says so. */
#include <string.h>

#include "queue.h"

#include "support/call.h"
#include "support/job.h"
#include "support/wait.h"

enum { PING_EVERY = 10000, AT_ONCE = 1000 };

static void event_channel(const struct queue *queue, char channel[NAME_MAX_SIZE])
{
    snprintf(channel, NAME_MAX_SIZE, "%sevent:%d", queue->keys, queue->url.db);
}

static int event_send(struct handle *handle, struct hearth_call *call, const char *channel,
                      const char *text)
{
    char name[NAME_MAX_SIZE], message[SUPPORT_CHANNEL_MAX + 1 + SUPPORT_EVENT_MAX];
    struct args args = {.count = 0};
    redisReply *reply;
    size_t channel_size = strlen(channel), text_size = strlen(text);
    int r = support_event_check(call, channel, text);
    if (r < 0)
        return r;
    memcpy(message, channel, channel_size + 1);
    memcpy(message + channel_size + 1, text, text_size);
    event_channel(handle->queue, name);
    redis_args_text(&args, "PUBLISH");
    redis_args_text(&args, name);
    redis_args_bytes(&args, message, channel_size + 1 + text_size);
    r = redis_handle_command(handle, call, &handle->main, CHANGES, &args, REDIS_REPLY_INTEGER,
                             &reply);
    return r == 0 && reply->integer < 0 ? redis_handle_odd_reply(handle, call, &handle->main) : r;
}

int redis_events_publish(void *s, struct hearth_call *call, const char *channel, const char *text)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : event_send(s, call, channel, text));
}

/* What one event_wait() does. */
struct receiver {
    struct handle *handle;
    struct hearth_call *call;
    hearth_event_cb cb;
    void *ctx;
    int delivered;
    bool stop; /* the callback has seen enough */
    bool pong; /* the server has answered the last PING */
};

static void receiver_hand_over(struct receiver *receiver, const char *channel, const char *text)
{
    receiver->delivered++;
    receiver->stop = receiver->cb(receiver->ctx, channel, text) != 0;
}

static bool reply_is_word(const redisReply *reply, const char *word)
{
    return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, word) == 0;
}

static void receiver_take_reply(struct receiver *receiver, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return;
    if (reply_is_word(reply->element[0], "pong")) {
        receiver->pong = true;
        return;
    }
    const redisReply *message = reply->elements == 3 ? reply->element[2] : NULL;
    if (message == NULL || !reply_is_word(reply->element[0], "message") ||
        message->type != REDIS_REPLY_STRING)
        return;
    const char *nul = memchr(message->str, '\0', message->len);
    if (nul == NULL || nul == message->str || nul - message->str > SUPPORT_CHANNEL_MAX)
        return; /* it is none of ours */
    size_t text_size = message->len - (size_t)(nul + 1 - message->str);
    if (text_size <= SUPPORT_EVENT_MAX && memchr(nul + 1, '\0', text_size) == NULL)
        receiver_hand_over(receiver, message->str, nul + 1);
}

/* Delivers what has been read. CONN_OK: the callback has seen enough, or so much has come that
 * the caller should look around. */
static enum conn_result receiver_deliver(struct receiver *receiver)
{
    for (int n = 0; n < AT_ONCE && !receiver->stop; n++) {
        redisReply *reply;
        enum conn_result r = redis_conn_next(&receiver->handle->event, &reply);
        if (r != CONN_OK)
            return r;
        receiver_take_reply(receiver, reply);
    }
    return CONN_OK;
}

/* One wait for bytes and what came of them; `until`: for how long at most. CONN_NONE: all of it
 * was delivered. */
static enum conn_result receiver_step(struct receiver *receiver, int64_t until)
{
    struct handle *handle = receiver->handle;
    enum conn_result r = receiver_deliver(receiver);
    if (r != CONN_NONE)
        return r;
    struct support_wait_limit limit =
        support_wait_limit_for(handle->queue->host, receiver->call, &handle->interrupt,
                               until - support_now(handle->queue->host), 0);
    r = redis_conn_fill(&handle->event, &limit);
    return r == CONN_OK ? receiver_deliver(receiver) : r;
}

static enum conn_result send_ping(struct receiver *receiver)
{
    static const char ping[] = "*1\r\n$4\r\nPING\r\n";
    struct handle *handle = receiver->handle;
    struct support_wait_limit limit = support_wait_limit_for(
        handle->queue->host, receiver->call, &handle->interrupt, handle->queue->command_timeout, 0);
    receiver->pong = false;
    return redis_conn_send(&handle->event, ping, sizeof(ping) - 1, &limit);
}

/* The server's answer comes behind every event that was published before: none of these is
 * missed, however short the wait. */
static enum conn_result catch_up(struct receiver *receiver)
{
    int64_t until =
        support_now(receiver->handle->queue->host) + receiver->handle->queue->command_timeout;
    enum conn_result r = send_ping(receiver);
    while ((r == CONN_OK || r == CONN_NONE) && !receiver->pong && !receiver->stop) {
        if (support_now(receiver->handle->queue->host) >= until) /* also when events never end */
            return receiver->delivered == 0 ? CONN_TIMEOUT : CONN_OK;
        r = receiver_step(receiver, until);
    }
    return r == CONN_NONE ? CONN_OK : r;
}

/* Waits for the first event. Asks the server now and then whether it is still there. */
static enum conn_result receiver_await_first(struct receiver *receiver, int64_t until)
{
    struct handle *handle = receiver->handle;
    while (receiver->delivered == 0 && support_now(handle->queue->host) < until) {
        int64_t soon = support_now(handle->queue->host) + PING_EVERY;
        enum conn_result r = receiver_step(receiver, soon < until ? soon : until);
        if (r == CONN_TIMEOUT && soon < until)
            r = catch_up(receiver);
        else if (r == CONN_TIMEOUT)
            return CONN_OK;
        if (r != CONN_OK && r != CONN_NONE)
            return r;
    }
    return CONN_OK;
}

static int receiver_subscribe(struct receiver *receiver)
{
    struct handle *handle = receiver->handle;
    char channel[NAME_MAX_SIZE];
    event_channel(handle->queue, channel);
    /* it was so before, or should have been: what came in between is lost */
    if (handle->subscribed)
        handle->lost = true;
    handle->subscribed = true;
    return redis_handle_subscribe(handle, receiver->call, &handle->event, channel);
}

static int wait_for_events(struct receiver *receiver, int64_t wait)
{
    struct handle *handle = receiver->handle;
    int64_t until = support_now(handle->queue->host) + (wait < 0           ? 0
                                                        : wait > INT32_MAX ? INT32_MAX
                                                                           : wait);
    for (int attempt = 0;; attempt++) {
        int r = handle->event.fd >= 0 ? 0 : receiver_subscribe(receiver);
        if (r < 0)
            return r;
        if (handle->lost) {
            handle->lost = false;
            receiver_hand_over(receiver, "", "");
        }
        enum conn_result result = receiver->stop ? CONN_OK : catch_up(receiver);
        if (result == CONN_OK && !receiver->stop)
            result = receiver_await_first(receiver, until);
        if (result == CONN_OK)
            return 0;
        if (result == CONN_CANCELLED)
            return receiver->delivered > 0 ? 0
                                           : hearth_fail(receiver->call, HEARTH_ERR_CANCELLED,
                                                         "interrupted while waiting for events");
        redis_conn_close(&handle->event);
        if (attempt > 0)
            return redis_handle_broken(handle, receiver->call, result, false, READS);
    }
}

int redis_events_wait(void *s, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                      void *ctx)
{
    struct receiver receiver = {.handle = s, .call = call, .cb = cb, .ctx = ctx};
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : wait_for_events(&receiver, wait));
}
