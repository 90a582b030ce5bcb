#include "pages/html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

static const char *entity(unsigned char c)
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

void html_text(struct buf *out, const char *text)
{
    const char *from = text;
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        const char *instead = entity((unsigned char)*p);
        if (instead == NULL)
            continue;
        buf_add(out, from, (size_t)(p - from));
        buf_add_text(out, instead);
        from = p + 1;
    }
    if (from != NULL)
        buf_add_text(out, from);
}

void html_put(struct buf *out, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    for (const char *p = format, *percent; *p != '\0'; p = percent + 2) {
        percent = strchr(p, '%');
        if (percent == NULL) {
            buf_add_text(out, p);
            break;
        }
        buf_add(out, p, (size_t)(percent - p));
        if (percent[1] == 's')
            html_text(out, va_arg(ap, const char *));
        else if (percent[1] == 'r')
            buf_add_text(out, va_arg(ap, const char *));
        else if (percent[1] == 'd')
            buf_printf(out, "%" PRId64, va_arg(ap, int64_t));
        else if (percent[1] == '%')
            buf_add_char(out, '%');
        else
            break;
    }
    va_end(ap);
}

void html_query_value(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *p = (const unsigned char *)text; p != NULL && *p != '\0'; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._~/", *p) != NULL) {
            buf_add_char(out, (char)*p);
        } else {
            buf_add_char(out, '%');
            buf_add_char(out, hex[*p >> 4]);
            buf_add_char(out, hex[*p & 15]);
        }
    }
}
