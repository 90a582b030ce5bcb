/* hearth/draft/versions.h: what the tabs of a device and the tree of bookmarks were before.
 * A draft: docs/plugins.md says what that means.
 *
 * A version is a blob that the core writes and reads; to a storage its bytes are opaque. It is
 * whole, or a difference to a whole one (`base`), never to another difference: so reading one needs
 * two blobs at most, and nothing is lost when others are pruned. Which are worth keeping between
 * the oldest and the newest (one an hour, one a day) the core decides, with version_remove().
 *
 * Versions have URLs in them: what is removed here leaves them too, by version_put() of an id that
 * is there. They go with their account, and an archive carries them, whole ones first. */
#ifndef HEARTH_DRAFT_VERSIONS_H
#define HEARTH_DRAFT_VERSIONS_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_VERSION_BYTES_MAX 16777216 /* of one version as it is handed over */

enum hearth_version_kind {
    HEARTH_VERSION_TABS = 1,     /* of the device `subject` */
    HEARTH_VERSION_BOOKMARKS = 2 /* the whole tree */
};

/* clang-format off */

#define HEARTH_VERSION_FIELDS(X, T) \
    X(T, KEY,      INT,  id,         0, INT64_MAX, \
      "grows in an account, never used again; 0: a new one") \
    X(T, ALWAYS,   INT,  kind,       1, INT32_MAX,       "enum hearth_version_kind") \
    X(T, ALWAYS,   TEXT, subject,    0, HEARTH_KEY_MAX,  "id of the device; \"\": the tree") \
    X(T, ALWAYS,   INT,  source,     0, 65535, "id of the source it was of; 0: of several") \
    X(T, ALWAYS,   INT,  taken,      0, HEARTH_DATE_MAX, "when it was so") \
    X(T, ALWAYS,   INT,  base,       0, INT64_MAX, \
      "id of the whole one it differs from; 0: whole") \
    X(T, ALWAYS,   HASH, hash,       32, 32, "SHA-256 of the whole content, also of a difference") \
    X(T, ALWAYS,   INT,  items,      0, INT64_MAX,       "how many tabs, or bookmarks, it has") \
    X(T, OPTIONAL, TEXT, label,      1, HEARTH_LINE_MAX, \
      "words of its person, or why it was taken") \
    X(T, ALWAYS,   FLAG, kept,       0, 1,               "1: pruning leaves it") \
    X(T, DERIVED,  INT,  generation, 0, INT64_MAX,       "of the batch that it was put in") \
    X(T, DERIVED,  INT,  bytes,      0, HEARTH_VERSION_BYTES_MAX, "how many its blob has")

#define HEARTH_VERSION_RECORDS(R) \
    R(version, HEARTH_VERSION_FIELDS)
/* clang-format on */

HEARTH_VERSION_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_version_cb)(void *ctx, const struct hearth_version *version);

struct hearth_version_query {
    uint32_t struct_size;
    int32_t kind;                  /* enum hearth_version_kind; 0: any */
    const char *subject;           /* exactly this one; NULL: any */
    int64_t from, to;              /* from <= taken < to; 0: open */
    int64_t after_taken, after_id; /* go on after this row; after_id 0: from the newest */
};

/* What version_prune() removes: whatever of one kind and subject is not `kept`, not among the
 * `least` newest, and was taken before `before` or is not among the `most` newest. */
struct hearth_version_pruning {
    uint32_t struct_size;
    int32_t kind;        /* 0: each kind */
    const char *subject; /* NULL: each subject by itself */
    int64_t before;      /* 0: age does not matter */
    int64_t least;       /* so many stay, however old */
    int64_t most;        /* 0: the number does not matter */
};

#define HEARTH_STORAGE_VERSIONS "hearth.storage.versions.draft/1"
struct hearth_storage_versions {
    uint32_t struct_size;
    uint32_t reserved;
    /* In a batch; INVALID without one. id 0: a new one. Else that one is replaced with its blob, or
     * made, when it comes from an archive; those that differ from one that is replaced are the
     * caller's to replace in the same batch. INVALID: `base` is not a whole one of the same kind
     * and subject, or is the version itself, or one that others differ from would not be whole. */
    int (*version_put)(void *handle, struct hearth_call *call, const struct hearth_version *version,
                       const void *bytes, size_t count, int64_t *ret_id);
    /* Words (NULL: none) and whether pruning leaves it. Atomic by itself. NOT_FOUND. */
    int (*version_keep)(void *handle, struct hearth_call *call, const char *account, int64_t id,
                        const char *label, bool kept);
    /* NOT_FOUND. */
    int (*version_get)(void *handle, struct hearth_call *call, const char *account, int64_t id,
                       struct hearth_version *ret_version, const void **ret_bytes,
                       size_t *ret_count);
    /* In pieces. Newest `taken` first, ties by greater id. */
    int (*version_list)(void *handle, struct hearth_call *call, const char *account,
                        const struct hearth_version_query *query, hearth_version_cb cb, void *ctx);
    /* With those that differ from it. Missing is fine. Atomic by itself. */
    int (*version_remove)(void *handle, struct hearth_call *call, const char *account, int64_t id);
    /* A whole one stays as long as one that differs from it stays. Order and ties as in
     * version_list(). Atomic by itself. */
    int (*version_prune)(void *handle, struct hearth_call *call, const char *account,
                         const struct hearth_version_pruning *pruning, int64_t *ret_removed);
};

#ifdef __cplusplus
}
#endif
#endif
