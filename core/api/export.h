/* Downloads of everything, written piece by piece: memory does not grow with the account. Used
 * by GET /export/… and `hearthd export`. */
#ifndef HEARTH_CORE_API_EXPORT_H
#define HEARTH_CORE_API_EXPORT_H

#include "base/buf.h"
#include "plug/storage.h"

struct export;

struct export_format {
    const char *name; /* "bookmarks.html" */
    const char *content_type;
    int (*write)(struct export *export);
};

/* 0, or what the receiver returned to end it. */
typedef int (*export_write_fn)(void *ctx, const void *bytes, size_t size);

/* One export under way. */
struct export
{
    struct storage *storage;
    const char *account;
    export_write_fn write;
    void *ctx;
    struct buf piece; /* collected until it is worth writing */
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

#endif
