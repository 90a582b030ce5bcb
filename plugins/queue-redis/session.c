#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "queue.h"

#include "support/call.h"
#include "support/wait.h"

/* What a command that has been sent still gets when its call is interrupted: its answer is usually on the way. */
enum { GRACE = 500 };

void args_bytes(struct args *args, const char *bytes, size_t size)
{
    args->items[args->count].bytes = bytes;
    args->items[args->count++].size = size;
}

void args_text(struct args *args, const char *text)
{
    args_bytes(args, text, strlen(text));
}

void args_number(struct args *args, int64_t number)
{
    char *text = args->numbers[args->number_count++];
    snprintf(text, sizeof(args->numbers[0]), "%" PRId64, number);
    args_text(args, text);
}

int session_enter(struct session *session, struct hearth_call *call)
{
    if (session->depth++ == 0)
        support_interrupt_enter(&session->interrupt);
    if (session->queue->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped before the queue was asked");
    return 0;
}

int session_leave(struct session *session, int code)
{
    if (--session->depth == 0)
        support_interrupt_leave(&session->interrupt);
    return code;
}

bool session_is_stopped(struct session *session, struct hearth_call *call)
{
    return support_stopped(session->queue->host, call, support_interrupt_is_raised(&session->interrupt)) < 0;
}

static struct support_patience patience_of(struct session *session, struct hearth_call *call, int64_t timeout)
{
    return support_patience_for(session->queue->host, call, &session->interrupt, timeout, GRACE);
}

/* 0: it does not fit. */
static size_t encode(const struct args *args, char *out, size_t room)
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

int session_broken(struct session *session, struct hearth_call *call, enum conn_result result, bool sent, enum effect effect)
{
    const char *at = session->queue->url.shown, *why = errno == 0 ? "the server closed it" : strerrordesc_np(errno);
    if (result == CONN_NOMEM)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory while talking to Redis at %s", at);
    if (sent && effect == CHANGES)
        return hearth_fail(call, HEARTH_ERR_UNCERTAIN, "Redis at %s did not confirm a change (%s): it may or may not have been made", at,
                           result == CONN_TIMEOUT     ? "no answer in time"
                           : result == CONN_CANCELLED ? "interrupted"
                           : result == CONN_GARBLED   ? "its answer is not the protocol of Redis"
                                                      : why);
    if (result == CONN_CANCELLED)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted while Redis at %s was asked", at);
    if (result == CONN_TIMEOUT && support_is_late(session->queue->host, call))
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "Redis at %s did not answer in time", at);
    if (result == CONN_TIMEOUT)
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "Redis at %s did not answer within %" PRId64 " ms; see command_timeout", at,
                           session->queue->command_timeout);
    if (result == CONN_GARBLED)
        return hearth_fail(call, HEARTH_ERR_IO, "what answers at %s does not speak the protocol of Redis; check url", at);
    return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the connection to Redis at %s broke (%s)", at, why);
}

/* One command on an open connection, any reply. */
static int exchange(struct session *session, struct hearth_call *call, struct conn *conn, enum effect effect, const struct args *args,
                    redisReply **ret_reply)
{
    size_t size = encode(args, session->out, sizeof(session->out));
    if (size == 0)
        return hearth_fail(call, HEARTH_ERR_INTERNAL, "a command for Redis is too long");
    struct support_patience patience = patience_of(session, call, session->queue->command_timeout);
    enum conn_result r = conn_send(conn, session->out, size, &patience);
    bool sent = r == CONN_OK;
    if (sent)
        r = conn_receive(conn, &patience, ret_reply);
    return r == CONN_OK ? 0 : session_broken(session, call, r, sent, effect);
}

static int refused(struct session *session, struct hearth_call *call, struct conn *conn, const redisReply *reply)
{
    bool useless;
    int r = error_of_reply(call, session->queue, reply, &useless);
    if (useless)
        conn_close(conn);
    return r;
}

static int accepted(struct session *session, struct hearth_call *call, struct conn *conn, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return refused(session, call, conn, reply);
    return reply->type == REDIS_REPLY_STATUS ? 0 : session_odd_reply(session, call, conn);
}

static int log_in(struct session *session, struct hearth_call *call, struct conn *conn)
{
    const struct redis_url *url = &session->queue->url;
    struct args auth = {.count = 0}, select = {.count = 0};
    redisReply *reply;
    int r = 0;
    args_text(&auth, "AUTH");
    if (url->user[0] != '\0')
        args_text(&auth, url->user);
    args_text(&auth, url->password);
    args_text(&select, "SELECT");
    args_number(&select, url->db);
    if (url->password[0] != '\0') {
        r = exchange(session, call, conn, READS, &auth, &reply);
        explicit_bzero(session->out, sizeof(session->out));
        if (r == 0)
            r = accepted(session, call, conn, reply);
    }
    if (r == 0 && url->db != 0) {
        r = exchange(session, call, conn, READS, &select, &reply);
        if (r == 0)
            r = accepted(session, call, conn, reply);
    }
    if (r < 0)
        conn_close(conn);
    return r;
}

