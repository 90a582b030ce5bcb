#include "base/thread.h"

#include <errno.h>
#include <time.h>

#include "base/err.h"

enum { SLICE = 50 * 1000000 }; /* ns between two interrupts */

int thread_failed(struct err *err, int error, const char *what)
{
    if (error == EAGAIN || error == ENOMEM) /* the system does not say which */
        return err_set(err, HEARTH_ERR_NOMEM,
                       "cannot start %s: out of memory, or this user may have no more threads",
                       what);
    return err_errno(err, error, "cannot start %s", what);
}

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
