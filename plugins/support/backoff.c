#include "support/backoff.h"

#include <string.h>

#include "support/call.h"
#include "support/text.h"

enum { BACKOFF_FIRST = 100, BACKOFF_LONGEST = 2000 };

void support_backoff_init(struct support_backoff *backoff, const struct hearth_host *host,
                          int at_once)
{
    *backoff = (struct support_backoff){.host = host, .at_once = at_once};
    pthread_mutex_init(&backoff->lock, NULL);
}

void support_backoff_fini(struct support_backoff *backoff)
{
    pthread_mutex_destroy(&backoff->lock);
}

int support_backoff_pass(struct support_backoff *backoff, struct hearth_call *call)
{
    char why[sizeof(backoff->why)];
    pthread_mutex_lock(&backoff->lock);
    int failures = backoff->failures;
    memcpy(why, backoff->why, sizeof(why));
    int64_t left = backoff->next - support_now(backoff->host);
    pthread_mutex_unlock(&backoff->lock);
    if (failures == 0 || left <= 0)
        return 0;
    call->retry_after = left;
    return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "%s", why);
}

/* After those that are free: 100 ms, 200 ms … 2 s, a quarter more or less, so that processes do not
 * come back together. */
void support_backoff_report(struct support_backoff *backoff, const char *why)
{
    uint32_t dice;
    backoff->host->random(backoff->host, &dice, sizeof(dice));
    pthread_mutex_lock(&backoff->lock);
    backoff->failures = why == NULL ? 0 : backoff->failures + 1;
    snprintf(backoff->why, sizeof(backoff->why), "%s", support_or_empty(why));
    int doublings = backoff->failures - backoff->at_once - 1;
    int64_t pause = doublings < 0   ? 0
                    : doublings > 6 ? BACKOFF_LONGEST
                                    : BACKOFF_FIRST << doublings;
    if (pause > BACKOFF_LONGEST)
        pause = BACKOFF_LONGEST;
    backoff->next =
        support_now(backoff->host) + pause * 3 / 4 + (int64_t)(dice % (uint32_t)(pause / 2 + 1));
    pthread_mutex_unlock(&backoff->lock);
}
