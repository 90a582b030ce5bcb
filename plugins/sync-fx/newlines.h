/* Cuts the body of a collection into records while it arrives: `application/newlines` (one JSON
 * value a line) or, from servers that know nothing else, the elements of a JSON array. Holds at
 * most one record. */
#ifndef HEARTH_PLUGINS_SYNC_FX_NEWLINES_H
#define HEARTH_PLUGINS_SYNC_FX_NEWLINES_H

#include "support/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { FX_LINE_MAX = 4 << 20, FX_LINE_HEAD = 512 };

/* `line` is not NUL-terminated and lives until return. NULL with the size 0: a record larger
 * than the limit was skipped; its beginning is in `head`. Non-zero ends the feed with that
 * value. */
typedef int (*fx_line_fn)(void *ctx, const char *line, size_t size);

struct fx_newlines {
    struct support_buf partial;
    size_t max;
    fx_line_fn fn;
    void *ctx;
    int64_t lines; /* handed over or skipped */
    bool array;    /* a JSON array */
    bool skipping; /* inside a record that is too large */
    char head[FX_LINE_HEAD];
    size_t head_size;
    /* array only */
    bool opened, closed, in_string, escaped, wants_element;
    int depth;
};

void fx_newlines_init(struct fx_newlines *n, bool array, size_t max, fx_line_fn fn, void *ctx);
void fx_newlines_fini(struct fx_newlines *n);
/* INVALID: not an array. NOMEM. Or what fn returned. */
int fx_newlines_feed(struct fx_newlines *n, const char *data, size_t size);
/* The end of the body: a last line without line feed is a line. INVALID: an array that was not
 * closed. */
int fx_newlines_end(struct fx_newlines *n);

#endif
