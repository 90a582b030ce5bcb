/* Whatever the way to a generation was, updates, rebuilds or loading anew, the same pages are
 * found, in the same order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "pages.h"
#include "search/block.h"
#include "search/load.h"
#include "search/query.h"
#include "search/rank.h"

enum { PAGES = 3000, ROUNDS = 40 };

struct storage {
    struct arena arena;
    struct hearth_page pages[PAGES]; /* by id; id 0: not there */
    const struct hearth_page *sorted[PAGES];
    size_t count;
    int64_t generation;
    int forgets; /* changed() fails for generations below */
    int loads;
};

static int by_frecency(const void *a, const void *b)
{
    const struct hearth_page *x = *(const struct hearth_page *const *)a,
                             *y = *(const struct hearth_page *const *)b;
    if (x->frecency != y->frecency)
        return x->frecency > y->frecency ? -1 : 1;
    return x->id > y->id ? -1 : 1;
}

static int pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct storage *storage = ctx;
    storage->loads++;
    storage->count = 0;
    for (size_t i = 0; i < PAGES; i++)
        if (storage->pages[i].id != 0)
            storage->sorted[storage->count++] = &storage->pages[i];
    qsort(storage->sorted, storage->count, sizeof(storage->sorted[0]), by_frecency);
    for (size_t i = 0; i < storage->count; i++)
        if (cb(cb_ctx, storage->sorted[i]) != 0)
            break;
    return 0;
}

static int changed(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct storage *storage = ctx;
    if (since < storage->forgets)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "forgotten");
    for (size_t i = 0; i < PAGES; i++) {
        struct hearth_page gone = {.struct_size = sizeof(gone),
                                   .id = (int64_t)i + 1,
                                   .gone = true,
                                   .generation = storage->pages[i].generation};
        if (storage->pages[i].generation > since &&
            cb(cb_ctx, storage->pages[i].id == 0 ? &gone : &storage->pages[i]) != 0)
            break;
    }
    return 0;
}

static void change(struct storage *storage, size_t count)
{
    storage->generation++;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = pages_below(PAGES);
        storage->pages[at] = pages_below(4) == 0 ? (struct hearth_page){0}
                                                 : pages_make(&storage->arena, (int64_t)at + 1);
        storage->pages[at].generation = storage->generation;
    }
}

static void same_answers(const struct block *a, const struct block *b)
{
    static const char *const typed[] = {"",       "river", "r",  "iver", "gar qui",     "+ tag",
                                        "москва", "* a",   "zz", "1",    "otter river", "^"};
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
        for (uint32_t limit = 1; limit <= 125; limit *= 5) {
            struct arena arena;
            struct query query;
            struct search_results x, y;
            bool x_full, y_full;
            arena_init(&arena, 1 << 20);
            const struct search_request request = {
                .query = typed[i], .in = SEARCH_IN_ALL, .limit = limit};
            assert_int_equal(search_query_parse(typed[i], NULL, &arena, &query, NULL), 0);
            assert_int_equal(search_rank_block(a, &request, &query, &arena, &x, &x_full), 0);
            assert_int_equal(search_rank_block(b, &request, &query, &arena, &y, &y_full), 0);
            assert_int_equal(x.count, y.count);
            assert_int_equal(x_full, y_full);
            for (size_t k = 0; k < x.count; k++)
                assert_int_equal(x.hits[k].page, y.hits[k].page);
            arena_fini(&arena);
        }
}

static void check_find(const struct storage *storage, const struct block *block)
{
    int64_t ids[20];
    const struct segment *segments[20];
    uint32_t indexes[20];
    for (int i = 0; i < 20; i++)
        ids[i] = 1 + i * (PAGES / 20);
    search_block_find(block, ids, 20, segments, indexes);
    for (int i = 0; i < 20; i++) {
        const struct hearth_page *page = &storage->pages[ids[i] - 1];
        assert_int_equal(segments[i] != NULL, page->id != 0 && page->frecency != 0);
        if (segments[i] != NULL) {
            assert_int_equal(segments[i]->ids[indexes[i]], ids[i]);
            assert_int_equal(segments[i]->frecency[indexes[i]], page->frecency);
        }
    }
}

static void any_way(void **state)
{
    struct storage *storage = calloc(1, sizeof(*storage));
    arena_init(&storage->arena, 0);
    const struct search_source source = {.ctx = storage, .pages = pages, .changed = changed};
    struct block *block, *next;
    bool anew;
    change(storage, PAGES * 2);
    assert_int_equal(search_load_block(&source, storage->generation, NULL, NULL, &block, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t k = pages_below(3); k > 0; k--)
            change(storage, pages_below(round % 4 == 0 ? 1500 : 30));
        int loads = storage->loads;
        assert_int_equal(
            search_load_update(block, &source, storage->generation, NULL, NULL, &next, &anew, NULL),
            0);
        assert_false(anew);
        assert_int_equal(storage->loads, loads);
        assert_int_equal(next->generation, storage->generation);
        search_block_unref(block);
        block = next;
        if (round % 7 == 6) {
            assert_int_equal(search_block_rebuild(block, &next), 0);
            assert_null(next->overlay);
            same_answers(block, next);
            search_block_unref(block);
            block = next;
        }
        assert_int_equal(search_load_block(&source, storage->generation, NULL, NULL, &next, NULL),
                         0);
        same_answers(block, next);
        check_find(storage, block);
        assert_true(search_block_bytes(block) > 0 &&
                    search_block_pages(block) >= search_block_pages(next));
        search_block_unref(next);
    }
    storage->forgets = (int)storage->generation + 1;
    assert_int_equal(
        search_load_update(block, &source, storage->generation, NULL, NULL, &next, &anew, NULL), 0);
    assert_true(anew);
    same_answers(block, next);
    search_block_unref(block);
    search_block_unref(next);
    arena_fini(&storage->arena);
    free(storage);
}

static void too_many_changes(void **state)
{
    struct block_changes changes = {0};
    struct hearth_page gone = {.struct_size = sizeof(gone), .gone = true};
    for (gone.id = 1; gone.id <= BLOCK_CHANGES_MAX; gone.id++)
        assert_int_equal(search_block_changes_add(&changes, &gone), 0);
    assert_int_equal(search_block_changes_add(&changes, &gone), HEARTH_ERR_FULL);
    search_block_changes_fini(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_way),
                                       cmocka_unit_test(too_many_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
