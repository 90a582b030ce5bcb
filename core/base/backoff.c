#include "base/backoff.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"

/* Open hashing would need deletion; a few thousand paused accounts are many, so: a fixed table of short lists that are swept as they are
 * walked. */
enum { BUCKETS = 1024 };

struct entry {
    struct entry *next;
    int64_t until;
    char key[];
};

struct backoff {
    pthread_mutex_t lock; /* a leaf */
    struct entry *buckets[BUCKETS];
};

struct backoff *backoff_create(void)
{
    struct backoff *backoff = calloc(1, sizeof(*backoff));
    if (backoff != NULL)
        pthread_mutex_init(&backoff->lock, NULL);
    return backoff;
}

void backoff_destroy(struct backoff *backoff)
{
    if (backoff == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (backoff->buckets[i] != NULL) {
            struct entry *next = backoff->buckets[i]->next;
            free(backoff->buckets[i]);
            backoff->buckets[i] = next;
        }
    }
    pthread_mutex_destroy(&backoff->lock);
    free(backoff);
}

static struct entry **bucket_of(struct backoff *backoff, const char *key)
{
    return &backoff->buckets[hash_text(key) % BUCKETS];
}

/* The entry of key, or NULL; drops what ran out on the way. */
static struct entry *find(struct entry **link, const char *key, int64_t now)
{
    while (*link != NULL) {
        struct entry *e = *link;
        if (e->until <= now) {
            *link = e->next;
            free(e);
        } else if (strcmp(e->key, key) == 0) {
            return e;
        } else {
            link = &e->next;
        }
    }
    return NULL;
}

void backoff_set(struct backoff *backoff, const char *key, int64_t until)
{
    lock_take(&backoff->lock);
    struct entry **bucket = bucket_of(backoff, key), *e = find(bucket, key, clock_monotonic());
    if (e == NULL && (e = malloc(sizeof(*e) + strlen(key) + 1)) != NULL) {
        memcpy(e->key, key, strlen(key) + 1);
        e->until = 0;
        e->next = *bucket;
        *bucket = e;
    }
    if (e != NULL && e->until < until)
        e->until = until;
    lock_release(&backoff->lock);
}

void backoff_clear(struct backoff *backoff, const char *key)
{
    lock_take(&backoff->lock);
    for (size_t i = 0; key == NULL && i < BUCKETS; i++)
        for (struct entry *each = backoff->buckets[i]; each != NULL; each = each->next)
            each->until = 0;
    struct entry *e = key == NULL ? NULL : find(bucket_of(backoff, key), key, clock_monotonic());
    if (e != NULL)
        e->until = 0; /* the next walk frees it */
    lock_release(&backoff->lock);
}

int64_t backoff_left(struct backoff *backoff, const char *key)
{
    int64_t now = clock_monotonic();
    lock_take(&backoff->lock);
    struct entry *e = find(bucket_of(backoff, key), key, now);
    int64_t left = e == NULL ? 0 : e->until - now;
    lock_release(&backoff->lock);
    return left;
}
