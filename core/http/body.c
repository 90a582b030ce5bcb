/* Sends a body piece by piece: the next piece when the client has taken the one before. So an
 * answer that nobody fetches costs its bytes once, and a download a piece. */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { AHEAD = 4 << 20, COLD_MAX = 40 };

/* Of the spool file. 0: it is not in memory now; reading begins in the background. The loop
 * serves others meanwhile: it never waits for the disk, unless a file system that cannot tell
 * (COLD_MAX sweeps without a byte) leaves no other way. */
static ssize_t read_piece(struct request_context *context, size_t size)
{
    struct iovec to = {context->piece, size};
    ssize_t n = preadv2(context->spool_fd, &to, 1, (off_t)context->body_at, RWF_NOWAIT);
    if (n < 0 && errno == EAGAIN && context->cold < COLD_MAX) {
        if (context->cold++ == 0)
            posix_fadvise(context->spool_fd, (off_t)context->body_at, AHEAD, POSIX_FADV_WILLNEED);
        return 0;
    }
    if (n < 0)
        n = pread(context->spool_fd, context->piece, size, (off_t)context->body_at);
    context->cold = 0;
    return n > 0 ? n : -1; /* shorter than it was written: broken off, so that the client sees it */
}

static const char *bytes_of(const struct http_reply *reply)
{
    return reply->fixed != NULL    ? reply->fixed
           : reply->shared != NULL ? reply->shared->bytes
                                   : reply->body.data;
}

static void send_piece(struct request_context *context, const char *bytes, size_t size)
{
    h2o_iovec_t piece = {(char *)(uintptr_t)bytes, size};
    context->body_at += size;
    bool last = context->body_at == context->body_size;
    context->sending = !last;
    h2o_send(context->observer->req, &piece, 1,
             last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

/* The context may be gone afterwards: HTTP/1 closes the connection at once. */
static void break_off(struct request_context *context)
{
    context->sending = false;
    context->body_at = context->body_size;
    h2o_send(context->observer->req, NULL, 0, H2O_SEND_STATE_ERROR);
}

/* False: it was broken off. */
static bool send_next(struct request_context *context)
{
    size_t size = context->body_size - context->body_at;
    size = size > BODY_PIECE ? BODY_PIECE : size;
    if (context->spool_fd < 0) {
        send_piece(context, bytes_of(&context->reply) + context->body_at, size);
        return true;
    }
    ssize_t n = read_piece(context, size);
    context->observer->waits = n == 0;
    if (n < 0)
        break_off(context);
    else if (n > 0)
        send_piece(context, context->piece, (size_t)n);
    return n >= 0;
}

size_t http_body_size(const struct request_context *context)
{
    const struct http_reply *reply = &context->reply;
    return context->spool_fd >= 0  ? context->spool_size
           : reply->fixed != NULL  ? reply->fixed_size
           : reply->shared != NULL ? reply->shared->size
                                   : reply->body.size;
}

void http_body_send(struct request_context *context)
{
    if (context->spool_fd >= 0 && (context->piece = malloc(BODY_PIECE)) == NULL)
        break_off(context);
    else
        send_next(context);
}

void http_body_proceed(struct request_context *context)
{
    if (context->observer == NULL || context->body_at == context->body_size)
        return;
    context->sending = false;
    send_next(context);
}

bool http_body_retry(struct request_context *context)
{
    bool due = context->cold > 0 && !context->sending && context->body_at < context->body_size;
    return !due || send_next(context);
}
