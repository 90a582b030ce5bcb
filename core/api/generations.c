/* The generation of accounts, as far as this process has heard: what lets a loop answer 304
 * without a look at the storage. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"

/* An event can be lost between processes: so long at most an old answer is taken for a new one
 * then. */
enum { SLOTS = 8192, SURE_FOR = 60000 };

struct generations {
    pthread_mutex_t lock; /* a leaf */
    struct {
        char account[40];
        int64_t generation, until;
    } slots[SLOTS];
};

struct generations *api_generations_create(void)
{
    struct generations *generations = calloc(1, sizeof(*generations));
    if (generations != NULL)
        pthread_mutex_init(&generations->lock, NULL);
    return generations;
}

void api_generations_destroy(struct generations *generations)
{
    if (generations == NULL)
        return;
    pthread_mutex_destroy(&generations->lock);
    free(generations);
}

static size_t generation_slot_of(const char *account)
{
    return hash_text(account) % SLOTS;
}

int64_t api_generations_get(struct generations *generations, const char *account)
{
    size_t i = generation_slot_of(account);
    lock_take(&generations->lock);
    bool sure = strcmp(generations->slots[i].account, account) == 0 &&
                clock_monotonic() < generations->slots[i].until;
    int64_t found = sure ? generations->slots[i].generation : 0;
    lock_release(&generations->lock);
    return found;
}

void api_generations_set(struct generations *generations, const char *account, int64_t generation)
{
    size_t i = generation_slot_of(account);
    lock_take(&generations->lock);
    bool same = strcmp(generations->slots[i].account, account) == 0;
    if (!same || generations->slots[i].generation < generation) {
        /* a reader that began earlier must not turn it back */
        snprintf(generations->slots[i].account, sizeof(generations->slots[i].account), "%s",
                 account);
        generations->slots[i].generation = generation;
    }
    if (generations->slots[i].generation == generation)
        generations->slots[i].until = clock_monotonic() + SURE_FOR;
    lock_release(&generations->lock);
}

void api_generations_forget(struct generations *generations, const char *account)
{
    lock_take(&generations->lock);
    if (account == NULL) {
        memset(generations->slots, 0, sizeof(generations->slots));
    } else {
        size_t i = generation_slot_of(account);
        if (strcmp(generations->slots[i].account, account) == 0)
            generations->slots[i].account[0] = '\0';
    }
    lock_release(&generations->lock);
}
