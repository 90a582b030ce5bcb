#include "base/str.h"

#include "base/magic.h"
#include "codec/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool str_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Levenshtein distance, at most 99. */
static int edit_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    int row[MAX + 1];
    if (n > MAX || m > MAX)
        return 99;
    for (size_t k = 0; k <= m; k++)
        row[k] = (int)k;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t k = 1; k <= m; k++) {
            int best = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            best = row[k] + 1 < best ? row[k] + 1 : best;
            row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
        }
    }
    return row[m];
}

bool str_is_nearer(const char *typed, const char *known, int *distance)
{
    int d = edit_distance(known, typed);
    if (d >= *distance || (size_t)d * 2 > strlen(typed) + 1)
        return false;
    *distance = d;
    return true;
}

/* The number at the start of text; *ret_rest is what follows. */
static bool leading_int(const char *text, int64_t *ret, const char **ret_rest)
{
    const char *digits = text + (*text == '-');
    if (*digits < '0' || *digits > '9')
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0)
        return false;
    *ret = value;
    *ret_rest = end;
    return true;
}

bool str_to_int(const char *text, int64_t *ret)
{
    int64_t value;
    const char *rest;
    if (!leading_int(text, &value, &rest) || *rest != '\0')
        return false;
    *ret = value;
    return true;
}

struct unit {
    const char *name;
    int64_t factor;
};

static bool with_unit(const char *text, const struct unit *units, int64_t *ret)
{
    int64_t value;
    const char *rest;
    if (!leading_int(text, &value, &rest) || value < 0)
        return false;
    while (*rest == ' ')
        rest++;
    for (const struct unit *u = units; u->name != NULL; u++)
        if (strcmp(rest, u->name) == 0 && (u->factor != 0 || value == 0) &&
            (value == 0 || value <= INT64_MAX / u->factor)) {
            *ret = value * u->factor;
            return true;
        }
    return false;
}

bool str_to_duration(const char *text, int64_t *ret_ms)
{
    static const struct unit units[] = {
        {"", 0},           {"ms", 1},          {"s", 1000},    {"sec", 1000},
        {"min", 60000},    {"m", 60000},       {"h", 3600000}, {"d", 86400000},
        {"day", 86400000}, {"days", 86400000}, {NULL, 0}};
    return with_unit(text, units, ret_ms);
}

bool str_to_size(const char *text, int64_t *ret_bytes)
{
    static const struct unit units[] = {
        {"", 1},       {"B", 1},         {"kB", 1000},        {"MB", 1000000}, {"GB", 1000000000},
        {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {NULL, 0}};
    return with_unit(text, units, ret_bytes);
}

/* units: the largest first, the last one is 1. */
static const char *put_with_unit(int64_t value, const struct unit *units, char ret[24])
{
    while (units->factor > 1 && (value == 0 || value % units->factor != 0))
        units++;
    snprintf(ret, 24, "%lld%s", (long long)(value / units->factor), units->name);
    return ret;
}

const char *str_put_duration(int64_t ms, char ret[24])
{
    static const struct unit units[] = {
        {"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
    return put_with_unit(ms, units, ret);
}

const char *str_put_size(int64_t bytes, char ret[24])
{
    static const struct unit units[] = {
        {"GiB", 1073741824}, {"MiB", 1048576}, {"KiB", 1024}, {" bytes", 1}};
    return put_with_unit(bytes, units, ret);
}

bool str_to_bool(const char *text, bool *ret)
{
    static const char *const yes[] = {"yes", "on", "true", "1"}, *const no[] = {"no", "off",
                                                                                "false", "0"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *ret = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

void str_copy(char *ret, size_t size, const char *text)
{
    size_t n = strlen(text);
    ASSERT(n < size);
    memcpy(ret, text, n + 1);
}

void str_folder(const char *path, char *ret, size_t size)
{
    const char *slash = strrchr(path, '/');
    str_copy(ret, size, slash == NULL ? "." : path);
    if (slash != NULL)
        ret[slash == path ? 1 : slash - path] = '\0';
}

void str_cut(char *ret, size_t size, const char *text)
{
    snprintf(ret, size, "%s", text);
}

static bool is_utf8_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

const char *str_ends(char *ret, size_t size, const char *text)
{
    static const char gap[] = "…";
    size_t n = strlen(text);
    if (n < size) {
        memcpy(ret, text, n + 1);
        return ret;
    }
    size_t room = size - sizeof(gap), head = room / 2, tail = n - (room - head);
    /* a character is there as a whole or not at all */
    while (head > 0 && is_utf8_continuation(text[head]))
        head--;
    while (is_utf8_continuation(text[tail]))
        tail++;
    memcpy(ret, text, head);
    memcpy(ret + head, gap, sizeof(gap) - 1);
    memcpy(ret + head + sizeof(gap) - 1, text + tail, n - tail + 1);
    return ret;
}

bool str_is_utf8(const char *text, size_t size)
{
    return codec_utf8_valid(text, size);
}

uint32_t str_next_char(const char *text, size_t size, size_t *at)
{
    const unsigned char *s = (const unsigned char *)text + *at;
    size_t left = size - *at;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n > left)
        n = left;
    *at += n;
    switch (n) {
    case 1:
        return s[0];
    case 2:
        return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
    case 3:
        return (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
    default:
        return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
               (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
    }
}

size_t str_put_char(char ret[4], uint32_t c)
{
    return codec_utf8_write(c, ret);
}

/* Control characters, also those of C1; ends of lines of other alphabets; what changes the
 * direction of text, or is not seen. Joiners stay: Persian and families need them. */
static bool code_point_is_shown(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } hidden[] = {{0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
                  {0x180e, 0x180e}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
                  {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (c >= hidden[i].from && c <= hidden[i].to)
            return false;
    return true;
}

bool str_next_shown(const char *text, size_t size, size_t *at, uint32_t *ret_c)
{
    unsigned char first = (unsigned char)text[*at];
    size_t n = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (n > size - *at || !str_is_utf8(text + *at, n)) {
        *ret_c = STR_BROKEN | first;
        (*at)++;
        return false;
    }
    *ret_c = str_next_char(text, size, at);
    return code_point_is_shown(*ret_c);
}

void str_printable(const char *text, char *ret, size_t ret_size)
{
    size_t size = strlen(text), n = 0;
    for (size_t at = 0; at < size;) {
        size_t from = at, len;
        uint32_t c;
        char shown[16];
        if (str_next_shown(text, size, &at, &c)) {
            len = at - from;
            memcpy(shown, text + from, len);
        } else {
            c &= ~(uint32_t)STR_BROKEN;
            len = (size_t)snprintf(shown, sizeof(shown), c < 0x100 ? "\\x%02x" : "\\u{%x}",
                                   (unsigned)c);
        }
        if (n + len + 1 > ret_size)
            break;
        memcpy(ret + n, shown, len);
        n += len;
    }
    ret[n] = '\0';
}
