#include "http/internal.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_LEVEL = 4, GZIP_FROM = 1024, WINDOW_GZIP = 15 + 16 };

static bool is_compressed(const struct http_reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, "content-encoding") == 0)
            return true;
    return false;
}

bool http_reply_gzip(struct http_reply *reply)
{
    if (is_compressed(reply) || reply->body.size <= GZIP_FROM || reply->fixed != NULL ||
        reply->shared != NULL || buf_failed(&reply->body))
        return false;
    z_stream z = {0};
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, WINDOW_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    struct buf out = {0};
    size_t bound = deflateBound(&z, reply->body.size);
    z.next_in = (unsigned char *)reply->body.data;
    z.avail_in = (uInt)reply->body.size;
    z.next_out = (unsigned char *)buf_reserve(&out, bound);
    z.avail_out = (uInt)bound;
    bool ok = z.next_out != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END &&
              z.total_out < reply->body.size;
    if (ok) {
        buf_grew(&out, z.total_out);
        buf_fini(&reply->body);
        reply->body = out;
        http_reply_header(reply, "content-encoding", "gzip");
    } else {
        buf_fini(&out);
    }
    deflateEnd(&z);
    return ok;
}

/* --- what is written piece by piece --- */

struct gzip {
    z_stream z;
    unsigned char out[32 * 1024];
};

struct gzip *http_gzip_create(void)
{
    struct gzip *gzip = calloc(1, sizeof(*gzip));
    if (gzip != NULL && deflateInit2(&gzip->z, GZIP_LEVEL, Z_DEFLATED, WINDOW_GZIP, 8,
                                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(gzip);
        return NULL;
    }
    return gzip;
}

void http_gzip_destroy(struct gzip *gzip)
{
    if (gzip == NULL)
        return;
    deflateEnd(&gzip->z);
    free(gzip);
}

int http_gzip_write(struct gzip *gzip, const void *bytes, size_t size, bool last,
                    int (*write)(void *ctx, const void *bytes, size_t size), void *ctx)
{
    int code = Z_OK, r = 0;
    gzip->z.next_in = (unsigned char *)(uintptr_t)bytes;
    gzip->z.avail_in = (uInt)size;
    do {
        gzip->z.next_out = gzip->out;
        gzip->z.avail_out = sizeof(gzip->out);
        code = deflate(&gzip->z, last ? Z_FINISH : Z_NO_FLUSH);
        size_t made = sizeof(gzip->out) - gzip->z.avail_out;
        if (code == Z_STREAM_ERROR)
            return HEARTH_ERR_NOMEM;
        if (made > 0)
            r = write(ctx, gzip->out, made);
    } while (r == 0 && gzip->z.avail_out == 0 && code != Z_STREAM_END);
    return r;
}
