/* Writing HTML. Whatever did not come from this source goes through pages_html_text(). */
#ifndef HEARTH_CORE_PAGES_HTML_H
#define HEARTH_CORE_PAGES_HTML_H

#include "base/buf.h"

/* For text and for attributes in double quotes. Control characters that HTML forbids become
 * U+FFFD; NULL is nothing. */
void pages_html_text(struct buf *out, const char *text);
/* "<b>%s</b> of %d": every text is escaped. A format of printf, and checked by the compiler as
 * such, but with texts and integers only: s d u with l, ll, j, z, and %%; no widths, no
 * precisions. HTML that is not in the format goes out by buf_add_text(). */
void pages_html_put(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Percent-encodes what may not stand in the value of a query. */
void pages_html_query_value(struct buf *out, const char *text);
/* A whole page goes out: whatever in it leads to a path of this server (href, src or action of
 * "/...") leads to that below base_path ("/hearth"; NULL or "": none) from then on. Texts of others
 * have no such attributes, since their quotes are escaped. So sources write addresses as routes
 * have them, and none is forgotten. */
void pages_html_place(struct buf *html, const char *base_path);

#endif
