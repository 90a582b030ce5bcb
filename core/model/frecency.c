#include "model/frecency.h"

#include <math.h>

enum { HALF_LIFE = 30, WEIGHT_HIGH = 100, WEIGHT_MEDIUM = 50 };

static int64_t day_of(int64_t ms)
{
    enum { DAY = 86400000 };
    return ms / DAY - (ms % DAY < 0);
}

bool model_frecency_counts(int type)
{
    return type != 4 && type != 7 && type != 8 && type != 9;
}

void model_frecency_add(struct model_frecency *frecency, int64_t date, int type)
{
    if (date > frecency->newest)
        frecency->newest = date;
    if (!model_frecency_counts(type))
        return;
    frecency->counted++;
    int at = frecency->taken;
    while (at > 0 &&
           (frecency->samples[at - 1].date < date ||
            (frecency->samples[at - 1].date == date && frecency->samples[at - 1].type < type)))
        at--;
    if (at == MODEL_FRECENCY_SAMPLES)
        return;
    if (frecency->taken < MODEL_FRECENCY_SAMPLES)
        frecency->taken++;
    for (int i = frecency->taken - 1; i > at; i--)
        frecency->samples[i] = frecency->samples[i - 1];
    frecency->samples[at].date = date;
    frecency->samples[at].type = type;
}

int64_t model_frecency_value(const struct model_frecency *frecency, bool bookmarked, int64_t added)
{
    if (frecency->taken == 0)
        return bookmarked ? (int64_t)floor((double)day_of(added) + HALF_LIFE * log2(WEIGHT_HIGH))
                          : 0;
    int64_t reference = day_of(frecency->samples[0].date);
    double total = 0;
    for (int i = 0; i < frecency->taken; i++) {
        /* Firefox marks a visit to a bookmarked page when it stores it. That mark is not synced;
         * on a device that has synced data only, the newest visit carries it. */
        bool marked = bookmarked && i == 0 && frecency->samples[0].date == frecency->newest;
        bool high = frecency->samples[i].type == 2 || frecency->samples[i].type == 3 || marked;
        total += (high ? WEIGHT_HIGH : WEIGHT_MEDIUM) *
                 exp2(-(double)(reference - day_of(frecency->samples[i].date)) / HALF_LIFE);
    }
    total *= (double)frecency->counted / frecency->taken;
    return (int64_t)floor((double)reference + HALF_LIFE * log2(total));
}
