/* What /metrics says of accounts and of the queue: looked at by the scheduler of a node, in
 * between, so that whoever reads /metrics waits for no backend. */
#ifndef HEARTH_CORE_JOBS_MEASURE_H
#define HEARTH_CORE_JOBS_MEASURE_H

#include <stddef.h>
#include <stdint.h>

struct jobs;
struct storage;

enum { JOBS_MEASURED = 256 };

/* {0} before the first look; of one scheduler's thread. */
struct jobs_measure {
    int64_t accounts_again, oldest_again; /* monotonic ms: not before */
    /* the jobs that could be taken at the last look, and since when they were seen */
    struct measured_job {
        uint64_t hash;
        int64_t since; /* monotonic ms */
    } jobs[JOBS_MEASURED];
    size_t job_count;
};

/* The accounts of a node, with a deadline; not more often than is cheap. */
void jobs_measure_accounts(struct jobs_measure *measure, struct jobs *jobs, size_t node,
                           struct storage *storage);
void jobs_measure_queue(struct jobs_measure *measure, struct jobs *jobs);

#endif
