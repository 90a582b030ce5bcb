/* The indexes of accounts: loading them when they are asked for, and bringing them up to date. */
#include "base/err.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "search/bookmarks.h"
#include "search/history.h"
#include "search/search_internal.h"

void search_looked_at(size_t entries)
{
    metrics_add(METRIC(SEARCH_ENTRIES), (int64_t)entries);
}

static int load_index(enum search_index which, const struct search_source *source,
                      struct index **ret_index, struct err *err)
{
    return which == SEARCH_INDEX_HISTORY ? search_history_load(source, ret_index, err)
                                         : search_bookmarks_load(source, ret_index, err);
}

/* Loads anew when the storage does not know what changed, or it is too much. */
static int update_index(enum search_index which, const struct index *old, int64_t since,
                        const struct search_source *source, struct index **ret_index,
                        bool *ret_anew, struct err *err)
{
    struct err why = {0};
    int r = which == SEARCH_INDEX_HISTORY
                ? search_history_update(old, since, source, ret_index, &why)
                : search_bookmarks_update(old, since, source, ret_index, &why);
    *ret_anew = r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_FULL;
    if (*ret_anew)
        return load_index(which, source, ret_index, err);
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

/* The lock is held, and let go meanwhile; slot->loading keeps others out. */
static int refresh_slot(struct search *search, struct account *account, int64_t generation,
                        enum search_index which, const struct search_source *source,
                        struct err *err)
{
    struct slot *slot = &account->slots[which];
    struct index *old = index_ref(slot->index), *new = NULL;
    int64_t since = slot->generation;
    bool anew = old == NULL;
    slot->loading = true;
    lock_release(&search->lock);
    int r = anew ? load_index(which, source, &new, err)
                 : update_index(which, old, since, source, &new, &anew, err);
    lock_take(&search->lock);
    slot->loading = false;
    search_accounts_discard_index(search, old);
    if (r == 0) {
        search_accounts_discard_index(search, slot->index);
        slot->index = new;
        slot->generation = generation;
        *(anew ? &search->stats.index_loads : &search->stats.index_updates) += 1;
        search_accounts_count(search, account);
    }
    pthread_cond_broadcast(&account->progress);
    return r;
}

int search_bring_index(struct search *search, struct account *account, int64_t generation,
                       enum search_index which, const struct search_source *source,
                       struct index **ret_index, struct err *err)
{
    struct slot *slot = &account->slots[which];
    int r = 0;
    while (r == 0 && (slot->index == NULL || slot->generation < generation))
        r = slot->loading ? search_accounts_wait(search, account, source->deadline, err)
                          : refresh_slot(search, account, generation, which, source, err);
    if (r == 0 && ret_index != NULL)
        *ret_index = index_ref(slot->index);
    return r;
}

int search_index(struct search *search, const char *id, int64_t generation, enum search_index which,
                 const struct search_source *source, struct index **ret_index, struct err *err)
{
    lock_take(&search->lock);
    struct account *account = search_accounts_acquire(search, id);
    int r = account == NULL
                ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                : search_bring_index(search, account, generation, which, source, ret_index, err);
    if (account != NULL)
        search_accounts_release(search, account);
    lock_release(&search->lock);
    return r;
}

void search_index_done(struct search *search, struct index *index)
{
    if (index_unref_shared(index)) /* most often: the account has it still */
        return;
    lock_take(&search->lock);
    search_accounts_discard_index(search, index);
    lock_release(&search->lock);
}
