/* Which pages of a segment match a query, in frecency order. Any thread. */
#ifndef HEARTH_CORE_SEARCH_SCAN_H
#define HEARTH_CORE_SEARCH_SCAN_H

#include <stdbool.h>
#include <stdint.h>

struct query;
struct segment;

enum scan_match { SCAN_NONE, SCAN_ANYWHERE, SCAN_AT_START };

/* What the receiver of matches still has use for. */
enum scan_want { SCAN_WANT_ALL, SCAN_WANT_AT_START, SCAN_WANT_NOTHING };

/* Flags of segment.h: a page needs one of `any` and every one of `all`, and none of `none`. */
struct scan_flags {
    uint8_t any, all, none;
};

/* match: ANYWHERE (some word begins inside a word) or AT_START. Returns what is wanted from here
 * on. */
typedef enum scan_want (*scan_cb)(void *ctx, const struct segment *segment, uint32_t index,
                                  enum scan_match match);

bool search_scan_passes(const struct scan_flags *flags, uint8_t of_page);
enum scan_match search_scan_page(const struct segment *segment, uint32_t index,
                                 const struct query *query);
/* dead: a bit for each page to be left out; NULL: none. Returns what is wanted after the
 * segment. */
enum scan_want search_scan_segment(const struct segment *segment, const uint64_t *dead,
                                   const struct query *query, const struct scan_flags *flags,
                                   enum scan_want want, scan_cb cb, void *ctx);

#endif
