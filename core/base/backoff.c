#include "base/backoff.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/map.h"

enum { SWEEP_FROM = 64 };

struct entry {
    map_entry in_map; /* by key */
    int64_t until;
    char key[];
};

struct backoff {
    pthread_mutex_t lock; /* a leaf */
    struct entry *entries;
    size_t sweep_at; /* so many entries: those that ran out go before another one comes */
};

struct backoff *backoff_create(void)
{
    struct backoff *backoff = calloc(1, sizeof(*backoff));
    if (backoff == NULL)
        return NULL;
    pthread_mutex_init(&backoff->lock, NULL);
    backoff->sweep_at = SWEEP_FROM;
    return backoff;
}

static void pause_drop(struct backoff *backoff, struct entry *e)
{
    MAP_REMOVE(backoff->entries, e);
    free(e);
}

/* With the lock. Those whose time is at most `until`. */
static void entries_drop(struct backoff *backoff, int64_t until)
{
    struct entry *e, *next;
    MAP_EACH(backoff->entries, e, next)
    if (e->until <= until)
        pause_drop(backoff, e);
}

void backoff_destroy(struct backoff *backoff)
{
    if (backoff == NULL)
        return;
    entries_drop(backoff, INT64_MAX);
    pthread_mutex_destroy(&backoff->lock);
    free(backoff);
}

/* With the lock. NULL: memory is short. */
static struct entry *entry_add(struct backoff *backoff, const char *key)
{
    if (MAP_COUNT(backoff->entries) >= backoff->sweep_at) {
        entries_drop(backoff, clock_monotonic());
        backoff->sweep_at = MAP_COUNT(backoff->entries) * 2 + SWEEP_FROM;
    }
    struct entry *e = calloc(1, sizeof(*e) + strlen(key) + 1);
    if (e == NULL)
        return NULL;
    memcpy(e->key, key, strlen(key) + 1);
    if (MAP_ADD_TEXT(backoff->entries, e->key, e))
        return e;
    free(e);
    return NULL;
}

void backoff_set(struct backoff *backoff, const char *key, int64_t until)
{
    lock_take(&backoff->lock);
    struct entry *e = MAP_FIND_TEXT(backoff->entries, key);
    if (e == NULL)
        e = entry_add(backoff, key);
    if (e != NULL && e->until < until)
        e->until = until;
    lock_release(&backoff->lock);
}

void backoff_clear(struct backoff *backoff, const char *key)
{
    lock_take(&backoff->lock);
    struct entry *e = key == NULL ? NULL : MAP_FIND_TEXT(backoff->entries, key);
    if (e != NULL)
        pause_drop(backoff, e);
    else if (key == NULL)
        entries_drop(backoff, INT64_MAX);
    lock_release(&backoff->lock);
}

int64_t backoff_left(struct backoff *backoff, const char *key)
{
    int64_t now = clock_monotonic();
    lock_take(&backoff->lock);
    struct entry *e = MAP_FIND_TEXT(backoff->entries, key);
    int64_t left = e == NULL || e->until <= now ? 0 : e->until - now;
    if (e != NULL && left == 0)
        pause_drop(backoff, e);
    lock_release(&backoff->lock);
    return left;
}
