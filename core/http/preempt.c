/* Each of these takes the place of a function of libh2o (h2o_compat.h). HTTP/1 is parsed by
 * libh2o and then checked by strict.c; what requests held is wiped before its memory is used
 * again: h2o's pools and buffers are recycled, and would keep bearer tokens and cookies for as
 * long as the process lives. */
#include "http/preempt.h"

#include <dlfcn.h>
#include <malloc.h>
#include <string.h>

#include "http/internal.h"
#include "http/strict.h"

static struct {
    __typeof__(&phr_parse_request) parse_request;
    __typeof__(&h2o_send_error_generic) send_error;
    __typeof__(&h2o_mem_free_recycle) free_recycle;
    __typeof__(&h2o_mem_clear_pool) clear_pool;
    __typeof__(&h2o_mem_alloc_shared) alloc_shared;
    __typeof__(&h2o_buffer_reserve) buffer_reserve;
    __typeof__(&h2o_buffer_consume) buffer_consume;
    __typeof__(&h2o_buffer__do_free) buffer_free;
} real;

/* --- HTTP/1 --- */

static bool is_http2_preface(const char *bytes, size_t size)
{
    return size >= 12 && memcmp(bytes, "PRI * HTTP/2", 12) == 0;
}

/* A request that may not go on becomes one that no client can send, with the reason as its
 * address: request.c answers it, and the connection ends. What follows it is not looked at:
 * nobody knows where it begins. */
static int refuse_request(size_t size, struct strict_request *request, const char *wrong,
                          int *ret_minor)
{
    request->method = STRICT_REFUSED;
    request->method_size = sizeof(STRICT_REFUSED) - 1;
    request->target = wrong;
    request->target_size = strlen(wrong);
    request->count = 0;
    *ret_minor = 0; /* not persistent */
    return (int)size;
}

int phr_parse_request(const char *bytes, size_t size, const char **ret_method,
                      size_t *ret_method_size, const char **ret_target, size_t *ret_target_size,
                      int *ret_minor, struct strict_header *headers, size_t *count, size_t seen)
{
    int r = real.parse_request(bytes, size, ret_method, ret_method_size, ret_target,
                               ret_target_size, ret_minor, headers, count, seen);
    bool is_text =
        size > 0 && (bytes[0] == '\r' || bytes[0] == '\n' || (bytes[0] >= ' ' && bytes[0] < 0x7f));
    /* a TLS hello gets no answer in words */
    if (r == -2 || (r < 0 && (!is_text || is_http2_preface(bytes, size))))
        return r;
    struct strict_request request = {
        bytes,   (size_t)r, *ret_method, *ret_target, *ret_method_size, *ret_target_size,
        headers, *count};
    const char *wrong = r < 0 ? "The request is malformed." : http_strict_check(&request);
    if (wrong != NULL)
        r = refuse_request(size, &request, wrong, ret_minor);
    *ret_method = request.method;
    *ret_method_size = request.method_size;
    *ret_target = request.target;
    *ret_target_size = request.target_size;
    *count = request.count;
    return r;
}

/* What was decoded is shorter: of the rest nothing stays behind it. */
ssize_t phr_decode_chunked(struct strict_chunks *chunks, char *bytes, size_t *size)
{
    size_t before = *size;
    ssize_t r = http_strict_chunked(chunks, bytes, size);
    size_t after = *size + (r > 0 ? (size_t)r : 0);
    explicit_bzero(bytes + after, before - after);
    return r;
}

/* What h2o refuses by itself: a chunk that is malformed, a body that is too large. */
H2O_COMPAT_PREEMPTS void h2o_send_error_generic(h2o_req_t *req, int status, const char *reason,
                                                const char *body, int flags)
{
    if ((flags & H2O_SEND_ERROR_KEEP_HEADERS) == 0)
        req->res.headers = (h2o_headers_t){NULL};
    http_head_add_to_refusal(req);
    real.send_error(req, status, reason, body, flags | H2O_SEND_ERROR_KEEP_HEADERS);
}

/* --- what requests held --- */

/* Only what held something is overwritten, once, and in vectors: a pool's chunk has 4 KiB and a
 * buffer 8, of which a request uses little. */

static _Thread_local struct {
    const h2o_mem_pool_t *pool; /* is being cleared */
    /* its newest chunk is the next that is given back: the only one that is not full */
    bool newest;
    const h2o_buffer_t *buffer; /* is being given back, and overwritten already */
} now;

