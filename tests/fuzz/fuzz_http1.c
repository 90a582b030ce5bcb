/* HTTP/1 as it comes in: libh2o's parser and ours behind it, then chunks, whole and in pieces. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "http/preempt.h"
#include "http/strict.h"

enum { HEADERS = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int phr_parse_request(const char *bytes, size_t size, const char **ret_method,
                      size_t *ret_method_size, const char **ret_target, size_t *ret_target_size,
                      int *ret_minor, struct strict_header *headers, size_t *count, size_t seen);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static char *copy_of(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    check(bytes != NULL);
    memcpy(bytes, data, size);
    return bytes;
}

static size_t count_named(const struct strict_header *headers, size_t count, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += headers[i].name_size == strlen(name) &&
             strncasecmp(headers[i].name, name, strlen(name)) == 0;
    return n;
}

/* What went on can be read in one way only. */
static void check_request(const char *bytes, size_t size, int minor, const char *target,
                          const struct strict_header *headers, size_t count)
{
    size_t lengths = count_named(headers, count, "content-length"),
           codings = count_named(headers, count, "transfer-encoding");
    size_t hosts = count_named(headers, count, "host");
    check(size >= 2 && memcmp(bytes + size - 2, "\r\n", 2) == 0);
    for (size_t i = 0; i < size; i++)
        check(bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r'));
    check(minor == 0 || minor == 1);
    check(lengths + codings <= 1 && hosts <= 1 && (hosts == 1 || minor == 0) &&
          (codings == 0 || minor == 1));
    check(count_named(headers, count, "upgrade") == 0 && (target[0] == '/' || target[0] == '*'));
    for (size_t i = 0; i < count; i++) {
        check(headers[i].name != NULL && headers[i].name_size > 0 &&
              memchr(headers[i].name, ' ', headers[i].name_size) == NULL);
        check(headers[i].value_size == 0 || headers[i].value[headers[i].value_size - 1] != ' ');
    }
}

static void try_request(const uint8_t *data, size_t size)
{
    struct strict_header headers[HEADERS];
    const char *method, *target;
    size_t method_size, target_size, count = HEADERS;
    int minor;
    char *bytes = copy_of(data, size);
    int r = phr_parse_request(bytes, size, &method, &method_size, &target, &target_size, &minor,
                              headers, &count, 0);
    check(r == -1 || r == -2 || (r >= 0 && (size_t)r <= size));
    bool refused = r >= 0 && method_size == 1 && method[0] == STRICT_REFUSED[0];
    if (refused)
        check((size_t)r == size && minor == 0 && count == 0 && target_size > 0);
    else if (r >= 0)
        check_request(bytes, (size_t)r, minor, target, headers, count);
    free(bytes);
}

/* The body, NUL-terminated, as far as it was understood; *ret: what the last call said. */
static char *decode(const uint8_t *data, size_t size, size_t piece, ssize_t *ret)
{
    struct strict_chunks chunks = {0};
    char *bytes = copy_of(data, size);
    size_t body = 0, at = 0;
    *ret = -2;
    while (at < size && *ret == -2) {
        /* as h2o does it: what comes next is put behind the body so far */
        size_t n = size - at < piece ? size - at : piece, decoded = n;
        memmove(bytes + body, data + at, n);
        *ret = http_strict_chunked(&chunks, bytes + body, &decoded);
        check(decoded <= n && (*ret < 0 || (size_t)*ret <= n - decoded));
        if (*ret >= 0) {
            check(memcmp(bytes + body + decoded, data + at + n - (size_t)*ret, (size_t)*ret) == 0);
            *ret += (ssize_t)(size - at - n);
        }
        body += decoded;
        at += n;
    }
    bytes[body] = '\0';
    return bytes;
}

static void try_chunks(const uint8_t *data, size_t size)
{
    ssize_t whole_end, pieces_end;
    char *whole = decode(data, size, size, &whole_end);
    for (size_t piece = 1; piece < 8; piece += 3) {
        char *pieces = decode(data, size, piece, &pieces_end);
        check(whole_end == pieces_end && strcmp(whole, pieces) == 0);
        free(pieces);
    }
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct err err = {0};
    if (!ready)
        check(http_preempt_init(&err) == 0);
    ready = true;
    try_request(data, size);
    if (size > 0)
        try_chunks(data, size);
    return 0;
}
