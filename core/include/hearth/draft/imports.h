/* hearth/draft/imports.h: imports of files, and how one is undone. A draft: docs/plugins.md says
 * what that means.
 *
 * An import is a source of its account: the rows it brings have its id as their `source`, and its
 * batches are begun with it. A row belongs to the source that brought it first. When another one
 * brings it as well, that is remembered (import_also_put()), so that undoing an import takes back
 * what it alone has brought and nothing else: what a browser's own Sync or a later import has too
 * passes to them. Records of imports go with their account, and an archive carries them. */
#ifndef HEARTH_DRAFT_IMPORTS_H
#define HEARTH_DRAFT_IMPORTS_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

enum hearth_import_state {
    HEARTH_IMPORT_BEGUN = 1,    /* rows come; a process that ends leaves it so */
    HEARTH_IMPORT_FINISHED = 2, /* all of the file is there */
    HEARTH_IMPORT_FAILED = 3,   /* `detail` says why; what came stays until it is undone */
    HEARTH_IMPORT_UNDOING = 4,  /* rows go, piece by piece */
    HEARTH_IMPORT_UNDONE = 5    /* nothing of it is left but this record */
};

/* clang-format off */

#define HEARTH_IMPORT_FIELDS(X, T) \
    X(T, KEY,      INT,  source,    1, 65535, "its id, and that of the source that it is") \
    X(T, ALWAYS,   INT,  state,     1, INT32_MAX,       "enum hearth_import_state") \
    X(T, OPTIONAL, TEXT, detail,    1, HEARTH_LINE_MAX, \
      "words for a person: why it failed, what was left out") \
    X(T, ALWAYS,   TEXT, file,      0, HEARTH_LINE_MAX, "name of the file, without folders") \
    X(T, ALWAYS,   TEXT, format,    0, HEARTH_ID_MAX, \
      "what it was read as: \"places\", \"netscape\", \"archive\"") \
    X(T, ALWAYS,   HASH, hash,      32, 32, "SHA-256 of the file: was it imported before?") \
    X(T, ALWAYS,   INT,  bytes,     0, INT64_MAX,       "of the file") \
    X(T, ALWAYS,   INT,  begun,     0, HEARTH_DATE_MAX, "when") \
    X(T, ALWAYS,   INT,  finished,  0, HEARTH_TIME_MAX, "or failed; 0: not yet") \
    X(T, ALWAYS,   INT,  undone,    0, HEARTH_TIME_MAX, "0: not") \
    X(T, ALWAYS,   INT,  visits,    0, INT64_MAX,       "that it brought and nobody before") \
    X(T, ALWAYS,   INT,  bookmarks, 0, INT64_MAX,       "the same, with folders and separators") \
    X(T, ALWAYS,   INT,  known,     0, INT64_MAX,       "rows that were there already") \
    X(T, ALWAYS,   INT,  refused,   0, INT64_MAX, \
      "that could not be read, or were removed here before")

#define HEARTH_IMPORT_RECORDS(R) \
    R(import, HEARTH_IMPORT_FIELDS)
/* clang-format on */

HEARTH_IMPORT_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_import_cb)(void *ctx, const struct hearth_import *record);
typedef int (*hearth_import_also_cb)(void *ctx, int64_t source, int64_t page,
                                     const struct hearth_visit *visit);

#define HEARTH_STORAGE_IMPORTS "hearth.storage.imports.draft/1"
struct hearth_storage_imports {
    uint32_t struct_size;
    uint32_t reserved;
    /* --- in a batch; INVALID without one --- */
    /* Inserts or replaces: counts and state become true together with the rows of the batch.
     * NOT_FOUND: the account has no such source. */
    int (*import_put)(void *handle, struct hearth_call *call, const struct hearth_import *record);
    /* `source`, of whatever kind, brings these visits too (HEARTH_AT). Those that are its own, or
     * that are not there, are left alone; once more is fine. It is forgotten with the visit.
     * NOT_FOUND: there is no such page. */
    int (*import_also_put)(void *handle, struct hearth_call *call, int64_t source, int64_t page,
                           const struct hearth_visit *visits, size_t count);
    /* Takes back up to `limit` rows of the source, so that a batch need not be long; ret_left 0:
     * none is left. A visit that other sources brought too becomes that of the one with the least
     * id; every other goes. Bookmarks, tags and keywords of the source go, folders when what is in
     * them has gone or moved out. A page goes when neither visits nor bookmarks are left; its title
     * stays else. What goes is remembered as with every removal, but not as removed here: the next
     * import of the file brings it again. Which rows come first is the storage's choice. */
    int (*import_undo)(void *handle, struct hearth_call *call, int64_t source, int64_t limit,
                       int64_t *ret_removed, int64_t *ret_left);
    /* The record, and what is remembered of visits that it brought too. Missing is fine. CONFLICT:
     * rows of the source are left. The source itself is removed by whoever removes sources. */
    int (*import_remove)(void *handle, struct hearth_call *call, int64_t source);
    /* --- reading, inside or outside of a batch --- */
    /* NOT_FOUND. */
    int (*import_get)(void *handle, struct hearth_call *call, const char *account, int64_t source,
                      struct hearth_import *ret_import);
    /* Begun last first, ties by greater source. */
    int (*import_list)(void *handle, struct hearth_call *call, const char *account,
                       hearth_import_cb cb, void *ctx);
    /* By source, page, date, then type. */
    int (*import_also_list)(void *handle, struct hearth_call *call, const char *account,
                            hearth_import_also_cb cb, void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
