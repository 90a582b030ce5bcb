/* What becomes of an endpoint after an answer of its push service. */
#include "push/internal.h"

enum {
    NOT_FOUND = 404,
    GONE = 410,
    FAILURES_LEAST = 5, /* before one is given up, however long ago the first was */
    DOUBLES = 16
};
#define PAUSE_MAX (6LL * 3600 * 1000)
#define RETRY_MAX (24LL * 3600 * 1000)

static int64_t at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

/* The interval, twice as long after each failure. */
static int64_t pause_after(int64_t failures, int64_t interval)
{
    int64_t pause = interval;
    for (int64_t i = 0; i < failures && i < DOUBLES && pause < PAUSE_MAX; i++)
        pause *= 2;
    return at_least(pause < PAUSE_MAX ? pause : PAUSE_MAX, interval);
}

enum push_outcome push_settle(const struct push_pace *rules, int status, int64_t retry_after,
                              int64_t now, int64_t told, struct hearth_push *row)
{
    if (status >= 200 && status < 300) {
        row->last_sent = now;
        row->failures = row->failing = 0;
        return PUSH_TAKEN;
    }
    if (status == NOT_FOUND || status == GONE)
        return PUSH_GONE;
    row->generation = told; /* it has not been told of this one */
    row->failures++;
    if (row->failing == 0 || row->failing > now)
        row->failing = now;
    int64_t wanted = status != 429 && status != 503 ? 0
                     : retry_after < RETRY_MAX      ? retry_after
                                                    : RETRY_MAX;
    row->not_before = now + at_least(wanted, pause_after(row->failures, rules->interval));
    return row->failures >= FAILURES_LEAST && now - row->failing >= rules->give_up ? PUSH_GIVEN_UP
                                                                                   : PUSH_FAILED;
}
