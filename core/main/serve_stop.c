/* A stop ends, whatever hangs. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "main/serve.h"

static struct {
    pthread_mutex_t lock; /* a leaf */
    pthread_cond_t wake;  /* monotonic */
    pthread_t thread;
    bool runs, done;
    int64_t until;
    _Atomic(const char *) step;
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *stop_guard_main(void *arg)
{
    (void)arg;
    struct timespec until = {guard.until / 1000, guard.until % 1000 * 1000000};
    pthread_mutex_lock(&guard.lock);
    while (!guard.done && clock_monotonic() < guard.until)
        pthread_cond_timedwait(&guard.wake, &guard.lock, &until);
    bool done = guard.done;
    pthread_mutex_unlock(&guard.lock);
    if (!done) {
        log_error("main", "the stop takes too long, so the process ends now; it waited for %s", atomic_load(&guard.step));
        _exit(EXIT_FAILURE);
    }
    return NULL;
}

void serve_stop_guard(int64_t drain)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&guard.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    guard.until = clock_monotonic() + drain + SERVE_STOP_MORE;
    atomic_store(&guard.step, "its beginning");
    guard.runs = pthread_create(&guard.thread, NULL, stop_guard_main, NULL) == 0;
    if (!guard.runs)
        alarm((unsigned)((drain + SERVE_STOP_MORE) / 1000 + 1)); /* without words, but it ends */
}

void serve_stop_step(const char *what)
{
    atomic_store(&guard.step, what);
}

void serve_stop_done(void)
{
    pthread_mutex_lock(&guard.lock);
    guard.done = true;
    pthread_cond_broadcast(&guard.wake);
    pthread_mutex_unlock(&guard.lock);
    if (guard.runs)
        pthread_join(guard.thread, NULL);
}
