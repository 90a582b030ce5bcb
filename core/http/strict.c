#include "http/strict.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "codec/codec.h"

enum { LENGTH_DIGITS = 18, CHUNK_DIGITS = 15, EXTENSION_MAX = 100, TRAILER_MAX = 8 << 10 };

/* tchar of RFC 9110, 5.6.2. */
static bool is_token_char(unsigned char c)
{
    static const uint32_t of_token[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    return (of_token[c >> 5] >> (c & 31) & 1) != 0;
}

static bool is_token(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_token_char((unsigned char)text[i]))
            return false;
    return size > 0;
}

static bool is_digits(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return size > 0;
}

static bool strict_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool has_bare_line_feed(const char *bytes, size_t size)
{
    for (const char *p = bytes, *end = bytes + size;
         (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        if (p == bytes || p[-1] != '\r')
            return true;
    return false;
}

/* The parser takes any number behind "HTTP/1.". */
static const char *strict_check_version(const struct strict_request *request)
{
    const char *version = request->target + request->target_size + 1,
               *end = request->bytes + request->size;
    bool known = end - version >= 10 && memcmp(version, "HTTP/1.", 7) == 0 &&
                 (version[7] == '0' || version[7] == '1') && version[8] == '\r';
    return known ? NULL : "The version must be HTTP/1.0 or HTTP/1.1.";
}

/* --- host --- */

static bool is_name_char(char c)
{
    return codec_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool is_six_char(char c)
{
    return codec_hex_digit(c) >= 0 || c == '.' || c == ':';
}

bool http_strict_authority(const char *text, size_t size, const char **ret_host,
                           size_t *ret_host_size)
{
    size_t from = 0, n = 0, after;
    if (size > 0 && text[0] == '[') {
        from = 1;
        while (from + n < size && is_six_char(text[from + n]))
            n++;
        if (n == 0 || from + n == size || text[from + n] != ']')
            return false;
        after = from + n + 1;
    } else {
        while (n < size && is_name_char(text[n]))
            n++;
        after = n;
    }
    if (after < size && (n == 0 || text[after] != ':' || size - after > 6 ||
                         (size - after > 1 && !is_digits(text + after + 1, size - after - 1))))
        return false;
    *ret_host = text + from;
    *ret_host_size = n;
    return true;
}

/* --- headers --- */

struct found {
    const struct strict_header *host, *length, *coding;
    size_t hosts, lengths, codings;
};

static bool is_named(const struct strict_header *header, const char *name, size_t size)
{
    return header->name_size == size && strncasecmp(header->name, name, size) == 0;
}
#define IS_NAMED(header, name) is_named(header, name, sizeof(name) - 1)

static void note_header(const struct strict_header *header, struct found *found)
{
    if (IS_NAMED(header, "host")) {
        found->host = header;
        found->hosts++;
    } else if (IS_NAMED(header, "content-length")) {
        found->length = header;
        found->lengths++;
    } else if (IS_NAMED(header, "transfer-encoding")) {
        found->coding = header;
        found->codings++;
    }
}

/* Trims, drops what is not spoken here, and finds what decides where the request ends and whom
 * it is for. */
static const char *read_headers(struct strict_request *request, struct found *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < request->count; i++) {
        struct strict_header header = request->headers[i];
        if (header.name == NULL)
            return "A header is continued on a second line.";
        if (!is_token(header.name, header.name_size))
            return "The name of a header is malformed.";
        while (header.value_size > 0 && strict_is_blank(header.value[header.value_size - 1]))
            header.value_size--;
        if (IS_NAMED(&header, "upgrade"))
            continue;
        request->headers[kept] = header;
        note_header(&request->headers[kept++], found);
    }
    request->count = kept;
    return NULL;
}

static const char *check_length(const struct found *found, bool is_1_1)
{
    if (found->lengths > 0 && found->codings > 0)
        return "There are both Content-Length and Transfer-Encoding.";
    if (found->lengths > 1)
        return "There is more than one Content-Length.";
    if (found->codings > 1)
        return "There is more than one Transfer-Encoding.";
    if (found->lengths == 1 && (found->length->value_size > LENGTH_DIGITS ||
                                !is_digits(found->length->value, found->length->value_size)))
        return "Content-Length is not a number.";
    if (found->codings == 1 && !is_1_1)
        return "HTTP/1.0 has no Transfer-Encoding.";
    if (found->codings == 1 &&
        (found->coding->value_size != 7 || strncasecmp(found->coding->value, "chunked", 7) != 0))
        return "The only Transfer-Encoding that is understood here is chunked.";
    return NULL;
}

static const char *check_host(const struct found *found, bool is_1_1)
{
    const char *host;
    size_t size;
    if (found->hosts > 1)
        return "There is more than one Host.";
    if (found->hosts == 0)
        return is_1_1 ? "There is no Host." : NULL;
    return http_strict_authority(found->host->value, found->host->value_size, &host, &size)
               ? NULL
               : "Host is malformed.";
}

/* "http://host/path?query", as clients send it to proxies and may send it to anybody (RFC 9112,
 * 3.2.2). */
static const char *check_target(struct strict_request *request, const struct found *found)
{
    const char *target = request->target, *end = target + request->target_size;
    size_t scheme = 0;
    if (memchr(target, '#', request->target_size) != NULL)
        return "The address has a fragment.";
    if (target[0] == '/' || target[0] == '*')
        return NULL;
    if (request->target_size > 7 && strncasecmp(target, "http://", 7) == 0)
        scheme = 7;
    else if (request->target_size > 8 && strncasecmp(target, "https://", 8) == 0)
        scheme = 8;
    const char *authority = target + scheme,
               *path = memchr(authority, '/', (size_t)(end - authority)), *host;
    size_t size = path == NULL ? (size_t)(end - authority) : (size_t)(path - authority), host_size;
    if (scheme == 0 || !http_strict_authority(authority, size, &host, &host_size) || host_size == 0)
        return "The address is malformed.";
    if (found->hosts == 1 &&
        (found->host->value_size != size || strncasecmp(found->host->value, authority, size) != 0))
        return "The address and Host name different servers.";
    request->target = path == NULL ? "/" : path;
    request->target_size = path == NULL ? 1 : (size_t)(end - path);
    return NULL;
}

const char *http_strict_check(struct strict_request *request)
{
    struct found found = {0};
    if (has_bare_line_feed(request->bytes, request->size))
        return "A line ends with a line feed alone.";
    if (!is_token(request->method, request->method_size) || request->target_size == 0)
        return "The request line is malformed.";
    const char *wrong = strict_check_version(request);
    bool is_1_1 = wrong == NULL && request->target[request->target_size + 8] == '1';
    if (wrong == NULL)
        wrong = read_headers(request, &found);
    if (wrong == NULL)
        wrong = check_length(&found, is_1_1);
    if (wrong == NULL)
        wrong = check_host(&found, is_1_1);
    return wrong == NULL ? check_target(request, &found) : wrong;
}

/* --- chunked bodies --- */

/*  SIZE ──► BLANK ──► EXTENSION ──► SIZE_END ──► DATA ──► DATA_CR ──► DATA_END ──► SIZE
 *    (both may be left out)            └── of 0 ──► TRAILER ──► LINE ──► LINE_END ──► TRAILER
 *                                                      └──► LAST_END ──► DONE                */
enum {
    SIZE,
    BLANK,
    EXTENSION,
    SIZE_END,
    DATA,
    DATA_CR,
    DATA_END,
    TRAILER,
    LINE,
    LINE_END,
    LAST_END,
    DONE,
    BROKEN
};

static bool strict_is_text(char c)
{
    return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\t';
}

static int after_size(struct strict_chunks *chunks, char c)
{
    int digit = codec_hex_digit(c);
    if (digit >= 0 && chunks->count < CHUNK_DIGITS) {
        chunks->left = chunks->left * 16 + (size_t)digit;
        chunks->count++;
        return SIZE;
    }
    if (digit >= 0 || chunks->count == 0)
        return BROKEN;
    return c == '\r' ? SIZE_END : c == ';' ? EXTENSION : strict_is_blank(c) ? BLANK : BROKEN;
}

static int after_extension(struct strict_chunks *chunks, char c)
{
    if (c == '\r')
        return SIZE_END;
    return strict_is_text(c) && chunks->framing <= EXTENSION_MAX ? EXTENSION : BROKEN;
}

static int after_trailer(struct strict_chunks *chunks, char c)
{
    if (chunks->framing > TRAILER_MAX)
        return BROKEN;
    if (chunks->state == TRAILER)
        return c == '\r' ? LAST_END : is_token_char((unsigned char)c) ? LINE : BROKEN;
    return c == '\r' ? LINE_END : strict_is_text(c) ? LINE : BROKEN;
}

/* What comes behind c, which is none of a chunk's own bytes. */
static int after_framing(struct strict_chunks *chunks, char c)
{
    switch (chunks->state) {
    case SIZE:
        return after_size(chunks, c);
    case BLANK:
        return strict_is_blank(c) && chunks->framing <= EXTENSION_MAX ? BLANK
               : c == '\r'                                            ? SIZE_END
               : c == ';'                                             ? EXTENSION
                                                                      : BROKEN;
    case EXTENSION:
        return after_extension(chunks, c);
    case SIZE_END:
        chunks->count = 0;
        chunks->framing = 0;
        return c != '\n' ? BROKEN : chunks->left == 0 ? TRAILER : DATA;
    case DATA_CR:
        return c == '\r' ? DATA_END : BROKEN;
    case DATA_END:
        chunks->framing = 0;
        return c == '\n' ? SIZE : BROKEN;
    case TRAILER:
    case LINE:
        return after_trailer(chunks, c);
    case LINE_END:
        return c == '\n' ? TRAILER : BROKEN;
    case LAST_END:
        return c == '\n' ? DONE : BROKEN;
    default:
        return BROKEN;
    }
}

ssize_t http_strict_chunked(struct strict_chunks *chunks, char *bytes, size_t *size)
{
    size_t to = 0, from = 0;
    while (from < *size && chunks->state != DONE && chunks->state != BROKEN) {
        if (chunks->state != DATA) {
            chunks->framing++;
            chunks->state = (char)after_framing(chunks, bytes[from++]);
            continue;
        }
        size_t n = *size - from < chunks->left ? *size - from : chunks->left;
        memmove(bytes + to, bytes + from, n);
        to += n;
        from += n;
        chunks->left -= n;
        if (chunks->left == 0)
            chunks->state = DATA_CR;
    }
    size_t rest = *size - from;
    memmove(bytes + to, bytes + from, rest);
    *size = to;
    return chunks->state == DONE ? (ssize_t)rest : chunks->state == BROKEN ? -1 : -2;
}
