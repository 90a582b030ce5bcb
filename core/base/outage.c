#include "base/outage.h"

#include <stdio.h>

#include "base/clock.h"

void outage_begins(struct outage *outage, enum hearth_log_level level, const char *module, const char *format, ...)
{
    long long answered = 0, now = clock_monotonic();
    if (!atomic_compare_exchange_strong(&outage->since, &answered, now > 0 ? now : 1))
        return;
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    log_text(level, module, "%s", text);
}

bool outage_ends(struct outage *outage, const char *module, const char *what)
{
    if (!outage_lasts(outage)) /* most calls end here, without a write to what all threads share */
        return false;
    long long since = atomic_exchange(&outage->since, 0);
    if (since == 0)
        return false;
    log_pairs(HEARTH_LOG_INFO, module, "answers again",
              (struct log_pair[]){LOG_PAIR("backend", what), LOG_NUMBER("seconds", (clock_monotonic() - since) / 1000), LOG_PAIRS_END});
    return true;
}

bool outage_lasts(const struct outage *outage)
{
    return atomic_load(&outage->since) != 0;
}
