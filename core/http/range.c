/* A part of a download (RFC 9110, 14): one range of bytes, of the answer as it is coded. */
#include <string.h>

#include "base/str.h"
#include "http/internal.h"

/* Up to a character that is no digit; -1: there is none, or too many. */
static int64_t range_number(const char **at)
{
    char digits[20];
    size_t n = strspn(*at, "0123456789");
    int64_t value = -1;
    if (n == 0 || n >= sizeof(digits))
        return -1;
    memcpy(digits, *at, n);
    digits[n] = '\0';
    *at += n;
    return str_to_int(digits, &value) ? value : -1;
}

/* "bytes=FIRST-LAST", "bytes=FIRST-", "bytes=-LAST_BYTES". Whatever is not understood, and a list
 * of ranges, is as if it was not said. */
static enum http_range range_parse(const char *text, int64_t size, int64_t *ret_from,
                                   int64_t *ret_end)
{
    if (text == NULL || !str_starts(text, "bytes="))
        return HTTP_RANGE_NONE;
    const char *at = text + strlen("bytes=");
    int64_t first = *at == '-' ? -1 : range_number(&at);
    if (*at != '-' || (first < 0 && at != text + strlen("bytes=")))
        return HTTP_RANGE_NONE;
    at++;
    int64_t last = *at == '\0' ? -1 : range_number(&at);
    if (*at != '\0' || (last < 0 && (first < 0 || at[-1] != '-')) ||
        (first >= 0 && last >= 0 && last < first))
        return HTTP_RANGE_NONE;
    *ret_from = first >= 0 ? first : last < size ? size - last : 0;
    *ret_end = first >= 0 && last >= 0 && last < size - 1 ? last + 1 : size;
    return *ret_from < *ret_end ? HTTP_RANGE_PART : HTTP_RANGE_OUTSIDE;
}

enum http_range http_range_find(const struct http_request *request, const char *etag, int64_t size,
                                int64_t *ret_from, int64_t *ret_end)
{
    /* a date, or a weak tag, says not enough */
    if (request->if_range != NULL && (etag == NULL || strcmp(request->if_range, etag) != 0))
        return HTTP_RANGE_NONE;
    return range_parse(request->range, size, ret_from, ret_end);
}
