/* hearth/draft/aggregates.h: visits counted by site, day and time, and kept so. A draft:
 * docs/plugins.md says what that means.
 *
 * The storage keeps them true, and nobody writes them: in the batch in which visits come or go
 * (visits_put, visits_remove, page_put of another `hidden`, page_remove, whatever else removes
 * visits) its aggregates change with them. A reader sees the aggregates of the visits it sees. A
 * row whose count is 0 is not there. verify() counts them and has a line for each that is wrong.
 * A storage that gets the extension when it has visits counts them in migrate(). An archive does
 * not carry them.
 *
 * Counted is what visit_list() shows: visits of pages that are not hidden. Days are of UTC: day
 * and quarter are floor(date / 86400000) and floor(date / 900000), also below 0. Who wants days of
 * a time zone adds quarters of an hour, of which every zone of today has whole ones; sites of a
 * span that begins or ends within a day of UTC are those of its whole days, and of visit_list()
 * for the rest. Distinct pages of a day are not kept: no sum of them means anything. */
#ifndef HEARTH_DRAFT_AGGREGATES_H
#define HEARTH_DRAFT_AGGREGATES_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_DAY_MAX     106751991168 /* what a date can have */
#define HEARTH_QUARTER_MAX 10248191152061

/* clang-format off */

#define HEARTH_SITE_COUNT_FIELDS(X, T) \
    X(T, KEY,     TEXT, host,    0, HEARTH_TEXT_MAX, "as its pages have it; \"\": those without") \
    X(T, DERIVED, INT,  visits,  1, INT64_MAX,       "of all time") \
    X(T, DERIVED, INT,  counted, 0, INT64_MAX,       "those that a page's visit_count counts") \
    X(T, DERIVED, INT,  pages,   1, INT64_MAX,       "with a visit, not hidden") \
    X(T, DERIVED, INT,  first,   INT64_MIN, HEARTH_DATE_MAX, "date of its oldest visit") \
    X(T, DERIVED, INT,  last,    INT64_MIN, HEARTH_DATE_MAX, "date of its newest visit")

#define HEARTH_DAY_COUNT_FIELDS(X, T) \
    X(T, KEY,     INT,  day,     -HEARTH_DAY_MAX, HEARTH_DAY_MAX, "since 1970, UTC") \
    X(T, KEY,     TEXT, host,    0, HEARTH_TEXT_MAX, "as its pages have it; NULL: a sum of all") \
    X(T, DERIVED, INT,  visits,  1, INT64_MAX,       "on that day") \
    X(T, DERIVED, INT,  counted, 0, INT64_MAX,       "those that a page's visit_count counts")

#define HEARTH_QUARTER_COUNT_FIELDS(X, T) \
    X(T, KEY,     INT, quarter, -HEARTH_QUARTER_MAX, HEARTH_QUARTER_MAX, \
      "quarters of an hour since 1970") \
    X(T, DERIVED, INT, visits,  1, INT64_MAX, "in it, of all sites") \
    X(T, DERIVED, INT, counted, 0, INT64_MAX, "those that a page's visit_count counts")

#define HEARTH_COUNT_RECORDS(R) \
    R(site_count,    HEARTH_SITE_COUNT_FIELDS) \
    R(day_count,     HEARTH_DAY_COUNT_FIELDS) \
    R(quarter_count, HEARTH_QUARTER_COUNT_FIELDS)
/* clang-format on */

HEARTH_COUNT_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_site_count_cb)(void *ctx, const struct hearth_site_count *count);
typedef int (*hearth_day_count_cb)(void *ctx, const struct hearth_day_count *count);
typedef int (*hearth_quarter_count_cb)(void *ctx, const struct hearth_quarter_count *count);

enum hearth_site_order {
    HEARTH_SITES_BY_VISITS = 0, /* most first, ties by host */
    HEARTH_SITES_BY_LAST = 1,   /* newest first, ties by host */
    HEARTH_SITES_BY_HOST = 2    /* by bytes */
};

struct hearth_site_query {
    uint32_t struct_size;
    int32_t order;          /* enum hearth_site_order */
    const char *after_host; /* go on after this row; NULL: from the first */
    int64_t after_value;    /* its visits or `last`, by order; BY_HOST: 0 */
};

#define HEARTH_STORAGE_AGGREGATES "hearth.storage.aggregates.draft/1"
struct hearth_storage_aggregates {
    uint32_t struct_size;
    uint32_t reserved;
    /* NOT_FOUND: no visit of the site is shown. */
    int (*site_count_get)(void *handle, struct hearth_call *call, const char *account,
                          const char *host, struct hearth_site_count *ret_count);
    /* In pieces. */
    int (*site_count_list)(void *handle, struct hearth_call *call, const char *account,
                           const struct hearth_site_query *query, hearth_site_count_cb cb,
                           void *ctx);
    /* from <= day < to. host NULL: the sums of each day, with NULL as host. By day, from the
     * oldest. */
    int (*day_count_list)(void *handle, struct hearth_call *call, const char *account,
                          const char *host, int64_t from, int64_t to, hearth_day_count_cb cb,
                          void *ctx);
    /* The sums of each site over from <= day < to, `day` being `from`: up to `limit`, most visits
     * first, ties by host by bytes. */
    int (*day_count_sites)(void *handle, struct hearth_call *call, const char *account,
                           int64_t from, int64_t to, int64_t limit, hearth_day_count_cb cb,
                           void *ctx);
    /* from <= quarter < to. From the oldest. */
    int (*quarter_count_list)(void *handle, struct hearth_call *call, const char *account,
                              int64_t from, int64_t to, hearth_quarter_count_cb cb, void *ctx);
    /* Counts all of the account's anew, when verify() has found one wrong. Atomic by itself; not in
     * an open batch: INVALID. */
    int (*aggregates_recount)(void *handle, struct hearth_call *call, const char *account);
};

#ifdef __cplusplus
}
#endif
#endif
