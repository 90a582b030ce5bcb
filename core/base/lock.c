#include "base/lock.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

void lock_init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int lock_wait_ms(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until)
{
    const struct timespec t = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    return until == INT64_MAX ? pthread_cond_wait(condition, mutex)
                              : pthread_cond_timedwait(condition, mutex, &t);
}

#ifdef HEARTH_LOCK_CHECKS

enum { HELD_MAX = 8 };

/* What this thread holds, in the order taken. */
static __thread struct {
    struct {
        pthread_mutex_t *mutex;
        const char *name, *file;
        int line;
    } items[HELD_MAX];
    int count;
} held;

static _Noreturn void lock_fail(const char *file, int line, const char *what)
{
    for (int i = 0; i < held.count; i++)
        log_event(HEARTH_LOG_ERROR, "base", "lock held", LOG_TEXT("lock", held.items[i].name),
                  LOG_TEXT("source", held.items[i].file), LOG_INT("line", held.items[i].line));
    log_event(HEARTH_LOG_ERROR, "base", "fault", LOG_TEXT("source", file), LOG_INT("line", line),
              LOG_TEXT("error", what));
    abort();
}

static void lock_note_taken(pthread_mutex_t *mutex, const char *name, const char *file, int line)
{
    if (held.count == HELD_MAX)
        lock_fail(file, line, "a thread holds too many locks");
    held.items[held.count].mutex = mutex;
    held.items[held.count].name = name;
    held.items[held.count].file = file;
    held.items[held.count++].line = line;
}

void lock_take_checked(pthread_mutex_t *mutex, const char *name, const char *file, int line)
{
    for (int i = 0; i < held.count; i++)
        if (held.items[i].mutex == mutex)
            lock_fail(file, line, "a lock is taken by the thread that holds it");
    if (pthread_mutex_lock(mutex) != 0)
        lock_fail(file, line, "a lock cannot be taken");
    lock_note_taken(mutex, name, file, line);
}

void lock_release_checked(pthread_mutex_t *mutex, const char *name, const char *file, int line)
{
    int i = held.count - 1;
    while (i >= 0 && held.items[i].mutex != mutex)
        i--;
    if (i < 0) {
        log_event(HEARTH_LOG_ERROR, "base", "fault", LOG_TEXT("source", file),
                  LOG_INT("line", line),
                  LOG_TEXT("error", "a lock is released by a thread that does not hold it"),
                  LOG_TEXT("lock", name));
        abort();
    }
    for (held.count--; i < held.count; i++)
        held.items[i] = held.items[i + 1];
    pthread_mutex_unlock(mutex);
}

int lock_wait_checked(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until,
                      const char *file, int line)
{
    if (held.count != 1 || held.items[0].mutex != mutex)
        lock_fail(file, line,
                  "a thread waits for a condition with another lock than the condition's own");
    return lock_wait_ms(condition, mutex, until);
}

void lock_border_checked(const char *what, const char *file, int line)
{
    if (held.count > 0)
        lock_fail(file, line, what);
}

#else

int lock_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until)
{
    return lock_wait_ms(condition, mutex, until);
}

#endif
