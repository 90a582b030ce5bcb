/* Bodies that a pool thread writes piece by piece, for downloads. The writer waits while the client is slow. */
#include "base/lock.h"
#include "http/internal.h"

void stream_init(struct http_stream *stream, struct exchange *exchange)
{
    *stream = (struct http_stream){.exchange = exchange};
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->room, NULL);
}

void stream_fini(struct http_stream *stream)
{
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->room);
    buf_fini(&stream->pending);
}

int http_stream_write(struct http_stream *stream, const void *bytes, size_t size)
{
    int r = 0;
    bool notify = false;
    lock_take(&stream->lock);
    while (stream->pending.size > STREAM_WINDOW && !stream->gone)
        lock_wait(&stream->room, &stream->lock);
    if (stream->gone) {
        r = HEARTH_ERR_CANCELLED;
    } else {
        buf_add(&stream->pending, bytes, size);
        r = buf_failed(&stream->pending) ? HEARTH_ERR_NOMEM : 0;
        notify = stream->pending.size > STREAM_WINDOW / 4 && !stream->notified;
        stream->notified = stream->notified || notify;
    }
    lock_release(&stream->lock);
    if (notify)
        loop_send(stream->exchange->loop, &stream->exchange->chunk);
    return r;
}

void stream_run(struct exchange *exchange)
{
    struct http_stream *stream = &exchange->stream;
    int r = exchange->head ? 0 : exchange->reply.stream(stream, exchange->reply.stream_ctx);
    lock_take(&stream->lock);
    stream->finished = true;
    stream->failed = r < 0;
    lock_release(&stream->lock);
}

static void send_piece(struct exchange *exchange, h2o_send_state_t state)
{
    h2o_iovec_t piece = {exchange->outgoing.data, exchange->outgoing.size};
    exchange->sending = true;
    h2o_send(exchange->track->req, &piece, piece.len == 0 ? 0 : 1, state);
}

void stream_advance(struct exchange *exchange)
{
    struct http_stream *stream = &exchange->stream;
    if (exchange->track == NULL || exchange->sending)
        return;
    lock_take(&stream->lock);
    struct buf taken = stream->pending;
    stream->pending = exchange->outgoing; /* its memory is used again */
    buf_reset(&stream->pending);
    exchange->outgoing = taken;
    bool finished = stream->finished, failed = stream->failed;
    pthread_cond_signal(&stream->room);
    lock_release(&stream->lock);
    if (!exchange->started)
        reply_start(exchange);
    exchange->stream_open = true;
    exchange->track->waits = taken.size == 0;
    if (finished && !exchange->in_pool) {
        exchange->stream_open = false;
        send_piece(exchange, failed ? H2O_SEND_STATE_ERROR : H2O_SEND_STATE_FINAL);
    } else if (taken.size > 0) {
        send_piece(exchange, H2O_SEND_STATE_IN_PROGRESS);
    }
}

/* Only here may the message be sent again: on_proceed() comes while it still waits in the inbox. */
void stream_on_chunk(struct exchange *exchange)
{
    lock_take(&exchange->stream.lock);
    exchange->stream.notified = false;
    lock_release(&exchange->stream.lock);
    stream_advance(exchange);
}

void stream_abandon(struct exchange *exchange)
{
    lock_take(&exchange->stream.lock);
    exchange->stream.gone = true;
    pthread_cond_signal(&exchange->stream.room);
    lock_release(&exchange->stream.lock);
}
