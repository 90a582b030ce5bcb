/* Downloads of everything, written piece by piece: memory does not grow with the account. Used
 * by GET /export/… and `hearthd export`. */
#ifndef HEARTH_CORE_API_EXPORT_H
#define HEARTH_CORE_API_EXPORT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "plug/storage.h"

struct export;

struct export_format {
    const char *name; /* "bookmarks.html" */
    const char *content_type;
    int (*write)(struct export *export);
};

/* The names of all, as a person types them: "bookmarks.html|bookmarks.json|…". */
#define API_EXPORT_NAMES                                                                           \
    "bookmarks.html|bookmarks.json|history.json|history.csv|tabs.html|tabs.json"

/* 0, or what the receiver returned to end it. */
typedef int (*export_write_fn)(void *ctx, const void *bytes, size_t size);

/* One export under way. */
struct export
{
    struct storage *storage;
    const char *account;
    export_write_fn write;
    void *ctx;
    struct buf piece;     /* collected until it is worth writing */
    struct arena scratch; /* of the row or device at hand: reset by whoever uses it */
    struct err *err;
};

const struct export_format *api_export_find(const char *name); /* NULL: there is no such export */
int api_export_run(const struct export_format *format, struct storage *storage, const char *account,
                   export_write_fn write, void *ctx, struct err *err);

/* For the formats: writes the piece when it has grown enough (or `all` of it). */
int api_export_flush(struct export *export, bool all);
int api_export_bookmarks_html(struct export *export);
int api_export_bookmarks_json(struct export *export);
int api_export_history_json(struct export *export);
int api_export_history_csv(struct export *export);
int api_export_tabs_html(struct export *export);
int api_export_tabs_json(struct export *export);

/* --- what formats share --- */

/* The object without its closing brace, so that more can follow; takes `node`, which is NULL when
 * memory was short. */
void api_export_open_object(struct export *export, json_t *node);
/* As Firefox escapes titles and attributes in its own file. NULL is nothing. */
void api_export_escape(struct buf *buf, const char *text);
/* name="seconds" behind a space; nothing without a date. */
void api_export_html_date(struct buf *buf, const char *name, int64_t ms);
/* Up to the heading: what Firefox's own bookmarks.html begins with. */
void api_export_html_begin(struct buf *buf, const char *title);
void api_export_html_indent(struct buf *buf, int depth);

#endif
