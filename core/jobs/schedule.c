#include "jobs/schedule.h"

enum { DAY = 24 * 60 * 60 * 1000 };

int64_t schedule_interval(const struct schedule *schedule, const struct hearth_account *account, int64_t now)
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
    int64_t spread = pause * schedule->jitter / 100; /* evenly in [pause - spread, pause + spread] */
    return pause - spread + 2 * spread * (int64_t)(random & 0xffff) / 0xffff;
}

/* An account that was synced late goes back to the times it had. Else those that an outage heaped up would come in heaps again, for hours:
 * the jitter spreads them only slowly. */
static int64_t back_in_step(const struct hearth_account *account, int64_t now, int64_t wait)
{
    if (account->next_sync <= 1 || account->next_sync >= now) /* 1: as soon as possible, which is no time of its own */
        return wait;
    int64_t late = (now - account->next_sync) % wait;
    return late < wait / 2 ? wait - late : 2 * wait - late;
}

int64_t schedule_next(const struct schedule *schedule, const struct hearth_account *account, int64_t now, int64_t pause, unsigned random)
{
    if (account->state == HEARTH_ACCOUNT_SIGNIN_NEEDED || account->state == HEARTH_ACCOUNT_PAUSED)
        return 0;
    int64_t wait = schedule_interval(schedule, account, now);
    if (wait == 0)
        return 0;
    if (account->failures > 2) {
        int64_t retry = schedule->interval;
        for (int64_t i = 2; i < account->failures && retry < schedule->retry_max; i++)
            retry *= 2;
        if (retry > schedule->retry_max)
            retry = schedule->retry_max;
        if (retry > wait)
            wait = retry;
    }
    wait = with_jitter(schedule, back_in_step(account, now, wait), random);
    return now + (wait > pause ? wait : pause);
}

bool schedule_is_stale(const struct schedule *schedule, const struct hearth_account *account, int64_t now)
{
    return now - account->last_sync > schedule->interval;
}
