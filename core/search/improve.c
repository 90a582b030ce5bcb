/* The background thread: makes filters, merges changes into blocks, and frees what nobody needs
 * any more. */
#include <stdlib.h>

#include "base/lock.h"
#include "search/gram_filter.h"
#include "search/search_internal.h"

/* Loads begin with small segments, to be searched soon, which are too small for filters. */
static bool wants_rebuild(const struct search *search, const struct block *block)
{
    if (block->overlay != NULL && block->overlay->count > BLOCK_OVERLAY_MAX)
        return true;
    return search_block_pages(block) >= search->filter_from && block->segment_count > 1 &&
           block->segments[0]->count < GRAM_FILTER_MIN_PAGES;
}

bool search_can_improve(const struct search *search, const struct block *block)
{
    if (wants_rebuild(search, block))
        return true;
    if (search_block_pages(block) < search->filter_from)
        return false;
    for (size_t i = 0; i < block->segment_count; i++)
        if (block->segments[i]->count >= GRAM_FILTER_MIN_PAGES &&
            atomic_load(&block->segments[i]->filter) == NULL)
            return true;
    return false;
}

/* Filters first for the segments with the best pages. Memory that cannot be had leaves the plain
 * scan. */
static void add_filters(const struct block *block)
{
    for (size_t i = 0; i < block->segment_count; i++) {
        struct segment *segment = block->segments[i];
        if (segment->count < GRAM_FILTER_MIN_PAGES || atomic_load(&segment->filter) != NULL)
            continue;
        struct gram_filter *filter = search_gram_filter_create(segment), *none = NULL;
        if (!atomic_compare_exchange_strong(&segment->filter, &none, filter))
            search_gram_filter_destroy(filter);
    }
}

/* Without the lock. Returns the block to put in place of this one, or NULL. */
static struct block *improve_block(const struct search *search, const struct block *block)
{
    struct block *rebuilt = NULL;
    if (wants_rebuild(search, block) && search_block_rebuild(block, &rebuilt) < 0)
        return NULL;
    const struct block *best = rebuilt == NULL ? block : rebuilt;
    if (search_block_pages(best) >= search->filter_from)
        add_filters(best);
    return rebuilt;
}

static void do_job(struct search *search)
{
    struct account *account = search->first_job;
    search->first_job = account->next_job;
    account->queued = false;
    if (!account->gone && account->block != NULL) {
        struct block *block = search_block_ref(account->block);
        search->working = true;
        lock_release(&search->lock);
        struct block *better = improve_block(search, block);
        lock_take(&search->lock);
        search->working = false;
        /* If it was updated meanwhile, that update has queued the account again. */
        if (better != NULL && account->block == block && !account->gone) {
            search_accounts_install(search, account, better);
            search->stats.rebuilds++;
        } else {
            search_accounts_discard(search, better);
            search_accounts_count(search, account);
        }
        search_accounts_discard(search, block);
    }
    search_accounts_release(search, account);
}

static void empty_trash(struct search *search)
{
    struct trash *trash = search->trash;
    size_t count = search->trash_count;
    search->trash = NULL;
    search->trash_count = search->trash_room = 0;
    search->working = true;
    lock_release(&search->lock);
    for (size_t i = 0; i < count; i++) {
        search_block_unref(trash[i].block);
        index_unref(trash[i].index);
    }
    free(trash);
    lock_take(&search->lock);
    search->working = false;
}

void *search_improve_main(void *ctx)
{
    struct search *search = ctx;
    pthread_setname_np(pthread_self(), "search");
    lock_take(&search->lock);
    while (!search->stop) {
        if (search->trash_count > 0) {
            empty_trash(search);
            continue;
        }
        if (search->first_job != NULL) {
            do_job(search);
            continue;
        }
        pthread_cond_broadcast(&search->idle);
        lock_wait(&search->work, &search->lock);
    }
    lock_release(&search->lock);
    return NULL;
}