static int open_failed(struct session *session, struct hearth_call *call, enum conn_result result, const char *why)
{
    const struct queue *queue = session->queue;
    switch (result) {
    case CONN_TIMEOUT:
        if (support_is_late(session->queue->host, call))
            return hearth_fail(call, HEARTH_ERR_TIMEOUT, "no connection to Redis at %s in time", queue->url.shown);
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "no connection to Redis at %s within %" PRId64 " ms; is it running?",
                           queue->url.shown, queue->connect_timeout);
    case CONN_BROKEN:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "cannot connect to Redis at %s: %s; is it running?", queue->url.shown, why);
    default:
        return session_broken(session, call, result, false, READS);
    }
}

int session_connect(struct session *session, struct hearth_call *call, struct conn *conn)
{
    struct queue *queue = session->queue;
    const char *why = "";
    int r = support_backoff_pass(&queue->backoff, call);
    if (r < 0)
        return r;
    struct support_patience patience = patience_of(session, call, queue->connect_timeout);
    enum conn_result opened = conn_open(conn, &queue->url, &patience, &why);
    r = opened == CONN_OK ? log_in(session, call, conn) : open_failed(session, call, opened, why);
    if (r != HEARTH_ERR_CANCELLED)
        support_backoff_report(&queue->backoff, r == 0 ? NULL : call->error);
    return r;
}

/* A connection that the server has closed in the meantime is found out before anything is sent, so that this harms no call. */
static int ready(struct session *session, struct hearth_call *call, struct conn *conn)
{
    if (conn->fd >= 0 && conn == &session->main && !conn_is_idle(conn))
        conn_close(conn);
    return conn->fd >= 0 ? 0 : session_connect(session, call, conn);
}

int session_odd_reply(struct session *session, struct hearth_call *call, struct conn *conn)
{
    conn_close(conn);
    return hearth_fail(call, HEARTH_ERR_IO, "Redis at %s gave an answer of an unknown kind; is there a proxy before it?",
                       session->queue->url.shown);
}

bool reply_is_text(const redisReply *reply, size_t most, bool or_empty)
{
    return reply->type == REDIS_REPLY_STRING && reply->len <= most && (or_empty || reply->len > 0) &&
           memchr(reply->str, '\0', reply->len) == NULL;
}

bool reply_is_number(const redisReply *reply, int64_t least, int64_t most)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= least && reply->integer <= most;
}

int reply_is_no_job(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_CORRUPT, "Redis gave a job that this plugin cannot have put there; choose another prefix");
}

int session_command(struct session *session, struct hearth_call *call, struct conn *conn, enum effect effect, const struct args *args,
                    int type, redisReply **ret_reply)
{
    redisReply *reply;
    int r = ready(session, call, conn);
    if (r == 0)
        r = exchange(session, call, conn, effect, args, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR)
        r = refused(session, call, conn, reply);
    if (r == 0 && reply->type != type)
        r = session_odd_reply(session, call, conn);
    if (r == 0)
        *ret_reply = reply;
    return r;
}

static struct args script_args(const struct session *session, const char *how, const char *what, const struct args *args)
{
    struct args all = {.count = 0};
    args_text(&all, how);
    args_text(&all, what);
    args_text(&all, "1");
    args_text(&all, session->queue->keys);
    for (int i = 0; i < args->count; i++)
        args_bytes(&all, args->items[i].bytes, args->items[i].size);
    return all;
}

int session_script(struct session *session, struct hearth_call *call, enum script_name name, enum effect effect, const struct args *args,
                   int type, redisReply **ret_reply)
{
    struct args by_hash = script_args(session, "EVALSHA", scripts[name].sha1, args);
    struct args by_text = script_args(session, "EVAL", scripts[name].text, args);
    redisReply *reply;
    int r = ready(session, call, &session->main);
    if (r == 0)
        r = exchange(session, call, &session->main, effect, &by_hash, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0)
        r = exchange(session, call, &session->main, effect, &by_text, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR)
        r = refused(session, call, &session->main, reply);
    if (r == 0 && reply->type != type && (type != 0 || (reply->type != REDIS_REPLY_INTEGER && reply->type != REDIS_REPLY_ARRAY)))
        r = session_odd_reply(session, call, &session->main);
    if (r == 0)
        *ret_reply = reply;
    return r;
}

int session_subscribe(struct session *session, struct hearth_call *call, struct conn *conn, const char *channel)
{
    struct args args = {.count = 0};
    redisReply *reply;
    args_text(&args, "SUBSCRIBE");
    args_text(&args, channel);
    int r = session_command(session, call, conn, READS, &args, REDIS_REPLY_ARRAY, &reply);
    if (r == 0 &&
        (reply->elements != 3 || !reply_is_text(reply->element[0], 16, false) || strcmp(reply->element[0]->str, "subscribe") != 0))
        r = session_odd_reply(session, call, conn);
    if (r < 0)
        conn_close(conn);
    return r;
}
