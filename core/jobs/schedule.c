#include "jobs/schedule.h"

#include "jobs/messages.h"

enum { DAY = 24 * 60 * 60 * 1000 };

int64_t jobs_schedule_interval(const struct schedule *schedule,
                               const struct hearth_account *account, int64_t now)
{
    int64_t seen = account->last_seen > account->created ? account->last_seen : account->created;
    int64_t away = now - seen;
    if (away <= DAY)
        return schedule->interval;
    if (away <= 7 * (int64_t)DAY)
        return schedule->interval_week;
    return away <= schedule->dormant_after ? schedule->interval_month : 0;
}

static int64_t with_jitter(const struct schedule *schedule, int64_t pause, unsigned random)
{
    /* evenly in [pause - spread, pause + spread] */
    int64_t spread = pause * schedule->jitter / 100;
    return pause - spread + 2 * spread * (int64_t)(random & 0xffff) / 0xffff;
}

/* An account that was synced late goes back to the times it had. Else those that an outage
 * heaped up would come in heaps again, for hours: the jitter spreads them only slowly. */
static int64_t back_in_step(const struct hearth_account *account, int64_t now, int64_t wait)
{
    /* 1: as soon as possible, which is no time of its own */
    if (account->next_sync <= 1 || account->next_sync >= now)
        return wait;
    int64_t late = (now - account->next_sync) % wait;
    return late < wait / 2 ? wait - late : 2 * wait - late;
}

/* r, 3 r, 12 r, then twice the last each, up to cap: a hiccup is over after seconds, and the
 * tenth attempt is about an hour after the first. */
static int64_t retry_after(const struct schedule *schedule, int64_t failures, int64_t cap)
{
    int64_t first = schedule->retry < schedule->interval ? schedule->retry : schedule->interval;
    int64_t wait = failures <= 1 ? first : failures == 2 ? first * 3 : first * 12;
    for (int64_t i = 3; i < failures && wait < cap; i++)
        wait *= 2;
    return wait < cap ? wait : cap;
}

/* What passes by itself is looked for as often as news are, and by those who have nothing yet
 * more often. What does not pass may wait. */
static int64_t retry_cap(const struct schedule *schedule, const struct hearth_account *account,
                         bool passing)
{
    int64_t cap = passing ? schedule->interval : schedule->retry_max;
    if (account->last_sync == 0 && passing)
        cap = schedule->interval > 3 ? schedule->interval / 3 : 1;
    return cap < schedule->retry_max ? cap : schedule->retry_max;
}

int64_t jobs_schedule_next(const struct schedule *schedule, const struct hearth_account *account,
                           int64_t now, int64_t pause, bool passing, unsigned random)
{
    if (account->state == HEARTH_ACCOUNT_PAUSED)
        return 0;
    int64_t wait = jobs_schedule_interval(schedule, account, now);
    if (wait == 0)
        return 0;
    if (account->state == HEARTH_ACCOUNT_SIGNIN_NEEDED) {
        /* a server may be wrong about it, and come to its senses */
        wait = account->failures <= 1 ? schedule->signin_retry : schedule->signin_retry_max;
    } else if (account->failures > 0) {
        int64_t cap = retry_cap(schedule, account, passing),
                retry = retry_after(schedule, account->failures, cap);
        bool eager = account->last_sync == 0 && passing && wait <= schedule->interval;
        /* at last no more often than if all were well */
        wait = retry < cap || eager ? retry : wait > retry ? wait : retry;
    } else {
        wait = back_in_step(account, now, wait);
    }
    wait = with_jitter(schedule, wait, random);
    return now + (wait > pause ? wait : pause);
}

bool jobs_schedule_is_stale(const struct schedule *schedule, const struct hearth_account *account,
                            int64_t now)
{
    /* in the future: the clock was wrong */
    return account->last_sync > now || now - account->last_sync > schedule->interval;
}

/* More than the schedule itself would wait after the attempt that the account remembers. */
static bool is_put_off(const struct schedule *schedule, const struct hearth_account *account)
{
    struct hearth_account row = *account;
    row.next_sync = 0;
    if (row.last_seen > row.last_attempt) /* and before? the longest of all intervals, then */
        row.last_seen = row.created = row.last_attempt - 8 * (int64_t)DAY;
    int64_t longest = jobs_schedule_next(schedule, &row, row.last_attempt, 0, false, 0xffff);
    if (row.failures == 0) /* it may have come late: see back_in_step() */
        longest += (longest - row.last_attempt) / 2;
    return row.last_attempt > 0 && longest > 0 && account->next_sync > longest;
}

struct hearth_sentence jobs_schedule_explain(const struct schedule *schedule,
                                             const struct hearth_account *account,
                                             int64_t paused_until)
{
    enum { ROUNDING = 10 * 1000 }; /* the pause is noted a little after the next sync is */
    struct hearth_time time = hearth_time_of(account->next_sync);
    if (paused_until > 0 && account->next_sync > paused_until + ROUNDING)
        return jobs_says_next_after_pause(hearth_time_of(paused_until), time);
    if (paused_until > 0 || is_put_off(schedule, account))
        return jobs_says_next_pause(time);
    if (account->state == HEARTH_ACCOUNT_SIGNIN_NEEDED)
        return jobs_says_next_signin(time);
    return account->failures > 0 ? jobs_says_next_retry(time) : jobs_says_next_interval(time);
}

int64_t jobs_schedule_horizon(const struct schedule *schedule)
{
    int64_t longest = schedule->retry_max;
    if (schedule->signin_retry > longest)
        longest = schedule->signin_retry;
    if (schedule->signin_retry_max > longest)
        longest = schedule->signin_retry_max;
    if (schedule->interval_month > longest)
        longest = schedule->interval_month;
    if (schedule->interval_week > longest)
        longest = schedule->interval_week;
    if (schedule->interval > longest)
        longest = schedule->interval;
    return 2 * longest + 2 * (int64_t)DAY;
}
