#include "json_scan.h"

#include <string.h>

#include "hearth/plugin.h"
#include "timestamp.h"
#include "codec/codec.h"

struct scanner {
    const char *at, *end;
    char stack[FX_JSON_DEPTH]; /* '{' or '[' */
    int depth, values;
};

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* The first byte that is a quote, a backslash or a control character; or one that is less than
 * eight bytes before the end. Most of a record is one long string without any. */
static const char *scan_plain(const char *c, const char *end)
{
    const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    for (uint64_t word; end - c >= 8; c += 8) {
        memcpy(&word, c, sizeof(word));
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t found =
            ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
        if ((found & high) != 0)
            break;
    }
    return c;
}

/* At the opening quote; leaves at behind the closing one. */
static bool scan_string(struct scanner *s, struct fx_span *ret_span)
{
    const char *c = scan_plain(++s->at, s->end);
    for (; c < s->end && *c != '"'; c++) {
        if ((unsigned char)*c < 0x20)
            return false;
        if (*c != '\\')
            continue;
        if (++c == s->end || strchr("\"\\/bfnrtu", *c) == NULL || *c == '\0')
            return false;
        if (*c == 'u') {
            if (s->end - c < 5 || codec_hex_unit(c + 1) < 0)
                return false;
            c += 4;
        }
        c = scan_plain(c + 1, s->end) - 1;
    }
    if (c >= s->end)
        return false;
    *ret_span = (struct fx_span){s->at, (size_t)(c - s->at), FX_JSON_STRING};
    s->at = c + 1;
    return true;
}

static size_t scanner_digits(const char *at, const char *end)
{
    const char *c = at;
    while (c < end && *c >= '0' && *c <= '9')
        c++;
    return (size_t)(c - at);
}

static bool scan_number(struct scanner *s)
{
    const char *c = s->at + (*s->at == '-');
    size_t n = scanner_digits(c, s->end);
    if (n == 0 || (n > 1 && *c == '0'))
        return false;
    c += n;
    if (c < s->end && *c == '.') {
        n = scanner_digits(++c, s->end);
        if (n == 0)
            return false;
        c += n;
    }
    if (c < s->end && (*c == 'e' || *c == 'E')) {
        c++;
        if (c < s->end && (*c == '+' || *c == '-'))
            c++;
        n = scanner_digits(c, s->end);
        if (n == 0)
            return false;
        c += n;
    }
    s->at = c;
    return true;
}

static bool scan_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(s->end - s->at) >= n && memcmp(s->at, words[i], n) == 0) {
            s->at += n;
            return true;
        }
    }
    return false;
}

/* A scalar, or the opening of a container (pushed). */
static bool scan_value(struct scanner *s, struct fx_span *ret_span)
{
    skip_blanks(s);
    if (s->at == s->end || ++s->values > FX_JSON_VALUES)
        return false;
    const char *start = s->at;
    bool ok;
    int kind;
    switch (*s->at) {
    case '"':
        return scan_string(s, ret_span);
    case '{':
    case '[':
        if (s->depth == FX_JSON_DEPTH)
            return false;
        kind = *s->at == '{' ? FX_JSON_OBJECT : FX_JSON_ARRAY;
        s->stack[s->depth++] = *s->at++;
        ok = true;
        break;
    case 't':
    case 'f':
    case 'n':
        kind = FX_JSON_WORD;
        ok = scan_word(s);
        break;
    default:
        kind = FX_JSON_NUMBER;
        ok = scan_number(s);
    }
    *ret_span = (struct fx_span){start, (size_t)(s->at - start), kind};
    return ok;
}

static bool scan_key(struct scanner *s, struct fx_span *ret_key)
{
    skip_blanks(s);
    if (s->at == s->end || *s->at != '"' || !scan_string(s, ret_key))
        return false;
    skip_blanks(s);
    return s->at < s->end && *s->at++ == ':';
}

/* Behind an element: closes containers as far as they end here. False: bad syntax. ret_more:
 * another element follows. */
static bool scan_after(struct scanner *s, bool *ret_more)
{
    skip_blanks(s);
    if (s->at == s->end)
        return false;
    char c = *s->at++;
    *ret_more = c == ',';
    if (c == ',')
        return true;
    s->depth--;
    return c == (s->stack[s->depth] == '{' ? '}' : ']');
}

static bool scanner_is_at_end(struct scanner *s)
{
    skip_blanks(s);
    if (s->at == s->end || *s->at != (s->stack[s->depth - 1] == '{' ? '}' : ']'))
        return false;
    s->at++;
    s->depth--;
    return true;
}

