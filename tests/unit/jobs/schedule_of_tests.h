/* The schedule of docs/configuration.md's defaults. */
#ifndef HEARTH_TESTS_UNIT_JOBS_SCHEDULE_OF_TESTS_H
#define HEARTH_TESTS_UNIT_JOBS_SCHEDULE_OF_TESTS_H

#include "jobs/schedule.h"

static const struct schedule schedule = {.interval = 900000,
                                         .interval_week = 3600000,
                                         .interval_month = 86400000,
                                         .dormant_after = 60LL * 86400000,
                                         .retry = 5000,
                                         .retry_max = 8LL * 3600000,
                                         .signin_retry = 8LL * 3600000,
                                         .signin_retry_max = 86400000};

#endif
