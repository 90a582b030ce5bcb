/* What HTTP/1 says about the form of a request (RFC 9112), checked before anybody acts on it.
 * libh2o takes what it can make sense of; when two programs in a chain make different sense of
 * the same bytes, one of them can be told what the other did not see. No h2o here, so that it
 * can be fuzzed. */
#ifndef HEARTH_CORE_HTTP_STRICT_H
#define HEARTH_CORE_HTTP_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As picohttpparser lays it out. name NULL: the line continues the one before. Points into the
 * request's bytes. */
struct strict_header {
    const char *name;
    size_t name_size;
    const char *value;
    size_t value_size;
};

/* A request as the parser has cut it. The bytes end with the empty line. */
struct strict_request {
    const char *bytes;
    size_t size;
    const char *method, *target;
    size_t method_size, target_size;
    struct strict_header *headers;
    size_t count;
};

/* The methods of this server's own making: no client can send them, for they are no tokens. */
#define STRICT_REFUSED "?"

/* NULL: it may go on; else what is wrong with it, in words. One pass over the bytes and one over
 * the headers. It may change, in what was cut: white space behind a value goes;
 * "http://host/path" becomes the path, when host is Host; Upgrade goes (h2c is not spoken: RFC
 * 9113 has dropped it, and through a proxy it is a way around that proxy's rules). */
const char *http_strict_check(struct strict_request *request);

/* Where a chunked body stands: all zero at its start, but for the second. As large as what
 * picohttpparser keeps there; all of it is ours. */
struct strict_chunks {
    size_t left; /* of the chunk */
    char wants_trailer;
    char count; /* digits of a size */
    char state;
    uint32_t framing; /* bytes between two chunks' data, so far */
};

/* Takes the framing out of *size bytes, in place; *size becomes the number of bytes of the body
 * among them. What follows the body is moved up behind it: how many bytes that is; -2: more is
 * to come; -1: it is malformed. */
ssize_t http_strict_chunked(struct strict_chunks *chunks, char *bytes, size_t *size);

/* "host", "host:port", "[v6]:port": the host's part, without brackets. False: it is none of
 * these. */
bool http_strict_authority(const char *text, size_t size, const char **ret_host,
                           size_t *ret_host_size);

#endif
