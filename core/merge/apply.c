#include "merge/apply.h"

#include "base/log.h"
#include "merge/collections.h"

static int apply_replay_collection(struct apply *apply, int32_t collection, struct err *err)
{
    const struct merge_collection *row = merge_collection(collection);
    if (row == NULL || row->apply == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    return row->apply(apply, err);
}

/* In the batch: what it has made of the account. */
static int apply_check_limits(struct apply *apply, struct err *err)
{
    struct hearth_counts now = {.struct_size = sizeof(now)};
    if (apply->spool->limits == NULL)
        return 0;
    int r = STORAGE(apply->storage, err, counts, apply->account, &now);
    if (r < 0)
        return r;
    r = merge_limits_check_counts(apply->spool->limits, &apply->before, &now, apply->collection,
                                  &apply->spool->why, err);
    apply->spool->limited |= r < 0;
    return r;
}

int merge_apply_count_record(struct apply *apply, struct err *err)
{
    enum { LOOK_EVERY = 1024 };
    return ++apply->records % LOOK_EVERY == 0 ? apply_check_limits(apply, err) : 0;
}

static int apply_once(struct apply *apply, int32_t collection, const char *cursor,
                      int64_t *ret_generation, struct err *err)
{
    struct storage *storage = apply->storage;
    int r = merge_limits_check_free(apply->spool->limits, apply->spool->directory,
                                    merge_spool_size(apply->spool), &apply->spool->why, err);
    if (r == 0)
        r = merge_limits_check_free(apply->spool->limits, storage->place,
                                    merge_spool_size(apply->spool), &apply->spool->why, err);
    apply->spool->limited |= r < 0;
    if (r == 0)
        r = STORAGE(storage, err, batch_begin, apply->account, collection, ret_generation);
    if (r < 0)
        return r;
    apply->before = (struct hearth_counts){.struct_size = sizeof(apply->before)};
    apply->records = 0;
    if (apply->spool->limits != NULL)
        r = STORAGE(storage, err, counts, apply->account, &apply->before);
    if (r == 0)
        r = apply_replay_collection(apply, collection, err);
    if (r == 0)
        r = apply_check_limits(apply, err);
    if (r == 0 && cursor != NULL)
        r = STORAGE(storage, err, sync_cursor_put, apply->source, collection, cursor);
    if (r == 0)
        r = STORAGE(storage, err, batch_commit, apply->changed);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    return r;
}

int merge_apply_collection(struct storage *storage, const char *account, int32_t collection,
                           int32_t how, struct spool *spool, const char *cursor, bool *ret_changed,
                           int64_t *ret_generation, struct err *err)
{
    struct apply apply = {.storage = storage,
                          .account = account,
                          .source = spool->source,
                          .how = how,
                          .spool = spool,
                          .collection = merge_collection_name(collection)};
    arena_init(&apply.arena, 0);
    int r = apply_once(&apply, collection, cursor, ret_generation, err);
    if (r == HEARTH_ERR_UNCERTAIN) { /* it may have been stored: every batch can be repeated */
        log_event(HEARTH_LOG_WARNING, "merge", "batch repeated", LOG_TEXT("account", account));
        /* what it has changed stays told: the second time there may be nothing left to change */
        plug_storage_reset(storage);
        r = apply_once(&apply, collection, cursor, ret_generation, err);
    }
    if (r == 0)
        *ret_changed = apply.changed;
    arena_fini(&apply.arena);
    plug_storage_reset(storage);
    return r;
}
