/* The thread "search-refresh": brings what is in memory of an account up to date when its data
 * changed, so that its person need not wait for that. The queue has each account once, however
 * often it changes meanwhile. */
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "search/search_internal.h"

/* Who has not asked for so long waits the moment that an update takes, should they come back;
 * QUEUE_MAX bounds what piles up when the storage is slow: those left out are brought up to date
 * when they ask. */
enum { ACTIVE_FOR = 60 * 60 * 1000, QUEUE_MAX = 1024 };

static void refresh_enqueue(struct search *search, struct account *account, int64_t generation)
{
    account->wanted = generation > account->wanted ? generation : account->wanted;
    if (account->refresh_queued || search->stopped || search->refresh == NULL ||
        search->refresh_count == QUEUE_MAX)
        return;
    account->refresh_queued = true;
    account->users++;
    account->next_refresh = NULL;
    *(search->first_refresh == NULL ? &search->first_refresh
                                    : &search->last_refresh->next_refresh) = account;
    search->last_refresh = account;
    search->refresh_count++;
    pthread_cond_signal(&search->refresh_work);
}

static bool has_anything(const struct account *account)
{
    bool any = account->block != NULL;
    for (size_t i = 0; i < SEARCH_INDEXES; i++)
        any = any || account->slots[i].index != NULL;
    return any;
}

void search_changed(struct search *search, const char *id, int64_t generation)
{
    lock_take(&search->lock);
    struct account *account = search_accounts_find(search, id);
    if (account != NULL && has_anything(account) && clock_monotonic() - account->used < ACTIVE_FOR)
        refresh_enqueue(search, account, generation);
    lock_release(&search->lock);
}

void search_expect(struct search *search, const char *id, int64_t generation)
{
    lock_take(&search->lock);
    struct account *account = search->refresh == NULL ? NULL : search_accounts_acquire(search, id);
    if (account != NULL && (account->block == NULL || account->block->generation < generation)) {
        account->expected = true;
        refresh_enqueue(search, account, generation);
    }
    if (account != NULL)
        search_accounts_release(search, account);
    lock_release(&search->lock);
}

int search_refresh(struct search *search, const char *id, int64_t generation,
                   const struct search_source *source, struct err *err)
{
    int r = 0;
    lock_take(&search->lock);
    /* not acquired: that would count as use */
    struct account *account = search_accounts_find(search, id);
    if (account != NULL) {
        account->users++;
        if (account->block != NULL || account->expected)
            r = search_bring_block(search, account, generation, source, err);
        account->expected = false;
        for (size_t i = 0; r == 0 && i < SEARCH_INDEXES; i++)
            if (account->slots[i].index != NULL)
                r = search_bring_index(search, account, generation, (enum search_index)i, source,
                                       NULL, err);
        search_accounts_release(search, account);
    }
    search->stats.refreshes++;
    lock_release(&search->lock);
    return r;
}

/* The lock is held, and let go meanwhile. */
static void refresh_first(struct search *search)
{
    struct account *account = search->first_refresh;
    char id[64];
    snprintf(id, sizeof(id), "%s", account->id);
    int64_t generation = account->wanted;
    search->first_refresh = account->next_refresh;
    search->refresh_count--;
    account->refresh_queued = false;
    bool gone = account->gone;
    search_accounts_release(search, account);
    if (gone)
        return;
    search->refreshing = true;
    lock_release(&search->lock);
    search->refresh(search->refresh_ctx, search, id, generation);
    metrics_add(METRIC(SEARCH_REFRESHES), 1);
    lock_take(&search->lock);
    search->refreshing = false;
}

void *search_refresh_main(void *ctx)
{
    struct search *search = ctx;
    pthread_setname_np(pthread_self(), "search-refresh");
    lock_take(&search->lock);
    while (!search->stopped) {
        if (search->first_refresh != NULL) {
            refresh_first(search);
        } else {
            pthread_cond_broadcast(&search->idle);
            lock_wait(&search->refresh_work, &search->lock);
        }
    }
    lock_release(&search->lock);
    return NULL;
}
