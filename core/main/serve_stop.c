/* A stop ends, whatever hangs. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "main/serve.h"

enum { AGAIN = 50 };

/* One for each process: it is stopped once. */
static struct {
    pthread_mutex_t lock; /* a leaf; guards `drained`, `hurries`, `done` */
    pthread_cond_t wake;  /* monotonic */
    pthread_t thread;
    bool runs, drained, hurries, done;
    int64_t patience, until; /* monotonic ms */
    void (*hurry)(void *ctx);
    void *ctx;
    _Atomic(const char *) step;
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* True: *flag was set before the time came. */
static bool stop_guard_await(const bool *flag, int64_t until)
{
    lock_take(&guard.lock);
    while (!*flag && clock_monotonic() < until)
        lock_wait_until(&guard.wake, &guard.lock, until);
    bool set = *flag;
    lock_release(&guard.lock);
    return set;
}

/* Again and again: an interrupt between two calls does nothing. */
static void stop_guard_hurry(void)
{
    lock_take(&guard.lock);
    guard.hurries = !guard.drained;
    bool hurries = guard.hurries;
    lock_release(&guard.lock);
    if (!hurries)
        return;
    guard.hurry(guard.ctx);
    lock_take(&guard.lock);
    guard.hurries = false;
    pthread_cond_broadcast(&guard.wake);
    lock_release(&guard.lock);
}

static void *stop_guard_main(void *arg)
{
    (void)arg;
    int64_t next = guard.patience < guard.until ? guard.patience : guard.until;
    while (!stop_guard_await(&guard.drained, next)) {
        if (clock_monotonic() >= guard.until) {
            log_event(HEARTH_LOG_ERROR, "main", "stop takes too long",
                      LOG_TEXT("step", atomic_load(&guard.step)));
            _exit(EXIT_FAILURE);
        }
        stop_guard_hurry();
        next = clock_monotonic() + AGAIN < guard.until ? clock_monotonic() + AGAIN : guard.until;
    }
    if (!stop_guard_await(&guard.done, guard.until)) {
        log_event(HEARTH_LOG_ERROR, "main", "stop takes too long",
                  LOG_TEXT("step", atomic_load(&guard.step)));
        _exit(EXIT_FAILURE);
    }
    return NULL;
}

void main_serve_stop_guard(int64_t drain, void (*hurry)(void *ctx), void *ctx)
{
    lock_init_condition(&guard.wake);
    guard.patience = clock_monotonic() + drain;
    guard.until = guard.patience + SERVE_STOP_MORE;
    guard.hurry = hurry;
    guard.ctx = ctx;
    atomic_store(&guard.step, "its beginning");
    guard.runs = pthread_create(&guard.thread, NULL, stop_guard_main, NULL) == 0;
    if (guard.runs)
        pthread_setname_np(guard.thread, "stop");
    else
        alarm((unsigned)((drain + SERVE_STOP_MORE) / 1000 + 1)); /* without words, but it ends */
}

void main_serve_stop_step(const char *what)
{
    atomic_store(&guard.step, what);
}

void main_serve_stop_drained(void)
{
    lock_take(&guard.lock);
    guard.drained = true;
    pthread_cond_broadcast(&guard.wake);
    while (guard.hurries)
        lock_wait(&guard.wake, &guard.lock);
    lock_release(&guard.lock);
}

void main_serve_stop_done(void)
{
    lock_take(&guard.lock);
    guard.done = true;
    pthread_cond_broadcast(&guard.wake);
    lock_release(&guard.lock);
    if (guard.runs)
        pthread_join(guard.thread, NULL);
}
