#include "base/outage.h"

#include <pthread.h>

#include "base/backoff.h"
#include "base/clock.h"

enum { SAID_LATELY = 60000 };

static struct backoff *said; /* by words; lives as long as the process */

void outage_begins(struct outage *outage, enum hearth_log_level level, const char *module,
                   const char *event, const struct log_pair *pairs)
{
    long long answered = 0, now = clock_monotonic();
    if (atomic_compare_exchange_strong(&outage->since, &answered, now > 0 ? now : 1))
        log_event_pairs(level, module, event, pairs);
}

bool outage_ends(struct outage *outage, const char *module, const char *event, struct log_pair who)
{
    if (!outage_lasts(outage)) /* most calls end here, without a write to what all threads share */
        return false;
    long long since = atomic_exchange(&outage->since, 0);
    if (since == 0)
        return false;
    log_event(HEARTH_LOG_INFO, module, event, who,
              LOG_INT("seconds", (clock_monotonic() - since) / 1000));
    return true;
}

bool outage_lasts(const struct outage *outage)
{
    return atomic_load(&outage->since) != 0;
}

static void said_init(void)
{
    said = backoff_create();
}

enum hearth_log_level outage_level_of_request(const struct err *err, enum hearth_log_level level)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, said_init);
    if (err->told || said == NULL)
        return log_level_of(err, level);
    if (backoff_left(said, err->text) > 0)
        return HEARTH_LOG_DEBUG;
    backoff_set(said, err->text, clock_monotonic() + SAID_LATELY);
    return level;
}