int fx_json_walk(const char *text, size_t size, const struct fx_json_events *events, void *ctx)
{
    struct scanner s = {.at = text, .end = text + size};
    struct fx_span value, key = {.at = text};
    int r = 0;
    if (!scan_value(&s, &value) || s.depth == 0)
        return HEARTH_ERR_INVALID;
    r = events->value(ctx, &key, &value);
    bool more = !scanner_is_at_end(&s);
    if (!more && r == 0)
        r = events->close(ctx, s.at);
    while (r == 0 && s.depth > 0) {
        if (more) {
            key = (struct fx_span){.at = s.at};
            if (s.stack[s.depth - 1] == '{' && !scan_key(&s, &key))
                return HEARTH_ERR_INVALID;
            int level = s.depth;
            if (!scan_value(&s, &value))
                return HEARTH_ERR_INVALID;
            r = events->value(ctx, &key, &value);
            bool opened = s.depth > level;
            if (r != 0 || (opened && !scanner_is_at_end(&s)))
                continue; /* into the container */
            if (opened && (r = events->close(ctx, s.at)) != 0)
                break;
        }
        if (!scan_after(&s, &more))
            return HEARTH_ERR_INVALID;
        if (!more)
            r = events->close(ctx, s.at);
    }
    skip_blanks(&s);
    return r != 0 ? r : s.at == s.end ? 0 : HEARTH_ERR_INVALID;
}

/* Of fx_json_scan(): the member of the outermost container that is being read. */
struct top {
    fx_json_member_fn fn;
    void *ctx;
    struct fx_span key, value;
    int depth;
};

static int top_on_value(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct top *top = ctx;
    bool opens = value->kind == FX_JSON_OBJECT || value->kind == FX_JSON_ARRAY;
    if (top->depth == 1) {
        top->key = *key;
        top->value = *value;
    }
    top->depth += opens;
    return top->depth == 1 && !opens && top->fn != NULL ? top->fn(top->ctx, &top->key, &top->value)
                                                        : 0;
}

static int top_on_close(void *ctx, const char *end)
{
    struct top *top = ctx;
    if (--top->depth != 1)
        return 0;
    top->value.size = (size_t)(end - top->value.at);
    return top->fn == NULL ? 0 : top->fn(top->ctx, &top->key, &top->value);
}

int fx_json_scan(const char *text, size_t size, fx_json_member_fn fn, void *ctx)
{
    static const struct fx_json_events events = {top_on_value, top_on_close};
    struct top top = {.fn = fn, .ctx = ctx};
    return fx_json_walk(text, size, &events, &top);
}

bool fx_span_is(const struct fx_span *span, const char *text)
{
    return strlen(text) == span->size && memcmp(span->at, text, span->size) == 0;
}

bool fx_span_is_null(const struct fx_span *span)
{
    return span->kind == FX_JSON_WORD && span->at[0] == 'n';
}

static char *put_character(char *out, uint32_t c)
{
    if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 63));
    } else {
        if (c >= 0x10000) {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 63));
        } else {
            *out++ = (char)(0xe0 | c >> 12);
        }
        *out++ = (char)(0x80 | (c >> 6 & 63));
        *out++ = (char)(0x80 | (c & 63));
    }
    return out;
}

int fx_span_text(const struct fx_span *span, char *ret_text, size_t capacity, size_t *ret_size)
{
    if (capacity <= span->size)
        return HEARTH_ERR_FULL;
    const char *in = span->at, *end = span->at + span->size;
    char *out = ret_text;
    while (in < end) {
        const char *escape = memchr(in, '\\', (size_t)(end - in));
        size_t plain = (size_t)((escape == NULL ? end : escape) - in);
        memmove(out, in, plain);
        out += plain;
        in += plain;
        if (in == end)
            break;
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *simple = strchr(from, in[1]);
        if (simple != NULL) {
            *out++ = to[simple - from];
            in += 2;
            continue;
        }
        uint32_t c = (uint32_t)codec_hex_unit(in + 2);
        in += 6;
        if (c >= 0xd800 && c <= 0xdbff && end - in >= 6 && in[0] == '\\' && in[1] == 'u') {
            uint32_t low = (uint32_t)codec_hex_unit(in + 2);
            if (low >= 0xdc00 && low <= 0xdfff) {
                c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
                in += 6;
            }
        }
        out = put_character(out, c);
    }
    *out = '\0';
    if (ret_size != NULL)
        *ret_size = (size_t)(out - ret_text);
    return 0;
}

int fx_span_integer(const struct fx_span *span, int64_t *ret_value)
{
    return span->kind == FX_JSON_NUMBER
               ? fx_number_parse(span->at, span->size, 0, FX_NUMBER_MAX, ret_value)
               : HEARTH_ERR_INVALID;
}
