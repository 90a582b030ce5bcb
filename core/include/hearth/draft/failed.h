/* hearth/draft/failed.h: records that could not be fetched or read, to be asked for again. A draft:
 * docs/plugins.md says what that means.
 *
 * A cursor says how far a collection of a source was read; these ids are what lies before the
 * cursor and is missing still. They are written in the batch that writes the cursor, so that
 * neither is true without the other. Providers do not see a storage: a sink that has this
 * extension behind it gets a function for it, and a pull the list of what is due, both at the
 * end of their structs; until then a provider keeps such ids within its cursor. They go with
 * their account and source; an archive carries them with the cursors. */
#ifndef HEARTH_DRAFT_FAILED_H
#define HEARTH_DRAFT_FAILED_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_FAILED_ID_MAX 10000 /* ids of one collection of one source */

/* clang-format off */

#define HEARTH_FAILED_ID_FIELDS(X, T) \
    X(T, KEY,      INT,  source,     0, 65535,           "id of the source") \
    X(T, KEY,      INT,  collection, 0, INT32_MAX,       "enum hearth_collection") \
    X(T, KEY,      TEXT, guid,       1, HEARTH_KEY_MAX,  "of the record, as the source calls it") \
    X(T, ALWAYS,   INT,  tries,      1, INT64_MAX,       "so many have failed") \
    X(T, ALWAYS,   INT,  since,      0, HEARTH_TIME_MAX, "when the first failed") \
    X(T, ALWAYS,   INT,  next,       0, HEARTH_DATE_MAX, "when to ask again; 0: at the next pull") \
    X(T, OPTIONAL, TEXT, why,        1, HEARTH_LINE_MAX, "words for a person")

#define HEARTH_FAILED_ID_RECORDS(R) \
    R(failed_id, HEARTH_FAILED_ID_FIELDS)
/* clang-format on */

HEARTH_FAILED_ID_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_failed_id_cb)(void *ctx, const struct hearth_failed_id *failed);

#define HEARTH_STORAGE_FAILED "hearth.storage.failed.draft/1"
struct hearth_storage_failed {
    uint32_t struct_size;
    uint32_t reserved;
    /* --- in a batch; INVALID without one --- */
    /* Inserts or replaces. INVALID: the collection of that source would have more than
     * HEARTH_FAILED_ID_MAX; the core gives up those with the most tries first. */
    int (*failed_put)(void *handle, struct hearth_call *call,
                      const struct hearth_failed_id *failed);
    /* It came, or it is given up. Missing is fine. */
    int (*failed_remove)(void *handle, struct hearth_call *call, int64_t source, int64_t collection,
                         const char *guid);
    /* All of the collection, as its cursor is forgotten; HEARTH_COLLECTION_NONE: of every one. */
    int (*failed_clear)(void *handle, struct hearth_call *call, int64_t source, int64_t collection);
    /* --- reading, inside or outside of a batch --- */
    /* Up to `limit` with next <= now: the longest due first, ties by guid. */
    int (*failed_due)(void *handle, struct hearth_call *call, const char *account, int64_t source,
                      int64_t collection, int64_t now, int64_t limit, hearth_failed_id_cb cb,
                      void *ctx);
    /* By source, collection, then guid. */
    int (*failed_list)(void *handle, struct hearth_call *call, const char *account,
                       hearth_failed_id_cb cb, void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
