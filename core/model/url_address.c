/* IPv4 and IPv6 addresses in URLs, in every form in which they are written. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "codec/codec.h"
#include "hearth/plugin.h"
#include "model/url_internal.h"

/* --- IPv4 --- */

/* Decimal, octal behind 0, hexadecimal behind 0x; what is too much is UINT32_MAX + 1. */
static int ipv4_number(const char *text, size_t size, uint64_t *ret_number)
{
    uint64_t number = 0;
    int base = 10;
    if (size == 0)
        return HEARTH_ERR_INVALID;
    if (size >= 2 && text[0] == '0') {
        bool hex = codec_lower(text[1]) == 'x';
        base = hex ? 16 : 8;
        text += hex ? 2 : 1;
        size -= hex ? 2 : 1;
    }
    for (size_t i = 0; i < size; i++) {
        int digit = codec_hex_digit(text[i]);
        if (digit < 0 || digit >= base)
            return HEARTH_ERR_INVALID;
        number = number * (uint64_t)base + (uint64_t)digit;
        if (number > UINT32_MAX)
            number = (uint64_t)UINT32_MAX + 1;
    }
    *ret_number = number;
    return 0;
}

static size_t without_last_dot(const char *host, size_t size)
{
    return size > 0 && host[size - 1] == '.' ? size - 1 : size;
}

bool model_url_is_ipv4(const char *host, size_t size)
{
    size = without_last_dot(host, size);
    const char *dot = size == 0 ? NULL : memrchr(host, '.', size);
    const char *last = dot == NULL ? host : dot + 1;
    size_t n = (size_t)(host + size - last), digits = 0;
    while (digits < n && last[digits] >= '0' && last[digits] <= '9')
        digits++;
    uint64_t number;
    return n > 0 && (digits == n || ipv4_number(last, n, &number) == 0);
}

int model_url_put_ipv4(struct buf *out, const char *host, size_t size)
{
    uint64_t address = 0, number = 0;
    int parts = 0;
    size = without_last_dot(host, size);
    if (size >= 2 && host[size - 2] == '0' && codec_lower(host[size - 1]) == 'x')
        return HEARTH_ERR_INVALID; /* nothing behind it: not in Firefox */
    for (const char *end = host + size; host <= end; parts++) {
        const char *dot = memchr(host, '.', (size_t)(end - host));
        const char *stop = dot == NULL ? end : dot;
        if (parts == 4 || number > 255 || ipv4_number(host, (size_t)(stop - host), &number) < 0)
            return HEARTH_ERR_INVALID;
        if (dot != NULL)
            address = address << 8 | number;
        host = stop + 1;
    }
    if (number >> (8 * (5 - parts)) != 0)
        return HEARTH_ERR_INVALID;
    address = address << (8 * (5 - parts)) | number;
    buf_printf(out, "%u.%u.%u.%u", (unsigned)(address >> 24 & 255), (unsigned)(address >> 16 & 255),
               (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
    return 0;
}

/* --- IPv6 --- */

static void put_pieces(struct buf *out, const uint16_t pieces[8])
{
    int best = -1, longest = 1; /* a single zero is not left out */
    for (int i = 0, n; i < 8; i += n) {
        for (n = 0; i + n < 8 && pieces[i + n] == 0; n++)
            ;
        if (n > longest) {
            best = i;
            longest = n;
        }
        n += n == 0;
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            buf_add_text(out, i == 0 ? "::" : ":");
            i += longest - 1;
            continue;
        }
        buf_printf(out, i < 7 ? "%x:" : "%x", pieces[i]);
    }
}

int model_url_put_ipv6(struct buf *out, const char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    uint16_t pieces[8];
    if (size >= sizeof(address))
        return HEARTH_ERR_INVALID;
    memcpy(address, text, size);
    address[size] = '\0';
    if (inet_pton(AF_INET6, address, bytes) != 1)
        return HEARTH_ERR_INVALID;
    for (int i = 0; i < 8; i++)
        pieces[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    buf_add_char(out, '[');
    put_pieces(out, pieces);
    buf_add_char(out, ']');
    return 0;
}
