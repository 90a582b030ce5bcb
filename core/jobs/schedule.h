/* When an account is synced next. Pure functions: the same rules serve the scheduler, the
 * worker, the status page and the simulation. */
#ifndef HEARTH_CORE_JOBS_SCHEDULE_H
#define HEARTH_CORE_JOBS_SCHEDULE_H

#include "hearth/message.h"
#include "hearth/storage.h"

/* From [scheduler]; all in ms. */
struct schedule {
    int64_t interval;       /* people seen within a day */
    int64_t interval_week;  /* within a week */
    int64_t interval_month; /* until dormant_after */
    int64_t dormant_after;  /* not seen for so long: not synced until they come back */
    int64_t retry;          /* after the first failure */
    int64_t retry_max;      /* longest pause after failures */
    /* until an account whose sign-in is refused is looked at again, and each time after that */
    int64_t signin_retry, signin_retry_max;
    int jitter; /* per cent, 0..50 */
};

/* The pause that suits how lately the person was seen; 0: none, the account sleeps. */
int64_t jobs_schedule_interval(const struct schedule *schedule,
                               const struct hearth_account *account, int64_t now);
/* Time of the next sync after an attempt that ended `now` and left the account in this state
 * with so many failures in a row; 0: none until somebody asks. `pause`: what the server
 * demanded, ms. `random`: 0..65535, for the jitter. Failures wait `retry`, three times, twelve
 * times as long, then twice the last each: up to retry_max; when the fault is `passing` (network
 * or service, nothing to do with the account) up to `interval`, a third of it before the first
 * sync that succeeded. Once that is reached, no more often than if all were well (but for a
 * first sync). account->next_sync is when it should have been: one that comes late keeps its
 * place in the schedule, so that what an outage heaped up is spread again at once. The pause is
 * then between a half and three halves of the ordinary one. An account whose sign-in is needed
 * is looked at again after signin_retry, then each signin_retry_max. */
int64_t jobs_schedule_next(const struct schedule *schedule, const struct hearth_account *account,
                           int64_t now, int64_t pause, bool passing, unsigned random);
/* No account is due later than so many ms from now: one that is was written by a clock that was
 * wrong. */
int64_t jobs_schedule_horizon(const struct schedule *schedule);
/* When the next sync is (account->next_sync, > 1), and why then: what a person is told.
 * paused_until: ms since 1970, when the pause ends that the account's server is known to want;
 * 0: none is known, and whether there is one is seen from the time. */
struct hearth_sentence jobs_schedule_explain(const struct schedule *schedule,
                                             const struct hearth_account *account,
                                             int64_t paused_until);
/* Is what the person sees older than it should be? */
bool jobs_schedule_is_stale(const struct schedule *schedule, const struct hearth_account *account,
                            int64_t now);

#endif
