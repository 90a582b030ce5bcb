/* Takes the place of core/base/clock.c in this program: whatever of the core asks for the time
 * gets the simulation's. */
#include "base/clock.h"

#include "sim.h"

enum { BOOTED = 1000000 }; /* a monotonic clock that is not near zero, nor near the wall clock */

static int64_t elapsed;

void sim_set_time(int64_t ms)
{
    elapsed = ms;
}

int64_t sim_time(void)
{
    return elapsed;
}

int64_t clock_now(void)
{
    return SIM_EPOCH + elapsed;
}

int64_t clock_monotonic(void)
{
    return BOOTED + elapsed;
}
