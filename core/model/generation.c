#include "model/generation.h"

#include "base/clock.h"

int64_t model_generation_begin(int64_t newest)
{
    int64_t now = clock_now();
    return newest >= now ? newest + 1 : now;
}