/* How much of it held something. */
static size_t used_bytes(void *piece)
{
    if (piece == now.buffer)
        return 0;
    if (now.pool == NULL || !now.newest || piece != h2o_compat_newest_chunk(now.pool))
        return malloc_usable_size(piece);
    now.newest = false;
    return h2o_compat_newest_used(now.pool);
}

/* Chunks of request pools, and small buffers. */
H2O_COMPAT_PREEMPTS void h2o_mem_free_recycle(h2o_mem_recycle_t *allocator, void *p)
{
    explicit_bzero(p, used_bytes(p));
    real.free_recycle(allocator, p);
}

H2O_COMPAT_PREEMPTS void h2o_mem_clear_pool(h2o_mem_pool_t *pool)
{
    __typeof__(now) outer = now;
    for (void **piece = h2o_compat_large_pieces(pool); piece != NULL; piece = *piece)
        explicit_bzero(piece + 1, malloc_usable_size(piece) - sizeof(*piece));
    now.pool = pool;
    now.newest = true;
    real.clear_pool(pool);
    now = outer;
}

static void wipe_shared(void *bytes)
{
    struct h2o_compat_shared *entry =
        H2O_STRUCT_FROM_MEMBER(struct h2o_compat_shared, bytes, bytes);
    explicit_bzero(bytes, malloc_usable_size(entry) - sizeof(*entry));
}

/* Values of HTTP/2 headers, in requests and in the tables of compression. */
H2O_COMPAT_PREEMPTS void *h2o_mem_alloc_shared(h2o_mem_pool_t *pool, size_t size,
                                               void (*dispose)(void *))
{
    return real.alloc_shared(pool, size, dispose == NULL ? wipe_shared : dispose);
}

/* In a buffer nothing is left but its `size` bytes: what is consumed of it, or moved to its
 * beginning, is overwritten at its old place. */

H2O_COMPAT_PREEMPTS h2o_iovec_t h2o_buffer_reserve(h2o_buffer_t **buffer, size_t room)
{
    const h2o_buffer_t *before = *buffer;
    char *from = before->bytes;
    size_t size = before->size;
    h2o_iovec_t r = real.buffer_reserve(buffer, room);
    if (*buffer == before && from != NULL && before->bytes != from) {
        char *end = before->bytes + size, *stale = end > from ? end : from;
        explicit_bzero(stale, (size_t)(from + size - stale));
    }
    return r;
}

H2O_COMPAT_PREEMPTS void h2o_buffer_consume(h2o_buffer_t **buffer, size_t size)
{
    if (size < (*buffer)->size) /* else the buffer is given back */
        explicit_bzero((*buffer)->bytes, size);
    real.buffer_consume(buffer, size);
}

H2O_COMPAT_PREEMPTS void h2o_buffer__do_free(h2o_buffer_t *buffer)
{
    const h2o_buffer_t *outer = now.buffer;
    if (h2o_compat_in_memory(buffer))
        explicit_bzero(buffer->bytes, buffer->size);
    now.buffer = buffer;
    real.buffer_free(buffer);
    now.buffer = outer;
}

/* --- */

int http_preempt_init(struct err *err)
{
    static const struct {
        const char *name;
        void *mine, **real; /* NULL: not needed */
    } functions[] = {
        {"phr_parse_request", (void *)phr_parse_request, (void **)&real.parse_request},
        {"phr_decode_chunked", (void *)phr_decode_chunked, NULL},
        {"h2o_send_error_generic", (void *)h2o_send_error_generic, (void **)&real.send_error},
        {"h2o_mem_free_recycle", (void *)h2o_mem_free_recycle, (void **)&real.free_recycle},
        {"h2o_mem_clear_pool", (void *)h2o_mem_clear_pool, (void **)&real.clear_pool},
        {"h2o_mem_alloc_shared", (void *)h2o_mem_alloc_shared, (void **)&real.alloc_shared},
        {"h2o_buffer_reserve", (void *)h2o_buffer_reserve, (void **)&real.buffer_reserve},
        {"h2o_buffer_consume", (void *)h2o_buffer_consume, (void **)&real.buffer_consume},
        {"h2o_buffer__do_free", (void *)h2o_buffer__do_free, (void **)&real.buffer_free},
    };
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *next = dlsym(RTLD_NEXT, functions[i].name),
             *first = dlsym(RTLD_DEFAULT, functions[i].name);
        if (next == NULL || first != functions[i].mine || next == first)
            return err_set(
                err, HEARTH_ERR_INTERNAL,
                "this program was linked wrongly: it does not export %s, which libh2o is to call",
                functions[i].name);
        if (functions[i].real != NULL)
            *functions[i].real = next;
    }
    return 0;
}
