#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "queue.h"

#include "support/call.h"
#include "support/wait.h"

/* What a command that has been sent still gets when its call is interrupted: its answer is
 * usually on the way. */
enum { GRACE = 500 };

void redis_args_bytes(struct args *args, const char *bytes, size_t size)
{
    args->items[args->count].bytes = bytes;
    args->items[args->count++].size = size;
}

void redis_args_text(struct args *args, const char *text)
{
    redis_args_bytes(args, text, strlen(text));
}

void redis_args_number(struct args *args, int64_t number)
{
    char *text = args->numbers[args->number_count++];
    snprintf(text, sizeof(args->numbers[0]), "%" PRId64, number);
    redis_args_text(args, text);
}

int redis_handle_enter(struct handle *handle, struct hearth_call *call)
{
    if (handle->depth++ == 0)
        support_interrupt_enter(&handle->interrupt);
    if (handle->queue->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped before the queue was asked");
    return 0;
}

int redis_handle_leave(struct handle *handle, int code)
{
    if (--handle->depth == 0)
        support_interrupt_leave(&handle->interrupt);
    return code;
}

bool redis_handle_is_stopped(struct handle *handle, struct hearth_call *call)
{
    return support_stopped(handle->queue->host, call,
                           support_interrupt_is_raised(&handle->interrupt)) < 0;
}

static struct support_wait_limit wait_limit_of(struct handle *handle, struct hearth_call *call,
                                               int64_t timeout)
{
    return support_wait_limit_for(handle->queue->host, call, &handle->interrupt, timeout, GRACE);
}

/* 0: it does not fit. */
static size_t args_encode(const struct args *args, char *out, size_t room)
{
    size_t size = (size_t)snprintf(out, room, "*%d\r\n", args->count);
    for (int i = 0; i < args->count; i++) {
        size_t length = args->items[i].size;
        if (length > room || room - length < size + 32)
            return 0;
        size += (size_t)snprintf(out + size, room - size, "$%zu\r\n", length);
        memcpy(out + size, args->items[i].bytes, length);
        size += length;
        out[size++] = '\r';
        out[size++] = '\n';
    }
    return size;
}

int redis_handle_broken(struct handle *handle, struct hearth_call *call, enum conn_result result,
                        bool sent, enum effect effect)
{
    const char *at = handle->queue->url.shown,
               *why = errno == 0 ? "the server closed it" : strerrordesc_np(errno);
    if (result == CONN_NOMEM)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory while talking to Redis at %s",
                           at);
    if (sent && effect == CHANGES)
        return hearth_fail(
            call, HEARTH_ERR_UNCERTAIN,
            "Redis at %s did not confirm a change (%s): it may or may not have been made", at,
            result == CONN_TIMEOUT     ? "no answer in time"
            : result == CONN_CANCELLED ? "interrupted"
            : result == CONN_GARBLED   ? "its answer is not the protocol of Redis"
                                       : why);
    if (result == CONN_CANCELLED)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted while Redis at %s was asked",
                           at);
    if (result == CONN_TIMEOUT && support_is_late(handle->queue->host, call))
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "Redis at %s did not answer in time", at);
    if (result == CONN_TIMEOUT)
        return hearth_fail(call, HEARTH_ERR_TIMEOUT,
                           "Redis at %s did not answer within %" PRId64 " ms; see command_timeout",
                           at, handle->queue->command_timeout);
    if (result == CONN_GARBLED)
        return hearth_fail(call, HEARTH_ERR_IO,
                           "what answers at %s does not speak the protocol of Redis; check url",
                           at);
    return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the connection to Redis at %s broke (%s)", at,
                       why);
}

