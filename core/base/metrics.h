/* What /metrics shows, in Prometheus' text format: the families of metric_families.h. Any thread.
 *
 * Who counts looks its series up once, METRIC(SYNCS, "ok"), and keeps it: counting is one atomic
 * addition then (two for a histogram), without a lock. Every function accepts NULL for a series. */
#ifndef HEARTH_CORE_BASE_METRICS_H
#define HEARTH_CORE_BASE_METRICS_H

#include <stdint.h>
#include "base/metric_families.h"

struct buf;

enum metric_family {
#define METRIC_FAMILY_ID(id, type, divisor, roles, name, labels, help) METRIC_##id,
    METRIC_FAMILIES(METRIC_FAMILY_ID)
#undef METRIC_FAMILY_ID
        METRIC_FAMILY_COUNT
};

enum { METRIC_WEB = 1, METRIC_WORKER = 2, METRIC_SCHEDULER = 4, METRIC_ALL = 7 };
enum { METRICS_SERIES_MAX = 1024 }; /* of a family; more are not counted */

struct metric; /* a series; lives as long as the process */

/* METRIC(HTTP_REQUESTS, "/healthz", "read", "2xx"): finds or makes; the labels' values in the order
 * of the family. NULL only when memory is short, or at the bound. */
#define METRIC(family, ...)                                                                        \
    metrics_series(METRIC_##family, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
struct metric *metrics_series(enum metric_family family, const char *const *values);

/* Amounts are in the family's own whole numbers (DIVISOR). */
void metrics_add(struct metric *series, int64_t amount);
void metrics_set(struct metric *series, int64_t value);
void metrics_observe(struct metric *series, int64_t value); /* of a histogram */
int64_t metrics_value(const struct metric *series);         /* of a histogram: the sum */
int64_t metrics_count(const struct metric *series);         /* of a histogram: how many */

/* Once, before threads start: what this process shows, from now on with every series that can be
 * known. Without it all families are shown. */
void metrics_start(unsigned roles, const char *version);
/* Before threads start, at most eight: refresh(ctx) runs before each metrics_write(), on its
 * thread, which is an event loop: it must not wait for anything. */
void metrics_refresh_with(void (*refresh)(void *ctx), void *ctx);
void metrics_write(struct buf *ret_text);
/* Rows of the table of docs/metrics.md. */
void metrics_write_table(struct buf *ret_rows);

/* process_metrics.c; for metrics_write() */
void process_metrics_refresh(void);

#endif
