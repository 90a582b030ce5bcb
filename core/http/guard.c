/* What h2o makes of HTTP/2 header blocks. Bounds before it expands them: its release turns 35 MB on one connection into 4.3 GB ("HPACK
 * bomb"). And trailers are no headers: it appends them to the request's, behind the back of every proxy that removes or sets headers.
 * libh2o calls the function below through its PLT, so a definition in the executable takes its place. */
#include "http/internal.h"

#include <dlfcn.h>

typedef int (*parse_headers_fn)(h2o_req_t *, void *, const uint8_t *, size_t, int *, size_t *, void **, const char **);

static struct {
    size_t block_bytes, fields;
} limits = {32 * 1024, 128};

static parse_headers_fn real_parse_headers;

/* Declared in h2o/http2_internal.h, which cannot be included (it needs khash.h, which the package lacks). */
__attribute__((visibility("default"))) int h2o_hpack_parse_headers(h2o_req_t *req, void *table, const uint8_t *src, size_t len, int *map,
                                                                   size_t *content_length, void **digests, const char **err_desc);

/* map: of the pseudo headers that were there; NULL for trailers. Those are parsed for the table that all blocks share, and dropped: also
 * what a Host among them did to a request without :authority. */
static int parse_block(h2o_req_t *req, void *table, const uint8_t *src, size_t len, int *map, size_t *content_length, void **digests,
                       const char **err_desc)
{
    bool trailers = map == NULL;
    size_t fields = req->headers.size;
    __typeof__(req->input) input = req->input;
    int r = real_parse_headers(req, table, src, len, map, content_length, digests, err_desc);
    if (r == 0 && req->headers.size > limits.fields) {
        *err_desc = "header block too large";
        r = H2O_HTTP2_ERROR_ENHANCE_YOUR_CALM;
    }
    if (trailers) {
        req->headers.size = fields;
        req->input = input;
    }
    return r;
}

int h2o_hpack_parse_headers(h2o_req_t *req, void *table, const uint8_t *src, size_t len, int *map, size_t *content_length, void **digests,
                            const char **err_desc)
{
    if (len <= limits.block_bytes)
        return parse_block(req, table, src, len, map, content_length, digests, err_desc);
    *err_desc = "header block too large";
    return H2O_HTTP2_ERROR_ENHANCE_YOUR_CALM; /* ends the connection: the shared table is out of step now */
}

int guard_check(struct err *err)
{
    void *next = dlsym(RTLD_NEXT, "h2o_hpack_parse_headers"), *first = dlsym(RTLD_DEFAULT, "h2o_hpack_parse_headers");
    parse_headers_fn mine = h2o_hpack_parse_headers;
    if (next == NULL || memcmp(&first, &mine, sizeof(first)) != 0 || next == first)
        return err_set(err, HEARTH_ERR_INTERNAL,
                       "the bound on HTTP/2 header blocks is not in force (the executable does not export h2o_hpack_parse_headers)");
    memcpy(&real_parse_headers, &next, sizeof(next));
    return 0;
}

void guard_set_limits(size_t block_bytes, size_t fields)
{
    limits.block_bytes = block_bytes;
    limits.fields = fields;
}

size_t guard_header_bytes(const h2o_req_t *req)
{
    size_t size = req->input.path.len + req->input.authority.len;
    for (size_t i = 0; i < req->headers.size; i++)
        size += req->headers.entries[i].name->len + req->headers.entries[i].value.len + 4;
    return size;
}
