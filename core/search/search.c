#include "search/search.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/lock.h"
#include "base/magic.h"
#include "base/thread.h"
#include "search/load.h"
#include "search/query.h"
#include "search/rank.h"
#include "search/search_internal.h"

enum { DEFAULT_FILTER_FROM = 30000, DEFAULT_MEMORY = 64 << 20 };

int search_create(const struct search_config *config, struct search **ret_search, struct err *err)
{
    struct search *search = calloc(1, sizeof(*search));
    if (search == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    search->memory = config->memory == 0 ? DEFAULT_MEMORY : config->memory;
    search->filter_from = config->filter_from == 0 ? DEFAULT_FILTER_FROM : config->filter_from;
    pthread_mutex_init(&search->lock, NULL);
    pthread_cond_init(&search->work, NULL);
    pthread_cond_init(&search->idle, NULL);
    pthread_cond_init(&search->refresh_work, NULL);
    search->refresh = config->refresh;
    search->refresh_ctx = config->refresh_ctx;
    int failed = pthread_create(&search->thread, NULL, search_improve_main, search);
    if (failed != 0) {
        free(search);
        return thread_failed(err, failed, "the search thread");
    }
    failed = pthread_create(&search->refresher, NULL, search_refresh_main, search);
    if (failed != 0) {
        search->stopped = search->refresher_ended = true;
        search_destroy(search);
        return thread_failed(err, failed, "the thread that refreshes what is searched");
    }
    *ret_search = search;
    return 0;
}

void search_stop(struct search *search)
{
    lock_take(&search->lock);
    search->stopped = true;
    pthread_cond_signal(&search->refresh_work);
    bool join = !search->refresher_ended;
    search->refresher_ended = true;
    lock_release(&search->lock);
    if (join)
        pthread_join(search->refresher, NULL);
}

void search_destroy(struct search *search)
{
    if (search == NULL)
        return;
    search_stop(search);
    lock_take(&search->lock);
    search->stop = true;
    pthread_cond_signal(&search->work);
    lock_release(&search->lock);
    pthread_join(search->thread, NULL);
    for (struct account *next; search->first_job != NULL; search->first_job = next) {
        next = search->first_job->next_job;
        search_accounts_release(search, search->first_job);
    }
    for (struct account *next; search->first_refresh != NULL; search->first_refresh = next) {
        next = search->first_refresh->next_refresh;
        search_accounts_release(search, search->first_refresh);
    }
    while (search->oldest != NULL) {
        ASSERT(search->oldest->users == 0);
        search_accounts_detach(search, search->oldest);
    }
    for (size_t i = 0; i < search->trash_count; i++)
        search_block_unref(search->trash[i].block);
    for (size_t i = 0; i < search->trash_count; i++)
        index_unref(search->trash[i].index);
    free(search->trash);
    pthread_mutex_destroy(&search->lock);
    pthread_cond_destroy(&search->work);
    pthread_cond_destroy(&search->idle);
    pthread_cond_destroy(&search->refresh_work);
    free(search);
}

struct progress {
    struct search *search;
    struct account *account;
};

static void on_beginning(void *ctx, struct block *beginning)
{
    struct progress *progress = ctx;
    lock_take(&progress->search->lock);
    struct block *before = progress->account->beginning;
    progress->account->beginning = beginning;
    progress->account->beginnings++;
    pthread_cond_broadcast(&progress->account->progress);
    lock_release(&progress->search->lock);
    search_block_unref(before);
}

/* Brings the account's block to the generation. The lock is held, and let go meanwhile;
 * account->loading keeps others out. */
static int search_refresh_block(struct search *search, struct account *account, int64_t generation,
                                const struct search_source *source, struct err *err)
{
    struct block *old = search_block_ref(account->block), *block = NULL;
    struct progress progress = {search, account};
    bool anew = old == NULL;
    account->loading = true;
    lock_release(&search->lock);
    int r = anew ? search_load_block(source, generation, on_beginning, &progress, &block, err)
                 : search_load_update(old, source, generation, on_beginning, &progress, &block,
                                      &anew, err);
    lock_take(&search->lock);
    search_accounts_discard(search, old);
    account->loading = false;
    search_accounts_discard(search, account->beginning);
    account->beginning = NULL;
    if (r == 0) {
        *(anew ? &search->stats.loads : &search->stats.updates) += 1;
        search_accounts_install(search, account, block);
    }
    pthread_cond_broadcast(&account->progress);
    return r;
}

/* Answers from the beginning of a block that another thread loads, if it suffices. The lock is
 * held, and let go meanwhile. */
static int try_beginning(struct search *search, struct account *account,
                         const struct search_request *request, const struct query *query,
                         struct arena *arena, struct search_results *ret_results, bool *ret_full)
{
    struct block *block = search_block_ref(account->beginning);
    lock_release(&search->lock);
    struct search_results results;
    int r = search_rank_block(block, request, query, arena, &results, ret_full);
    if (r == 0 && *ret_full)
        *ret_results = results;
    search_block_unref(block);
    lock_take(&search->lock);
    return r;
}

/* Runs until there is a block of the generation (*ret_block, a reference), or, with a query,
 * until the beginning of one has answered it. The lock is held. */
static int get_block(struct search *search, struct account *account,
                     const struct search_request *request, const struct query *query,
                     const struct search_source *source, struct arena *arena,
                     struct search_results *ret_results, struct block **ret_block, struct err *err)
{
    uint64_t seen = 0;
    int r = 0;
    while (r == 0) {
        bool full = false;
        if (account->block != NULL && account->block->generation >= request->generation) {
            *ret_block = search_block_ref(account->block);
            return 0;
        }
        if (!account->loading) {
            r = search_refresh_block(search, account, request->generation, source, err);
        } else if (query != NULL && account->beginning != NULL && account->beginnings != seen &&
                   account->beginning->generation >= request->generation) {
            seen = account->beginnings;
            r = try_beginning(search, account, request, query, arena, ret_results, &full);
            if (r < 0)
                err_set(err, r, "out of memory");
            else if (full)
                return 0;
        } else {
            r = search_accounts_wait(search, account, source->deadline, err);
        }
    }
    return r;
}

int search_run(struct search *search, const struct search_request *request,
               const struct search_source *source, struct arena *arena,
               struct search_results *ret_results, struct err *err)
{
    if (request->limit < 1 || request->limit > SEARCH_MAX_LIMIT)
        return err_set(err, HEARTH_ERR_INVALID, "the limit is not between 1 and %d",
                       SEARCH_MAX_LIMIT);
    struct query query;
    int r = search_query_parse(request->query, request->keyword, arena, &query, err);
    if (r < 0)
        return r;
    lock_take(&search->lock);
    struct account *account = search_accounts_acquire(search, request->account);
    struct block *block = NULL;
    r = account == NULL
            ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
            : get_block(search, account, request, &query, source, arena, ret_results, &block, err);
    if (account != NULL)
        search_accounts_release(search, account);
    lock_release(&search->lock);
    if (r < 0 || block == NULL)
        return r;
    bool full;
    r = search_rank_block(block, request, &query, arena, ret_results, &full);
    search_block_unref(block);
    return r < 0 ? err_set(err, r, "out of memory") : 0;
}

int search_bring_block(struct search *search, struct account *account, int64_t generation,
                       const struct search_source *source, struct err *err)
{
    const struct search_request request = {.generation = generation};
    struct block *block = NULL;
    int r = get_block(search, account, &request, NULL, source, NULL, NULL, &block, err);
    search_accounts_discard(search, block);
    return r;
}

void search_forget(struct search *search, const char *id)
{
    lock_take(&search->lock);
    struct account *account = search_accounts_find(search, id);
    if (account != NULL)
        search_accounts_detach(search, account);
    lock_release(&search->lock);
}

void search_settle_for_test(struct search *search)
{
    lock_take(&search->lock);
    while (search->first_job != NULL || search->trash_count > 0 || search->working ||
           search->first_refresh != NULL || search->refreshing)
        lock_wait(&search->idle, &search->lock);
    lock_release(&search->lock);
}

void search_stats_for_test(struct search *search, struct search_stats *ret_stats)
{
    lock_take(&search->lock);
    *ret_stats = search->stats;
    ret_stats->pages = 0;
    for (const struct account *account = search->newest; account != NULL; account = account->older)
        ret_stats->pages += account->block == NULL ? 0 : search_block_pages(account->block);
    lock_release(&search->lock);
}
