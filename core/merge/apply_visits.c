/* Taking visits of a page away, and leaving those of others. */
#include <stdlib.h>

#include "base/array.h"
#include "merge/apply.h"
#include "model/source_id.h"

struct sorting {
    apply_takes_fn takes;
    const void *ctx;
    struct hearth_visit *left;
    size_t count, room;
    int64_t taken;
    bool failed;
};

static int sort_visit(void *ctx, const struct hearth_visit *visit)
{
    struct sorting *sorting = ctx;
    if (sorting->takes(sorting->ctx, visit)) {
        sorting->taken++;
        return 0;
    }
    if (!ARRAY_MAKE_ROOM(sorting->left, sorting->count, sorting->room))
        return sorting->failed = true;
    sorting->left[sorting->count++] =
        (struct hearth_visit)HEARTH_VISIT_OF(visit->date, visit->type, visit->source);
    return 0;
}

int merge_apply_take_visits(struct apply *apply, int64_t page, apply_takes_fn takes,
                            const void *ctx, struct apply_taken *ret_taken, struct err *err)
{
    struct sorting sorting = {.takes = takes, .ctx = ctx};
    int64_t added;
    int r = STORAGE(apply->storage, err, page_visits, apply->account, page, sort_visit, &sorting);
    if (r == 0 && sorting.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && sorting.taken > 0)
        r = STORAGE(apply->storage, err, visits_remove, page);
    if (r == 0 && sorting.taken > 0 && sorting.count > 0)
        r = STORAGE(apply->storage, err, visits_put, page, sorting.left, sorting.count, &added);
    if (r == 0)
        *ret_taken = (struct apply_taken){sorting.taken, (int64_t)sorting.count};
    free(sorting.left);
    return r;
}

int merge_apply_take_from_page(struct apply *apply, struct hearth_page *page, apply_takes_fn takes,
                               const void *ctx, struct err *err)
{
    struct apply_taken taken = {0};
    int r = merge_apply_take_visits(apply, page->id, takes, ctx, &taken, err);
    if (r == 0 && taken.left == 0) {
        page->guid = NULL;
        page->title = NULL;
    }
    return r == 0 ? merge_apply_page(apply, page, err) : r;
}

bool merge_apply_is_from(const void *source, const struct hearth_visit *visit)
{
    return visit->source == *(const int64_t *)source;
}

int merge_apply_end_history(struct apply *apply, struct hearth_page *page, struct err *err)
{
    struct apply_taken taken = {0};
    bool own = page->guid != NULL && model_source_of(page->guid) == apply->source;
    int r =
        merge_apply_take_visits(apply, page->id, merge_apply_is_from, &apply->source, &taken, err);
    /* nobody else knows it */
    bool alone = r == 0 && taken.left == 0 && (own || page->guid == NULL);
    if (r < 0 || (taken.taken == 0 && !own && !(alone && page->title != NULL)))
        return r;
    if (own)
        page->guid = NULL;
    if (alone)
        page->title = NULL;
    return merge_apply_page(apply, page, err);
}
