/* What h2o makes of HTTP/2 header blocks. Bounds before it expands them: its release turns 35 MB
 * on one connection into 4.3 GB ("HPACK bomb"). And trailers are no headers: it appends them to
 * the request's, behind the back of every proxy that removes or sets headers. The function below
 * takes the place of libh2o's (h2o_compat.h). */
#include "http/internal.h"

#include <dlfcn.h>

static struct {
    size_t block_bytes, fields;
} limits = {32 * 1024, 128};

static __typeof__(&H2O_COMPAT_PARSE_BLOCK) real_parse_block;

/* Trailers are parsed for the table that all blocks share, and dropped: also what a Host among
 * them did to a request without :authority. */
static int hpack_limit_parse_block(H2O_COMPAT_BLOCK_PARAMETERS)
{
    bool trailers = map == NULL;
    size_t fields = req->headers.size;
    __typeof__(req->input) input = req->input;
    int r = real_parse_block(H2O_COMPAT_BLOCK_ARGUMENTS);
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

H2O_COMPAT_PREEMPTS int H2O_COMPAT_PARSE_BLOCK(H2O_COMPAT_BLOCK_PARAMETERS)
{
    if (len <= limits.block_bytes)
        return hpack_limit_parse_block(H2O_COMPAT_BLOCK_ARGUMENTS);
    *err_desc = "header block too large";
    /* ends the connection: the shared table is out of step now */
    return H2O_HTTP2_ERROR_ENHANCE_YOUR_CALM;
}

int http_hpack_limit_check(struct err *err)
{
    const char *name = H2O_COMPAT_PARSE_BLOCK_NAME;
    void *next = dlsym(RTLD_NEXT, name), *first = dlsym(RTLD_DEFAULT, name);
    __typeof__(&H2O_COMPAT_PARSE_BLOCK) mine = H2O_COMPAT_PARSE_BLOCK;
    if (next == NULL || memcmp(&first, &mine, sizeof(first)) != 0 || next == first)
        return err_set(
            err, HEARTH_ERR_INTERNAL,
            "the bound on HTTP/2 header blocks is not in force (the executable does not export %s)",
            name);
    memcpy(&real_parse_block, &next, sizeof(next));
    return 0;
}

void http_hpack_limit_set(size_t block_bytes, size_t fields)
{
    limits.block_bytes = block_bytes;
    limits.fields = fields;
}

size_t http_header_bytes(const h2o_req_t *req)
{
    size_t size = req->input.path.len + req->input.authority.len;
    for (size_t i = 0; i < req->headers.size; i++)
        size += req->headers.entries[i].name->len + req->headers.entries[i].value.len + 4;
    return size;
}
