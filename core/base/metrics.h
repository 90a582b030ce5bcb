/* Counters and gauges, shown by /metrics in Prometheus' text format. Any thread; an update is
 * one atomic addition after the first. */
#ifndef HEARTH_CORE_BASE_METRICS_H
#define HEARTH_CORE_BASE_METRICS_H

#include <stdint.h>

struct buf;

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric; /* lives as long as the process */

/* Finds or makes. `name`: [a-z_]+ ("hearth_" is put before it); `help` of the first registration
 * stays. NULL only at the bound of 512. */
struct metric *metrics_register(enum metric_kind kind, const char *name, const char *help);
void metrics_add(struct metric *metric, int64_t amount);
int64_t metrics_value(const struct metric *metric);
void metrics_write(struct buf *ret_text);

#endif
