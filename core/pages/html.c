#include "pages/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "codec/codec.h"

static const char *html_entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
    case '\r':
        return NULL;
    default:
        return c < 0x20 || c == 0x7f ? "\xef\xbf\xbd" : NULL;
    }
}

void pages_html_text(struct buf *out, const char *text)
{
    const char *from = text;
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        const char *instead = html_entity((unsigned char)*p);
        if (instead == NULL)
            continue;
        buf_add(out, from, (size_t)(p - from));
        buf_add_text(out, instead);
        from = p + 1;
    }
    if (from != NULL)
        buf_add_text(out, from);
}

/* One integer, with what stands between its % and its d or u. */
static void put_integer(struct buf *out, const char *modifier, bool is_signed, va_list *ap)
{
    if (strcmp(modifier, "ll") == 0)
        is_signed ? buf_printf(out, "%lld", va_arg(*ap, long long))
                  : buf_printf(out, "%llu", va_arg(*ap, unsigned long long));
    else if (strcmp(modifier, "l") == 0)
        is_signed ? buf_printf(out, "%ld", va_arg(*ap, long))
                  : buf_printf(out, "%lu", va_arg(*ap, unsigned long));
    else if (strcmp(modifier, "j") == 0)
        is_signed ? buf_printf(out, "%jd", va_arg(*ap, intmax_t))
                  : buf_printf(out, "%ju", va_arg(*ap, uintmax_t));
    else if (strcmp(modifier, "z") == 0)
        is_signed ? buf_printf(out, "%zd", va_arg(*ap, ssize_t))
                  : buf_printf(out, "%zu", va_arg(*ap, size_t));
    else
        is_signed ? buf_printf(out, "%d", va_arg(*ap, int))
                  : buf_printf(out, "%u", va_arg(*ap, unsigned));
}

void pages_html_put(struct buf *out, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    for (const char *p = format; *p != '\0';) {
        const char *percent = strchrnul(p, '%');
        buf_add(out, p, (size_t)(percent - p));
        if (*percent == '\0')
            break;
        size_t size = strspn(percent + 1, "ljz");
        char modifier[4] = "", what = percent[1 + size];
        if (size < sizeof(modifier))
            memcpy(modifier, percent + 1, size);
        p = percent + 2 + size;
        if (what == 's' && size == 0)
            pages_html_text(out, va_arg(ap, const char *));
        else if (what == 'd' || what == 'u')
            put_integer(out, modifier, what == 'd', &ap);
        else if (what == '%')
            buf_add_char(out, '%');
        else
            break; /* what it takes is not known: tests/lint.py finds such formats */
    }
    va_end(ap);
}

void pages_html_query_value(struct buf *out, const char *text)
{
    size_t room = text == NULL ? 0 : strlen(text) * 3 + 1;
    char *to = room == 0 ? NULL : buf_reserve(out, room);
    if (to != NULL && codec_percent_encode(text, "/", to, room) == 0)
        buf_grew(out, strlen(to));
}

static bool html_leads(const char *from, const char *equals)
{
    static const char *const attributes[] = {"href", "src", "action"};
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        size_t size = strlen(attributes[i]);
        if ((size_t)(equals - from) > size && memcmp(equals - size, attributes[i], size) == 0 &&
            strchr(" \n", equals[-(ptrdiff_t)size - 1]) != NULL)
            return true;
    }
    return false;
}

void pages_html_place(struct buf *html, const char *base_path)
{
    static const char PATH[] = "=\"/";
    struct buf placed = {0};
    if (base_path == NULL || base_path[0] == '\0' || html->size == 0)
        return;
    const char *from = html->data, *end = html->data + html->size, *copied = from, *at = from;
    while ((at = memmem(at, (size_t)(end - at), PATH, sizeof(PATH) - 1)) != NULL) {
        const char *path = at + sizeof(PATH) - 2;
        if (html_leads(from, at)) {
            buf_add(&placed, copied, (size_t)(path - copied));
            buf_add_text(&placed, base_path);
            copied = path;
        }
        at = path;
    }
    buf_add(&placed, copied, (size_t)(end - copied));
    placed.failed = placed.failed || html->failed;
    buf_fini(html);
    *html = placed;
}
