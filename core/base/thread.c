#include "base/thread.h"

#include <time.h>

enum { SLICE = 50 * 1000000 }; /* ns between two interrupts */

void thread_join(pthread_t thread, void (*interrupt)(void *ctx), void *ctx)
{
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += SLICE;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        if (pthread_timedjoin_np(thread, NULL, &until) == 0)
            return;
        interrupt(ctx);
    }
}
