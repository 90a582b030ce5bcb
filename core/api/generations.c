/* The generations of accounts, as far as this process has heard: what lets a loop answer 304
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
    struct generation_slot {
        char account[40];
        int64_t heard; /* the newest that anybody spoke of: what was read before it is older */
        int64_t until;
        struct account_generations known;
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

static struct generation_slot *generation_slot_of(struct generations *generations,
                                                  const char *account)
{
    return &generations->slots[hash_text(account) % SLOTS];
}

/* Of this account from now on. */
static void generation_slot_take(struct generation_slot *slot, const char *account)
{
    if (strcmp(slot->account, account) == 0)
        return;
    *slot = (struct generation_slot){.heard = 0};
    snprintf(slot->account, sizeof(slot->account), "%s", account);
}

static int generations_on_collection(void *ctx, int32_t collection, int64_t generation)
{
    struct account_generations *of = ctx;
    if (collection > HEARTH_COLLECTION_NONE && collection < HEARTH_COLLECTION_SLOTS)
        of->of[collection] = generation;
    return 0;
}

int api_generations_read(struct api_call *call, int64_t generation,
                         struct account_generations *ret_of)
{
    *ret_of = (struct account_generations){.of = {[HEARTH_COLLECTION_NONE] = generation}};
    return STORAGE(call->storage, &call->err, generation_list, call->account,
                   generations_on_collection, ret_of);
}

void api_generations_ask(struct api_call *call)
{
    STORAGE_ASK(call->storage, generation_list, call->account, generations_on_collection, NULL);
}

int64_t api_generations_newest(const struct account_generations *of, unsigned collections)
{
    int64_t newest = 0;
    for (int c = 1; c < HEARTH_COLLECTION_SLOTS; c++)
        if ((collections & MERGE_CHANGED(c)) != 0 && of->of[c] > newest)
            newest = of->of[c];
    return newest;
}

bool api_generations_get(struct generations *generations, const char *account,
                         struct account_generations *ret_of)
{
    struct generation_slot *slot = generation_slot_of(generations, account);
    lock_take(&generations->lock);
    bool sure = strcmp(slot->account, account) == 0 && clock_monotonic() < slot->until;
    if (sure)
        *ret_of = slot->known;
    lock_release(&generations->lock);
    return sure;
}

void api_generations_set(struct generations *generations, const char *account,
                         const struct account_generations *of)
{
    struct generation_slot *slot = generation_slot_of(generations, account);
    int64_t generation = of->of[HEARTH_COLLECTION_NONE];
    lock_take(&generations->lock);
    generation_slot_take(slot, account);
    if (generation >= slot->heard) { /* a reader that began earlier must not turn it back */
        slot->heard = generation;
        slot->known = *of;
        slot->until = clock_monotonic() + SURE_FOR;
    }
    lock_release(&generations->lock);
}

void api_generations_outdate(struct generations *generations, const char *account,
                             int64_t generation)
{
    struct generation_slot *slot = generation_slot_of(generations, account);
    lock_take(&generations->lock);
    generation_slot_take(slot, account);
    if (generation > slot->heard) {
        slot->heard = generation;
        slot->until = 0;
    }
    lock_release(&generations->lock);
}

void api_generations_forget(struct generations *generations, const char *account)
{
    lock_take(&generations->lock);
    if (account == NULL) {
        memset(generations->slots, 0, sizeof(generations->slots));
    } else {
        struct generation_slot *slot = generation_slot_of(generations, account);
        if (strcmp(slot->account, account) == 0)
            slot->account[0] = '\0';
    }
    lock_release(&generations->lock);
}
