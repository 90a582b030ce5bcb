#include "merge/apply.h"

#include "base/log.h"
#include "merge/collections.h"

static int replay(struct apply *apply, int32_t collection, struct err *err)
{
    const struct merge_collection *row = merge_collection(collection);
    if (row == NULL || row->apply == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    return row->apply(apply, err);
}

/* In the batch: what it has made of the account. */
static int check_limits(struct apply *apply, struct err *err)
{
    struct hearth_counts now = {.struct_size = sizeof(now)};
    if (apply->spool->limits == NULL)
        return 0;
    int r = STORE(apply->store, err, counts, apply->account, &now);
    if (r < 0)
        return r;
    r = limits_check_counts(apply->spool->limits, &apply->before, &now, apply->collection, &apply->spool->why, err);
    apply->spool->limited |= r < 0;
    return r;
}

int apply_count_record(struct apply *apply, struct err *err)
{
    enum { LOOK_EVERY = 1024 };
    return ++apply->records % LOOK_EVERY == 0 ? check_limits(apply, err) : 0;
}

static int apply_once(struct apply *apply, int32_t collection, const char *mark, int64_t *ret_generation, struct err *err)
{
    struct store *store = apply->store;
    int r = limits_check_free(apply->spool->limits, apply->spool->directory, spool_size(apply->spool), &apply->spool->why, err);
    if (r == 0)
        r = limits_check_free(apply->spool->limits, store->place, spool_size(apply->spool), &apply->spool->why, err);
    apply->spool->limited |= r < 0;
    if (r == 0)
        r = STORE(store, err, batch_begin, apply->account, collection, ret_generation);
    if (r < 0)
        return r;
    apply->before = (struct hearth_counts){.struct_size = sizeof(apply->before)};
    apply->records = 0;
    if (apply->spool->limits != NULL)
        r = STORE(store, err, counts, apply->account, &apply->before);
    if (r == 0)
        r = replay(apply, collection, err);
    if (r == 0)
        r = check_limits(apply, err);
    if (r == 0 && mark != NULL)
        r = STORE(store, err, mark_put, apply->source, collection, mark);
    if (r == 0)
        r = STORE(store, err, batch_commit, apply->changed);
    if (r < 0)
        store->ops->batch_abort(store->session);
    return r;
}

int apply_collection(struct store *store, const char *account, int32_t collection, int32_t how, struct spool *spool, const char *mark,
                     bool *ret_changed, int64_t *ret_generation, struct err *err)
{
    struct apply apply = {.store = store,
                          .account = account,
                          .source = spool->source,
                          .how = how,
                          .spool = spool,
                          .collection = merge_collection_name(collection)};
    arena_init(&apply.arena, 0);
    int r = apply_once(&apply, collection, mark, ret_generation, err);
    if (r == HEARTH_ERR_UNCERTAIN) { /* it may have been stored: every batch can be repeated */
        log_event(HEARTH_LOG_WARNING, "merge", "batch repeated", LOG_TEXT("account", account));
        store_reset(store); /* what it has changed stays told: the second time there may be nothing left to change */
        r = apply_once(&apply, collection, mark, ret_generation, err);
    }
    if (r == 0)
        *ret_changed = apply.changed;
    arena_fini(&apply.arena);
    store_reset(store);
    return r;
}
