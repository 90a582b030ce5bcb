/* Downloads: a thread of a pool writes one at the storage's speed, into memory while it is
 * small, then into a file without a name. The loop sends it when it is complete (body.c): its
 * size is known, and the thread and its storage handle are free, however slow the client is. */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"

enum { IN_MEMORY = 64 * 1024, SLOW_TO_CLOSE = 16 << 20 };

/* NOT_FOUND and the like cannot be: the folder was there when the server started. */
static int create_file(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char path[4200];
    snprintf(path, sizeof(path), "%s/export-XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int fail_spool(struct http_stream *stream, int error, const char *what)
{
    log_event(HEARTH_LOG_ERROR, "http", "export not written", LOG_TEXT("step", what),
              LOG_TEXT("folder", stream->context->loop->server->options.spool_dir),
              LOG_TEXT("error", strerror(error)));
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? HEARTH_ERR_FULL : HEARTH_ERR_IO;
}

static int write_file(struct http_stream *stream, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(stream->fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_spool(stream, errno, "writing");
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

/* From memory to a file. */
static int leave_memory(struct http_stream *stream)
{
    stream->fd = create_file(stream->context->loop->server->options.spool_dir);
    if (stream->fd < 0)
        return fail_spool(stream, errno, "making a file");
    int r = write_file(stream, stream->small.data, stream->small.size);
    buf_fini(&stream->small);
    return r;
}

static int take_space(struct http_stream *stream, size_t size)
{
    struct http_server *server = stream->context->loop->server;
    if (atomic_fetch_add(&server->spooled, size) + size > server->limits.export_space) {
        atomic_fetch_sub(&server->spooled, size);
        return HEARTH_ERR_FULL;
    }
    stream->space += size;
    return 0;
}

static int write_some(struct http_stream *stream, const void *bytes, size_t size)
{
    if (atomic_load(&stream->context->gone))
        return HEARTH_ERR_CANCELLED;
    int r = take_space(stream, size);
    if (r < 0)
        return r;
    if (stream->fd < 0 && stream->small.size + size <= IN_MEMORY) {
        buf_add(&stream->small, bytes, size);
        return buf_failed(&stream->small) ? HEARTH_ERR_NOMEM : 0;
    }
    if (stream->fd < 0 && (r = leave_memory(stream)) < 0)
        return r;
    return write_file(stream, bytes, size);
}

static int write_compressed(void *stream, const void *bytes, size_t size)
{
    return write_some(stream, bytes, size);
}

static int stream_put(struct http_stream *stream, const void *bytes, size_t size, bool last)
{
    if (stream->error == 0 && stream->compressor != NULL)
        stream->error =
            http_compressor_write(stream->compressor, bytes, size, last, write_compressed, stream);
    else if (stream->error == 0 && size > 0)
        stream->error = write_some(stream, bytes, size);
    return stream->error;
}

int http_stream_write(struct http_stream *stream, const void *bytes, size_t size)
{
    return stream_put(stream, bytes, size, false);
}

static void stream_drop(struct http_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    buf_fini(&stream->small);
    atomic_fetch_sub(&stream->context->loop->server->spooled, stream->space);
}

static void refuse_export(struct http_reply *reply, int r)
{
    reply->header_count = 0;
    if (r == HEARTH_ERR_FULL) {
        http_reply_header(reply, "retry-after", "60");
        http_reply_problem(reply, 503, http_says_no_space());
    } else if (r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_TIMEOUT ||
               r == HEARTH_ERR_CANCELLED) {
        http_reply_header(reply, "retry-after", "5");
        http_reply_problem(reply, 503, http_says_export_unavailable());
    } else {
        http_reply_problem(reply, 500, http_says_internal());
    }
}

/* Makes a 206 or 416 of it, when a part is asked for. */
static void download_take_part(struct request_context *context, size_t size)
{
    struct http_reply *reply = &context->reply;
    struct arena *arena = &context->request.arena;
    const char *etag = http_reply_header_value(reply, "etag");
    int64_t from, end;
    http_reply_header(reply, "accept-ranges", "bytes");
    switch (http_range_find(&context->request, etag, (int64_t)size, &from, &end)) {
    case HTTP_RANGE_NONE:
        break;
    case HTTP_RANGE_PART:
        reply->status = 206;
        http_reply_header(
            reply, "content-range",
            arena_printf(arena, "bytes %lld-%lld/%zu", (long long)from, (long long)end - 1, size));
        context->body_at = (size_t)from;
        context->range_end = (size_t)end;
        break;
    case HTTP_RANGE_OUTSIDE:
        http_download_fini(context);
        buf_fini(&reply->body);
        reply->header_count = 0;
        http_reply_header(reply, "content-range", arena_printf(arena, "bytes */%zu", size));
        http_reply_problem(reply, 416, http_says_beyond_end());
        break;
    }
}

void http_download_make(struct request_context *context)
{
    struct http_reply *reply = &context->reply;
    int (*produce)(struct http_stream *, void *) = reply->stream;
    if (context->head)
        return;
    reply->stream = NULL;
    if (!http_budget_begin(context, BUDGET_EXPORTS)) {
        reply->header_count = 0;
        http_reply_header(reply, "retry-after", "10");
        http_reply_problem(reply, 429, http_says_too_many_exports());
        return;
    }
    struct http_stream stream = {.context = context, .fd = -1};
    enum http_coding coding = reply->coded ? context->request.coding : HTTP_IDENTITY;
    if (coding != HTTP_IDENTITY && (stream.compressor = http_compressor_create(coding, 0)) != NULL)
        http_reply_header(reply, "content-encoding", http_coding_name(coding));
    int r = produce(&stream, reply->stream_ctx);
    if (r == 0)
        stream_put(&stream, "", 0, true);
    r = r < 0 ? r : stream.error;
    http_compressor_destroy(stream.compressor);
    if (r < 0)
        refuse_export(reply, r == HEARTH_ERR_CANCELLED && stream.error != 0 ? stream.error : r);
    if (r < 0 || reply->status != 200) { /* 304 */
        stream_drop(&stream);
        return;
    }
    context->spool_fd = stream.fd;
    context->spool_size = stream.space;
    if (stream.fd < 0) {
        atomic_fetch_sub(&context->loop->server->spooled, stream.space);
        reply->body = stream.small;
    }
    download_take_part(context, stream.space);
}

struct closing {
    int fd;
};

static void close_on_pool(void *job, void *worker)
{
    (void)worker;
    struct closing *closing = job;
    close(closing->fd);
    free(closing);
}

/* The file's blocks are freed by its last close: of a large one not on the loop. */
void http_download_fini(struct request_context *context)
{
    struct http_server *server = context->loop->server;
    if (context->spool_fd < 0)
        return;
    atomic_fetch_sub(&server->spooled, context->spool_size);
    const struct http_pool *pool = context->route == NULL || context->route->pool == NULL
                                       ? &server->options.pool
                                       : context->route->pool;
    struct closing *closing = context->spool_size < SLOW_TO_CLOSE ? NULL : malloc(sizeof(*closing));
    if (closing != NULL)
        closing->fd = context->spool_fd;
    if (closing == NULL || pool->run(pool->self, close_on_pool, NULL, closing, 0) < 0) {
        free(closing);
        close(context->spool_fd);
    }
    context->spool_fd = -1;
}