/* One command on an open connection, any reply. */
static int command_exchange(struct handle *handle, struct hearth_call *call, struct conn *conn,
                            enum effect effect, const struct args *args, redisReply **ret_reply)
{
    size_t size = args_encode(args, handle->out, sizeof(handle->out));
    if (size == 0)
        return hearth_fail(call, HEARTH_ERR_INTERNAL, "a command for Redis is too long");
    struct support_wait_limit limit = wait_limit_of(handle, call, handle->queue->command_timeout);
    enum conn_result r = redis_conn_send(conn, handle->out, size, &limit);
    bool sent = r == CONN_OK;
    if (sent)
        r = redis_conn_receive(conn, &limit, ret_reply);
    return r == CONN_OK ? 0 : redis_handle_broken(handle, call, r, sent, effect);
}

static int reply_refused(struct handle *handle, struct hearth_call *call, struct conn *conn,
                         const redisReply *reply)
{
    bool useless;
    int r = redis_error_of_reply(call, handle->queue, reply, &useless);
    if (useless)
        redis_conn_close(conn);
    return r;
}

static int reply_accepted(struct handle *handle, struct hearth_call *call, struct conn *conn,
                          const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return reply_refused(handle, call, conn, reply);
    return reply->type == REDIS_REPLY_STATUS ? 0 : redis_handle_odd_reply(handle, call, conn);
}

static int log_in(struct handle *handle, struct hearth_call *call, struct conn *conn)
{
    const struct redis_url *url = &handle->queue->url;
    struct args auth = {.count = 0}, select = {.count = 0};
    redisReply *reply;
    int r = 0;
    redis_args_text(&auth, "AUTH");
    if (url->user[0] != '\0')
        redis_args_text(&auth, url->user);
    redis_args_text(&auth, url->password);
    redis_args_text(&select, "SELECT");
    redis_args_number(&select, url->db);
    if (url->password[0] != '\0') {
        r = command_exchange(handle, call, conn, READS, &auth, &reply);
        explicit_bzero(handle->out, sizeof(handle->out));
        if (r == 0)
            r = reply_accepted(handle, call, conn, reply);
    }
    if (r == 0 && url->db != 0) {
        r = command_exchange(handle, call, conn, READS, &select, &reply);
        if (r == 0)
            r = reply_accepted(handle, call, conn, reply);
    }
    if (r < 0)
        redis_conn_close(conn);
    return r;
}

static int open_failed(struct handle *handle, struct hearth_call *call, enum conn_result result,
                       const char *why)
{
    const struct queue *queue = handle->queue;
    switch (result) {
    case CONN_TIMEOUT:
        if (support_is_late(handle->queue->host, call))
            return hearth_fail(call, HEARTH_ERR_TIMEOUT, "no connection to Redis at %s in time",
                               queue->url.shown);
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "no connection to Redis at %s within %" PRId64 " ms; is it running?",
                           queue->url.shown, queue->connect_timeout);
    case CONN_BROKEN:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "cannot connect to Redis at %s: %s; is it running?", queue->url.shown,
                           why);
    default:
        return redis_handle_broken(handle, call, result, false, READS);
    }
}

int redis_handle_connect(struct handle *handle, struct hearth_call *call, struct conn *conn)
{
    struct queue *queue = handle->queue;
    const char *why = "";
    int r = support_backoff_pass(&queue->backoff, call);
    if (r < 0)
        return r;
    struct support_wait_limit limit = wait_limit_of(handle, call, queue->connect_timeout);
    enum conn_result opened = redis_conn_open(conn, &queue->url, &limit, &why);
    r = opened == CONN_OK ? log_in(handle, call, conn) : open_failed(handle, call, opened, why);
    if (r != HEARTH_ERR_CANCELLED)
        support_backoff_report(&queue->backoff, r == 0 ? NULL : call->error);
    return r;
}

/* A connection that the server has closed in the meantime is found out before anything is sent,
 * so that this harms no call. */
