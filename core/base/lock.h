/* The one kind of lock in core: a mutex of which, in a build with checks, each thread knows
 * whether it holds it.
 *
 * The rule: no lock is held while a plugin or another module is called, and none while its
 * holder waits for anything but the lock's own condition. So nobody who takes a lock waits
 * longer than it takes to look at memory, whatever a database, a queue or a server does. A build
 * with checks (HEARTH_LOCK_CHECKS: meson's buildtype debug or debugoptimized, so all of ./dev's
 * but the benchmarks') ends the process where the rule is broken, with the names of the lock and
 * of what was called; in a release nothing is looked at.
 *
 * The one exception: a cache counts references (api/response_cache.h) under its lock, which
 * needs no other. */
#ifndef HEARTH_CORE_BASE_LOCK_H
#define HEARTH_CORE_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A condition for lock_wait_until(); pthread_cond_destroy(). */
void lock_init_condition(pthread_cond_t *condition);

#ifdef HEARTH_LOCK_CHECKS

#define lock_take(mutex)    lock_take_checked((mutex), #mutex, __FILE__, __LINE__)
#define lock_release(mutex) lock_release_checked((mutex), #mutex, __FILE__, __LINE__)
/* Waits for the condition; the lock is free meanwhile. until: as clock_monotonic() has it,
 * INT64_MAX: for ever; ETIMEDOUT. */
#define lock_wait(condition, mutex)                                                                \
    lock_wait_checked((condition), (mutex), INT64_MAX, __FILE__, __LINE__)
#define lock_wait_until(condition, mutex, until)                                                   \
    lock_wait_checked((condition), (mutex), (until), __FILE__, __LINE__)
/* Where a module is left for another one or for a plugin; what: a literal that says for which. */
#define lock_border(what) lock_border_checked((what), __FILE__, __LINE__)

void lock_take_checked(pthread_mutex_t *mutex, const char *name, const char *file, int line);
void lock_release_checked(pthread_mutex_t *mutex, const char *name, const char *file, int line);
int lock_wait_checked(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until,
                      const char *file, int line);
void lock_border_checked(const char *what, const char *file, int line);

#else

#define lock_take(mutex)            ((void)pthread_mutex_lock(mutex))
#define lock_release(mutex)         ((void)pthread_mutex_unlock(mutex))
#define lock_wait(condition, mutex) pthread_cond_wait((condition), (mutex))
#define lock_border(what)           ((void)0)

int lock_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until);

#endif
#endif
