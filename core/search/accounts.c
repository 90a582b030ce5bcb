#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "search/search_internal.h"

static void unlink_by_use(struct search *search, struct account *account)
{
    *(account->newer == NULL ? &search->newest : &account->newer->older) = account->older;
    *(account->older == NULL ? &search->oldest : &account->older->newer) = account->newer;
}

static void link_newest(struct search *search, struct account *account)
{
    account->newer = NULL;
    account->older = search->newest;
    *(search->newest == NULL ? &search->oldest : &search->newest->newer) = account;
    search->newest = account;
}

struct account *search_accounts_find(struct search *search, const char *id)
{
    return MAP_FIND_TEXT(search->accounts, id);
}

/* For /metrics. */
static void search_accounts_show(const struct search *search)
{
    metrics_set(METRIC(SEARCH_MEMORY), (int64_t)search->stats.bytes);
    metrics_set(METRIC(SEARCH_ACCOUNTS), (int64_t)search->stats.accounts);
}

struct account *search_accounts_acquire(struct search *search, const char *id)
{
    struct account *account = search_accounts_find(search, id);
    if (account == NULL) {
        account = calloc(1, sizeof(*account));
        char *copy = strdup(id);
        if (account != NULL)
            account->id = copy;
        if (account == NULL || copy == NULL ||
            !MAP_ADD_TEXT(search->accounts, account->id, account)) {
            free(account);
            free(copy);
            return NULL;
        }
        lock_init_condition(&account->progress);
        search->stats.accounts++;
        search_accounts_show(search);
    } else {
        unlink_by_use(search, account);
    }
    link_newest(search, account);
    account->users++;
    account->used = clock_monotonic();
    return account;
}

int search_accounts_wait(struct search *search, struct account *account, int64_t deadline,
                         struct err *err)
{
    if (lock_wait_until(&account->progress, &search->lock, deadline == 0 ? INT64_MAX : deadline) !=
        ETIMEDOUT)
        return 0;
    return err_set(
        err, HEARTH_ERR_TIMEOUT,
        "another request was still reading the account from the storage at the deadline");
}

static void throw_away(struct search *search, struct trash trash)
{
    if (search->trash_count == search->trash_room) {
        struct trash *grown = realloc(search->trash, (search->trash_room + 64) * sizeof(*grown));
        if (grown == NULL) {
            search_block_unref(trash.block);
            index_unref(trash.index);
            return;
        }
        search->trash = grown;
        search->trash_room += 64;
    }
    search->trash[search->trash_count++] = trash;
    pthread_cond_signal(&search->work);
}

void search_accounts_discard(struct search *search, struct block *block)
{
    if (block != NULL)
        throw_away(search, (struct trash){.block = block});
}

void search_accounts_discard_index(struct search *search, struct index *index)
{
    if (index != NULL)
        throw_away(search, (struct trash){.index = index});
}

void search_accounts_release(struct search *search, struct account *account)
{
    if (--account->users > 0 || !account->gone)
        return;
    search_accounts_discard(search, account->block);
    search_accounts_discard(search, account->beginning);
    for (size_t i = 0; i < SEARCH_INDEXES; i++)
        search_accounts_discard_index(search, account->slots[i].index);
    pthread_cond_destroy(&account->progress);
    free(account->id);
    free(account);
}

void search_accounts_detach(struct search *search, struct account *account)
{
    MAP_REMOVE(search->accounts, account);
    unlink_by_use(search, account);
    search->stats.accounts--;
    search->stats.bytes -= account->bytes;
    account->bytes = 0;
    search_accounts_show(search);
    account->gone = true;
    account->users++;
    search_accounts_release(search, account);
}

void search_accounts_count(struct search *search, struct account *account)
{
    if (!account->gone) {
        size_t bytes = account->block == NULL ? 0 : search_block_bytes(account->block);
        for (size_t i = 0; i < SEARCH_INDEXES; i++)
            bytes += account->slots[i].index == NULL ? 0 : account->slots[i].index->bytes;
        search->stats.bytes += bytes - account->bytes;
        account->bytes = bytes;
    }
    for (struct account *oldest = search->oldest, *newer;
         oldest != NULL && search->stats.bytes > search->memory; oldest = newer) {
        newer = oldest->newer;
        if (oldest->users > 0 || oldest == search->newest)
            continue;
        search_accounts_detach(search, oldest);
        search->stats.evictions++;
        metrics_add(METRIC(SEARCH_EVICTIONS), 1);
    }
    search_accounts_show(search);
}

void search_accounts_install(struct search *search, struct account *account, struct block *block)
{
    search_accounts_discard(search, account->block);
    account->block = block;
    search_accounts_count(search, account);
    if (account->queued || account->gone || !search_can_improve(search, block))
        return;
    account->queued = true;
    account->users++;
    account->next_job = NULL;
    *(search->first_job == NULL ? &search->first_job : &search->last_job->next_job) = account;
    search->last_job = account;
    pthread_cond_signal(&search->work);
}
