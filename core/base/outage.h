/* Something outside that does not answer: a database, the queue, another server. That is told in
 * one line when it begins and in one when it ends, by each process, however many find it; what
 * it costs single requests, jobs and accounts is told at debug level (log_level_of()). */
#ifndef HEARTH_CORE_BASE_OUTAGE_H
#define HEARTH_CORE_BASE_OUTAGE_H

#include <stdatomic.h>
#include "base/log.h"

/* {0}: it answers. Any thread. */
struct outage {
    atomic_llong since; /* monotonic ms; 0: it answers */
};

/* The line (log_event(); LOG_PAIRS(...)), unless it was told already. */
void outage_begins(struct outage *outage, enum hearth_log_level level, const char *module,
                   const char *event, const struct log_pair *pairs);
/* "EVENT WHO=… seconds=N", if its beginning was told. True: it was. */
bool outage_ends(struct outage *outage, const char *module, const char *event, struct log_pair who);
bool outage_lasts(const struct outage *outage);

/* log_level_of(), for what each request would say again: debug as well when these words were
 * told in the last minute. */
enum hearth_log_level outage_level_of_request(const struct err *err, enum hearth_log_level level);

#endif
