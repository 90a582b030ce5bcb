/* Bodies as they go over the wire: gzip, and Brotli for who takes it, which makes a page of history
 * a tenth smaller in the same time, and longer lists more. */
#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>

#include "http/internal.h"

/* Brotli's window is 256 KiB: with a larger one, a list comes out no smaller. The whole of an
 * account does, and whoever asks for that asks once: a fifth less for three times the work. */
enum {
    GZIP_LEVEL = 4,
    GZIP_WINDOW = 15 + 16,
    BROTLI_LEVEL = 4,
    BROTLI_WINDOW = 18,
    BROTLI_LEVEL_LARGE = 9,
    BROTLI_WINDOW_LARGE = 22,
    COMPRESS_FROM = 1024,
    LARGE_FROM = 1 << BROTLI_WINDOW
};

struct compressor {
    enum http_coding coding;
    z_stream gzip;
    BrotliEncoderState *brotli;
    unsigned char out[32 * 1024];
};

const char *http_coding_name(enum http_coding coding)
{
    static const char *const names[] = {
        [HTTP_IDENTITY] = NULL, [HTTP_GZIP] = "gzip", [HTTP_BROTLI] = "br"};
    return names[coding];
}

struct compressor *http_compressor_create(enum http_coding coding, size_t size)
{
    struct compressor *compressor = calloc(1, sizeof(*compressor));
    bool ok = compressor != NULL, large = size > LARGE_FROM;
    uint32_t level = large ? BROTLI_LEVEL_LARGE : BROTLI_LEVEL,
             window = large ? BROTLI_WINDOW_LARGE : BROTLI_WINDOW;
    if (ok)
        compressor->coding = coding;
    if (ok && coding == HTTP_GZIP)
        ok = deflateInit2(&compressor->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK;
    if (ok && coding == HTTP_BROTLI)
        ok = (compressor->brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL)) != NULL &&
             BrotliEncoderSetParameter(compressor->brotli, BROTLI_PARAM_QUALITY, level) &&
             BrotliEncoderSetParameter(compressor->brotli, BROTLI_PARAM_LGWIN, window);
    if (ok)
        return compressor;
    http_compressor_destroy(compressor);
    return NULL;
}

void http_compressor_destroy(struct compressor *compressor)
{
    if (compressor == NULL)
        return;
    if (compressor->coding == HTTP_GZIP)
        deflateEnd(&compressor->gzip);
    if (compressor->brotli != NULL)
        BrotliEncoderDestroyInstance(compressor->brotli);
    free(compressor);
}

/* Fills `out`; false: it failed. */
static bool compress_some(struct compressor *compressor, const unsigned char **bytes, size_t *size,
                          bool last, size_t *ret_made, bool *ret_more)
{
    unsigned char *out = compressor->out;
    size_t room = sizeof(compressor->out);
    bool ok;
    if (compressor->coding == HTTP_BROTLI) {
        ok = BrotliEncoderCompressStream(compressor->brotli,
                                         last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS,
                                         size, bytes, &room, &out, NULL);
        *ret_more = *size > 0 || BrotliEncoderHasMoreOutput(compressor->brotli) ||
                    (last && !BrotliEncoderIsFinished(compressor->brotli));
    } else {
        z_stream *z = &compressor->gzip;
        z->next_in = (unsigned char *)(uintptr_t)*bytes;
        z->avail_in = (uInt)*size;
        z->next_out = out;
        z->avail_out = (uInt)room;
        int code = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
        ok = code != Z_STREAM_ERROR;
        room = z->avail_out;
        *bytes = z->next_in;
        *size = z->avail_in;
        *ret_more = room == 0 && code != Z_STREAM_END;
    }
    *ret_made = sizeof(compressor->out) - room;
    return ok;
}

int http_compressor_write(struct compressor *compressor, const void *bytes, size_t size, bool last,
                          int (*write)(void *ctx, const void *bytes, size_t size), void *ctx)
{
    const unsigned char *at = bytes;
    size_t made;
    bool more = true;
    for (int r = 0; more; more = more && r == 0) {
        if (!compress_some(compressor, &at, &size, last, &made, &more))
            return HEARTH_ERR_NOMEM;
        r = made > 0 ? write(ctx, compressor->out, made) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- whole bodies --- */

static int compress_into(void *ctx, const void *bytes, size_t size)
{
    struct buf *out = ctx;
    buf_add(out, bytes, size);
    return out->failed ? HEARTH_ERR_NOMEM : 0;
}

bool http_reply_compress(struct http_reply *reply, enum http_coding coding)
{
    if (coding == HTTP_IDENTITY || http_reply_header_value(reply, "content-encoding") != NULL ||
        reply->body.size <= COMPRESS_FROM || reply->fixed != NULL || reply->shared != NULL ||
        buf_failed(&reply->body))
        return false;
    struct buf out = {0};
    struct compressor *compressor = http_compressor_create(coding, reply->body.size);
    bool ok = compressor != NULL &&
              http_compressor_write(compressor, reply->body.data, reply->body.size, true,
                                    compress_into, &out) == 0 &&
              out.size < reply->body.size;
    http_compressor_destroy(compressor);
    if (ok) {
        buf_fini(&reply->body);
        reply->body = out;
        http_reply_header(reply, "content-encoding", http_coding_name(coding));
    } else {
        buf_fini(&out);
    }
    return ok;
}
