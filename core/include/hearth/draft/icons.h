/* hearth/draft/icons.h: icons of sites. A draft: docs/plugins.md says what that means.
 *
 * Icons are an account's own, also where two accounts have the same: a row that both share would
 * tell one of them, by being there or by coming faster, what the other has looked at. An icon also
 * tells that its site was visited: the core removes it with the last page, tab and bookmark of the
 * site, and account_remove() removes all of the account's.
 *
 * The bytes stand beside the record, so that listings need not read them. Every operation is atomic
 * by itself, may be called in an open batch, and belongs to no generation. An archive of an account
 * has no icons: they are fetched again. */
#ifndef HEARTH_DRAFT_ICONS_H
#define HEARTH_DRAFT_ICONS_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_ICON_BYTES_MAX 262144 /* of one icon; the core refuses a longer one */
#define HEARTH_ICON_SCALES    65535  /* `size` of a drawing that is sharp at any size */

/* clang-format off */

/* Also what was not found is kept, so that nobody asks again too soon: then `type` is NULL, `size`
 * 0, and there are no bytes. */
#define HEARTH_ICON_FIELDS(X, T) \
    X(T, KEY,      TEXT, site,     1, HEARTH_KEY_MAX, \
      "host as the page has it: lower case, no port") \
    X(T, KEY,      INT,  size,     0, HEARTH_ICON_SCALES, "pixels of its side; 0: not known") \
    X(T, ALWAYS,   TEXT, url,      0, HEARTH_LINE_MAX,    "where it was looked for") \
    X(T, OPTIONAL, TEXT, type,     1, HEARTH_KEY_MAX, \
      "by its bytes: \"image/png\"; NULL: none found") \
    X(T, ALWAYS,   HASH, hash,     32, 32,                "SHA-256 of its bytes, also of none") \
    X(T, OPTIONAL, TEXT, etag,     1, HEARTH_LINE_MAX, \
      "of the site, for asking whether it changed") \
    X(T, ALWAYS,   INT,  fetched,  0, HEARTH_TIME_MAX,    "when it was asked for last") \
    X(T, ALWAYS,   INT,  expires,  0, HEARTH_TIME_MAX,    "when to ask again; 0: never") \
    X(T, ALWAYS,   INT,  failures, 0, INT64_MAX,          "of asking, in a row") \
    X(T, ALWAYS,   INT,  used,     0, HEARTH_TIME_MAX, "when it was shown last, to within a day") \
    X(T, DERIVED,  INT,  bytes,    0, HEARTH_ICON_BYTES_MAX, "how many there are")

#define HEARTH_ICON_RECORDS(R) \
    R(icon, HEARTH_ICON_FIELDS)
/* clang-format on */

HEARTH_ICON_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_icon_cb)(void *ctx, const struct hearth_icon *icon);

#define HEARTH_STORAGE_ICONS "hearth.storage.icons.draft/1"
struct hearth_storage_icons {
    uint32_t struct_size;
    uint32_t reserved;
    /* Inserts or replaces by site and size. One that was found takes the place of the site's
     * "none found", and "none found" that of all its icons; a site that cannot be reached is not
     * that. A type with bytes NULL leaves the bytes and the hash as they are: the site says that
     * nothing changed, or asking failed. NOT_FOUND: there are no such bytes, or no such account.
     * INVALID: bytes without a type, a type with bytes of which there are none or too many. */
    int (*icon_put)(void *handle, struct hearth_call *call, const char *account,
                    const struct hearth_icon *icon, const void *bytes, size_t count);
    /* The site's icon with the least size that is not below `size`, else its greatest. NOT_FOUND:
     * nothing is known of the site. "None found" is a result, with ret_count 0. */
    int (*icon_get)(void *handle, struct hearth_call *call, const char *account, const char *site,
                    int64_t size, struct hearth_icon *ret_icon, const void **ret_bytes,
                    size_t *ret_count);
    /* All icons of the site were shown; `when` goes up only. Missing is fine. */
    int (*icon_used)(void *handle, struct hearth_call *call, const char *account, const char *site,
                     int64_t when);
    /* In pieces. By site, then size; behind the icon (after_site, after_size); after_site NULL:
     * from the first. */
    int (*icon_list)(void *handle, struct hearth_call *call, const char *account,
                     const char *after_site, int64_t after_size, hearth_icon_cb cb, void *ctx);
    /* Up to `limit` with 0 < expires <= now, the longest due first, ties by site, then size. */
    int (*icon_due)(void *handle, struct hearth_call *call, const char *account, int64_t now,
                    int64_t limit, hearth_icon_cb cb, void *ctx);
    /* All of the site; NULL: all of the account. Missing is fine. */
    int (*icon_remove)(void *handle, struct hearth_call *call, const char *account,
                       const char *site);
    /* Removes those used longest ago, ties by site, then size, until the account's have `bytes`
     * together at most. */
    int (*icon_prune)(void *handle, struct hearth_call *call, const char *account, int64_t bytes,
                      int64_t *ret_removed);
};

#ifdef __cplusplus
}
#endif
#endif
