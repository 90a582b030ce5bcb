/* Sends a body piece by piece: the next piece when the client has taken the one before. So an answer that nobody fetches costs its bytes
 * once, and a download a piece. */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { AHEAD = 4 << 20, COLD_MAX = 40 };

/* Of the spool file. 0: it is not in memory now; reading begins in the background. The loop serves others meanwhile: it never waits for the
 * disk, unless a file system that cannot tell (COLD_MAX sweeps without a byte) leaves no other way. */
static ssize_t read_piece(struct exchange *exchange, size_t size)
{
    struct iovec to = {exchange->piece, size};
    ssize_t n = preadv2(exchange->spool_fd, &to, 1, (off_t)exchange->body_at, RWF_NOWAIT);
    if (n < 0 && errno == EAGAIN && exchange->cold < COLD_MAX) {
        if (exchange->cold++ == 0)
            posix_fadvise(exchange->spool_fd, (off_t)exchange->body_at, AHEAD, POSIX_FADV_WILLNEED);
        return 0;
    }
    if (n < 0)
        n = pread(exchange->spool_fd, exchange->piece, size, (off_t)exchange->body_at);
    exchange->cold = 0;
    return n > 0 ? n : -1; /* shorter than it was written: broken off, so that the client sees it */
}

static const char *bytes_of(const struct http_reply *reply)
{
    return reply->fixed != NULL ? reply->fixed : reply->shared != NULL ? reply->shared->bytes : reply->body.data;
}

static void send_piece(struct exchange *exchange, const char *bytes, size_t size)
{
    h2o_iovec_t piece = {(char *)(uintptr_t)bytes, size};
    exchange->body_at += size;
    bool last = exchange->body_at == exchange->body_size;
    exchange->sending = !last;
    h2o_send(exchange->track->req, &piece, 1, last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

/* The exchange may be gone afterwards: HTTP/1 closes the connection at once. */
static void break_off(struct exchange *exchange)
{
    exchange->sending = false;
    exchange->body_at = exchange->body_size;
    h2o_send(exchange->track->req, NULL, 0, H2O_SEND_STATE_ERROR);
}

/* False: it was broken off. */
static bool send_next(struct exchange *exchange)
{
    size_t size = exchange->body_size - exchange->body_at;
    size = size > BODY_PIECE ? BODY_PIECE : size;
    if (exchange->spool_fd < 0) {
        send_piece(exchange, bytes_of(&exchange->reply) + exchange->body_at, size);
        return true;
    }
    ssize_t n = read_piece(exchange, size);
    exchange->track->waits = n == 0;
    if (n < 0)
        break_off(exchange);
    else if (n > 0)
        send_piece(exchange, exchange->piece, (size_t)n);
    return n >= 0;
}

size_t body_size(const struct exchange *exchange)
{
    const struct http_reply *reply = &exchange->reply;
    return exchange->spool_fd >= 0 ? exchange->spool_size
           : reply->fixed != NULL  ? reply->fixed_size
           : reply->shared != NULL ? reply->shared->size
                                   : reply->body.size;
}

void body_send(struct exchange *exchange)
{
    if (exchange->spool_fd >= 0 && (exchange->piece = malloc(BODY_PIECE)) == NULL)
        break_off(exchange);
    else
        send_next(exchange);
}

void body_proceed(struct exchange *exchange)
{
    if (exchange->track == NULL || exchange->body_at == exchange->body_size)
        return;
    exchange->sending = false;
    send_next(exchange);
}

bool body_retry(struct exchange *exchange)
{
    bool due = exchange->cold > 0 && !exchange->sending && exchange->body_at < exchange->body_size;
    return !due || send_next(exchange);
}
