/* A library to preload: programs believe that it is HEARTH_TEST_LATER seconds later (or earlier,
 * when negative) than it is, and time goes on from there. Only the wall clock moves;
 * CLOCK_MONOTONIC, file times and everything that waits for a span of time stay as they are.
 * Waits until a moment of the wall clock are moved back, so that they end when they should.
 * faketime(1) breaks clock_nanosleep(), and with it Python and browsers. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

/* seconds: a moment after this one is the wall clock's, as no machine runs for 30 years */
enum { WALL = 1000000000 };

#define REAL(name) ((__typeof__(&name))real_function(#name))

static void *real_function(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static time_t later_seconds(void)
{
    static time_t seconds;
    static int known;
    if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
        const char *text = getenv("HEARTH_TEST_LATER");
        __atomic_store_n(&seconds, text == NULL ? 0 : (time_t)strtoll(text, NULL, 10),
                         __ATOMIC_RELAXED);
        __atomic_store_n(&known, 1, __ATOMIC_RELEASE);
    }
    return __atomic_load_n(&seconds, __ATOMIC_RELAXED);
}

/* The moment as the kernel knows it. */
static struct timespec later_undone(const struct timespec *moment)
{
    struct timespec real = *moment;
    if (real.tv_sec > WALL)
        real.tv_sec -= later_seconds();
    return real;
}

int clock_gettime(clockid_t id, struct timespec *ret_now)
{
    static __typeof__(&clock_gettime) real;
    if (real == NULL)
        real = REAL(clock_gettime);
    int r = real(id, ret_now);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ret_now->tv_sec += later_seconds();
    return r;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_now = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret_now)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (ret_now != NULL)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *ret_now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, ret_now) == 0 ? base : 0;
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *span, struct timespec *ret_left)
{
    struct timespec moment = (flags & TIMER_ABSTIME) != 0 ? later_undone(span) : *span;
    return REAL(clock_nanosleep)(id, flags, &moment, ret_left);
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict moment)
{
    struct timespec real = later_undone(moment);
    return REAL(pthread_cond_timedwait)(cond, mutex, &real);
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t id,
                           const struct timespec *moment)
{
    struct timespec real = later_undone(moment);
    return REAL(pthread_cond_clockwait)(cond, mutex, id, &real);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict moment)
{
    struct timespec real = later_undone(moment);
    return REAL(pthread_mutex_timedlock)(mutex, &real);
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict moment)
{
    struct timespec real = later_undone(moment);
    return REAL(sem_timedwait)(sem, &real);
}

int sem_clockwait(sem_t *sem, clockid_t id, const struct timespec *moment)
{
    struct timespec real = later_undone(moment);
    return REAL(sem_clockwait)(sem, id, &real);
}