static int conn_make_ready(struct handle *handle, struct hearth_call *call, struct conn *conn)
{
    if (conn->fd >= 0 && conn == &handle->main && !redis_conn_is_idle(conn))
        redis_conn_close(conn);
    return conn->fd >= 0 ? 0 : redis_handle_connect(handle, call, conn);
}

int redis_handle_odd_reply(struct handle *handle, struct hearth_call *call, struct conn *conn)
{
    redis_conn_close(conn);
    return hearth_fail(call, HEARTH_ERR_IO,
                       "Redis at %s gave an answer of an unknown kind; is there a proxy before it?",
                       handle->queue->url.shown);
}

bool redis_reply_is_text(const redisReply *reply, size_t most, bool or_empty)
{
    return reply->type == REDIS_REPLY_STRING && reply->len <= most &&
           (or_empty || reply->len > 0) && memchr(reply->str, '\0', reply->len) == NULL;
}

bool redis_reply_is_number(const redisReply *reply, int64_t least, int64_t most)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= least && reply->integer <= most;
}

int redis_reply_is_no_job(struct hearth_call *call)
{
    return hearth_fail(
        call, HEARTH_ERR_CORRUPT,
        "Redis gave a job that this plugin cannot have put there; choose another prefix");
}

int redis_handle_command(struct handle *handle, struct hearth_call *call, struct conn *conn,
                         enum effect effect, const struct args *args, int type,
                         redisReply **ret_reply)
{
    redisReply *reply;
    int r = conn_make_ready(handle, call, conn);
    if (r == 0)
        r = command_exchange(handle, call, conn, effect, args, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR)
        r = reply_refused(handle, call, conn, reply);
    if (r == 0 && reply->type != type)
        r = redis_handle_odd_reply(handle, call, conn);
    if (r == 0)
        *ret_reply = reply;
    return r;
}

static struct args script_args(const struct handle *handle, const char *how, const char *what,
                               const struct args *args)
{
    struct args all = {.count = 0};
    redis_args_text(&all, how);
    redis_args_text(&all, what);
    redis_args_text(&all, "1");
    redis_args_text(&all, handle->queue->keys);
    for (int i = 0; i < args->count; i++)
        redis_args_bytes(&all, args->items[i].bytes, args->items[i].size);
    return all;
}

int redis_handle_script(struct handle *handle, struct hearth_call *call, enum script_name name,
                        enum effect effect, const struct args *args, int type,
                        redisReply **ret_reply)
{
    struct args by_hash = script_args(handle, "EVALSHA", redis_scripts[name].sha1, args);
    struct args by_text = script_args(handle, "EVAL", redis_scripts[name].text, args);
    redisReply *reply;
    int r = conn_make_ready(handle, call, &handle->main);
    if (r == 0)
        r = command_exchange(handle, call, &handle->main, effect, &by_hash, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0)
        r = command_exchange(handle, call, &handle->main, effect, &by_text, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR)
        r = reply_refused(handle, call, &handle->main, reply);
    if (r == 0 && reply->type != type &&
        (type != 0 || (reply->type != REDIS_REPLY_INTEGER && reply->type != REDIS_REPLY_ARRAY)))
        r = redis_handle_odd_reply(handle, call, &handle->main);
    if (r == 0)
        *ret_reply = reply;
    return r;
}

int redis_handle_subscribe(struct handle *handle, struct hearth_call *call, struct conn *conn,
                           const char *channel)
{
    struct args args = {.count = 0};
    redisReply *reply;
    redis_args_text(&args, "SUBSCRIBE");
    redis_args_text(&args, channel);
    int r = redis_handle_command(handle, call, conn, READS, &args, REDIS_REPLY_ARRAY, &reply);
    if (r == 0 && (reply->elements != 3 || !redis_reply_is_text(reply->element[0], 16, false) ||
                   strcmp(reply->element[0]->str, "subscribe") != 0))
        r = redis_handle_odd_reply(handle, call, conn);
    if (r < 0)
        redis_conn_close(conn);
    return r;
}
