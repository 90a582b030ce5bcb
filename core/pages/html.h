/* Writing HTML. Whatever did not come from this source goes through html_text(). */
#ifndef HEARTH_CORE_PAGES_HTML_H
#define HEARTH_CORE_PAGES_HTML_H

#include "base/buf.h"

/* For text and for attributes in double quotes. Control characters that HTML forbids become U+FFFD; NULL is nothing. */
void html_text(struct buf *out, const char *text);
/* "<b>%s</b> of %s": every %s is escaped, %r is put as it is, %d takes an int64_t. Nothing else is special. */
void html_put(struct buf *out, const char *format, ...);
/* Percent-encodes what may not stand in the value of a query. */
void html_query_value(struct buf *out, const char *text);

#endif
