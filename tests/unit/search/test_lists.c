/* The indexes of lists: what they find is what looking at every row finds, through thousands of
 * changes; and what bringing them up to date reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "search/bookmarks.h"
#include "search/history.h"
#include "search/text_filter.h"

#include "lists_model.h"

/* --- comparing --- */

static const char *const typed[] = {"otter",      "riviere 1", "strasse", "Łódź",  "päth",
                                    "h7.example", "zzz",       "a",       "https", "example 12"};

static void compare_visits(struct model *model, const struct history *history)
{
    struct row *rows = malloc(PAGES * VISITS * sizeof(*rows));
    size_t count = list_visits(model, rows);
    assert_int_equal(history->visit_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(history->dates[i], rows[i].date);
        assert_int_equal(history_id(history, history_page_of(history, i)), rows[i].page);
        assert_int_equal(history->pages[i] >> HISTORY_TYPE_SHIFT, rows[i].type);
    }
    static const int64_t bounds[] = {0, 900, 1000, 1100, 1299, 2000};
    for (size_t f = 0; f < 6; f++)
        for (size_t t = 0; t < 6; t++) {
            size_t first, end, expected = 0;
            search_history_range(history, bounds[f], bounds[t], &first, &end);
            for (size_t i = 0; i < count; i++)
                expected +=
                    rows[i].date >= bounds[f] && (bounds[t] == 0 || rows[i].date < bounds[t]);
            assert_int_equal(end - first, expected);
        }
    free(rows);
}

static void compare_sites(struct model *model, const struct history *history)
{
    int64_t pages_of[23] = {0}, visits_at[23] = {0}, all = 0;
    for (int n = 0; n < PAGES; n++)
        if (model->pages[n].there && !model->pages[n].hidden && model->pages[n].visits > 0) {
            pages_of[n % 23]++;
            visits_at[n % 23] += model->pages[n].visits;
        }
    for (uint32_t i = 0; i < history->site_count; i++) {
        const struct history_site *site = &history->sites[i];
        const char *host = history_host_name(history, site->host);
        int n = (int)strtol(host + 1, NULL, 10);
        assert_int_equal(site->pages, pages_of[n]);
        assert_int_equal(site->visits, visits_at[n]);
        if (i > 0) {
            const struct history_site *before = &history->sites[i - 1];
            assert_true(before->visits > site->visits ||
                        (before->visits == site->visits &&
                         strcmp(history_host_name(history, before->host), host) < 0));
        }
        assert_int_equal(search_history_site_after(history, site->visits, host), i + 1);
        all += site->pages;
    }
    for (int n = 0; n < 23; n++)
        all -= pages_of[n];
    assert_int_equal(all, 0);
}

/* Visits from `soon` on, which are the first ones of a list, behind all others; 0: none. */
static void move_behind(struct row *rows, size_t count, int64_t soon)
{
    size_t to_come = 0;
    while (soon != 0 && to_come < count && rows[to_come].date >= soon)
        to_come++;
    struct row *moved = malloc((to_come + 1) * sizeof(*moved));
    memcpy(moved, rows, to_come * sizeof(*rows));
    memmove(rows, rows + to_come, (count - to_come) * sizeof(*rows));
    memcpy(rows + count - to_come, moved, to_come * sizeof(*rows));
    free(moved);
}

/* Every page of the list, and each is full but the last. */
static void compare_found(struct model *model, const struct history *history, const char *text,
                          const char *host, int64_t from, int64_t to, int64_t soon, size_t limit)
{
    struct row *rows = malloc(PAGES * VISITS * sizeof(*rows));
    size_t count = list_visits(model, rows), next = 0;
    move_behind(rows, count, soon);
    struct arena arena;
    struct text_filter words;
    arena_init(&arena, 0);
    assert_int_equal(search_text_filter_init(&words, text, &arena, NULL), 0);
    struct history_query query = {
        .words = &words, .host = host, .from = from, .to = to, .soon = soon, .limit = limit};
    struct history_found found;
    do {
        assert_int_equal(search_history_find(history, &query, &arena, &found), 0);
        assert_true(!found.more || found.count == limit);
        for (size_t i = 0; i < found.count; i++, next++) {
            for (bool passes = false; !passes; next += !passes) {
                char url[128], title[64];
                assert_true(next < count);
                page_texts(&model->pages[rows[next].n], rows[next].n, url, title);
                passes = search_text_filter_match(&words, title, url, NULL) &&
                         rows[next].date >= from && (to == 0 || rows[next].date < to) &&
                         (host == NULL || strstr(url, host) != NULL);
            }
            assert_int_equal(found.visits[i].page, rows[next].page);
            assert_int_equal(found.visits[i].date, rows[next].date);
            assert_int_equal(found.visits[i].type, rows[next].type);
            query.after = found.visits[i];
        }
    } while (found.more);
    for (; next < count; next++) {
        char url[128], title[64];
        page_texts(&model->pages[rows[next].n], rows[next].n, url, title);
        assert_false(search_text_filter_match(&words, title, url, NULL) &&
                     rows[next].date >= from && (to == 0 || rows[next].date < to) &&
                     (host == NULL || strstr(url, host) != NULL));
    }
    arena_fini(&arena);
    free(rows);
}

static struct index *get(struct search *search, struct model *model, enum search_index which)
{
    struct index *index;
    struct err err = {0};
    const struct search_source source = source_of(model);
    if (search_index(search, "a", model->generation, which, &source, &index, &err) != 0)
        fail_msg("%s", err.text);
    return index;
}

static struct search *engine(void)
{
    struct search *search;
    assert_int_equal(search_create(&(struct search_config){.memory = 0}, &search, NULL), 0);
    return search;
}

static void history_is_what_is_stored(void **state)
{
    struct model *model = model_create(1);
    struct search *search = engine();
    for (int round = 0; round < 60; round++) {
        struct index *index = get(search, model, SEARCH_INDEX_HISTORY);
        const struct history *history = history_of(index);
        compare_visits(model, history);
        compare_sites(model, history);
        const char *text = typed[round % 10];
        compare_found(model, history, text, NULL, 0, 0, 0, 50);
        compare_found(model, history, text, NULL, 1050, 1200, 0, 7);
        compare_found(model, history, text, "h3.example", 0, 1250, 0, 3);
        compare_found(model, history, text, "nowhere.example", 0, 0, 0, 3);
        compare_found(model, history, text, NULL, 0, 0, 1150, 7);
        compare_found(model, history, text, NULL, 1050, 1200, 1150, 7);
        compare_found(model, history, text, NULL, 1160, 1200, 1150, 7);
        compare_found(model, history, text, "h3.example", 0, 1150, 1150, 3);
        compare_found(model, history, text, NULL, 0, 0, 5000, 50);
        search_index_done(search, index);
        change(model, round % 7 == 0 ? 0 : round % 5 == 0 ? 600 : 12, 0);
    }
    struct search_stats stats;
    search_stats_for_test(search, &stats);
    assert_in_range(stats.index_loads, 1, 3); /* anew only when much of it went */
    search_destroy(search);
    free(model);
}

/* Bringing it up to date reads what changed. */
static void history_update_reads_little(void **state)
{
    struct model *model = model_create(2);
    struct search *search = engine();
    struct search_stats stats;
    search_index_done(search, get(search, model, SEARCH_INDEX_HISTORY));
    atomic_store(&model->rows, 0);
    change(model, 10, 0);
    struct index *index = get(search, model, SEARCH_INDEX_HISTORY);
    assert_in_range(atomic_load(&model->rows), 1, 10 + 10 * VISITS);
    change(model, 0, 0);
    atomic_store(&model->rows, 0);
    struct index *same = get(search, model, SEARCH_INDEX_HISTORY);
    assert_ptr_equal(same, index);
    assert_int_equal(atomic_load(&model->rows), 0);
    search_index_done(search, index);
    search_index_done(search, same);
    model->forgets = true;
    change(model, 3, 0);
    search_index_done(search, get(search, model, SEARCH_INDEX_HISTORY));
    search_stats_for_test(search, &stats);
    assert_int_equal(stats.index_loads, 2);
    assert_int_equal(stats.index_updates, 2);
    search_destroy(search);
    free(model);
}

static bool passes(struct text_filter *words, const struct hearth_bookmark *b,
                   const struct bookmarks_query *query)
{
    static const char *const lower[][3] = {
        {NULL, NULL, NULL}, {"science", NULL, NULL}, {"science", "zoë", NULL}, {"zoë"}, {"zoe"}};
    if (!search_text_filter_match(words, b->title, b->url, b->tags))
        return false;
    if (query->folder != NULL)
        return b->parent != NULL && strcmp(b->parent, query->folder) == 0;
    if (b->kind == HEARTH_FOLDER || b->kind == HEARTH_SEPARATOR)
        return false;
    static const char *const tags[] = {NULL, "Science", "science\nZoë", "ZOË", "zoe"};
    for (int i = 1; query->tag != NULL && b->tags != NULL && i < 5; i++)
        if (strcmp(tags[i], b->tags) == 0)
            for (int k = 0; k < 3 && lower[i][k] != NULL; k++)
                if (strcmp(lower[i][k], strcmp(query->tag, "SCIENCE") == 0 ? "science"
                                        : strcmp(query->tag, "Zoë") == 0   ? "zoë"
                                                                           : "-") == 0)
                    return true;
    return query->tag == NULL;
}

static void compare_bookmarks(struct model *model, const struct bookmarks *index, const char *text,
                              struct bookmarks_query query)
{
    struct arena arena;
    struct text_filter words;
    struct bookmarks_found found;
    arena_init(&arena, 0);
    assert_int_equal(search_text_filter_init(&words, text, &arena, NULL), 0);
    query.words = &words;
    size_t expected = 0, got = 0;
    for (int n = 0; n < MARKS; n++) {
        struct texts texts;
        struct hearth_bookmark b = bookmark_of(model, n, &texts);
        expected += model->marks[n].there && passes(&words, &b, &query);
    }
    const struct bookmarks_row *before = NULL;
    uint32_t number_before = 0;
    do {
        assert_int_equal(search_bookmarks_find(index, &query, &arena, &found), 0);
        assert_true(!found.more || found.count == query.limit);
        for (size_t i = 0; i < found.count; i++, got++) {
            const struct bookmarks_row *row = &index->rows[found.numbers[i]];
            int n = 0;
            struct texts texts;
            struct hearth_bookmark b;
            while (b = bookmark_of(model, n, &texts),
                   strcmp(b.guid, bookmarks_guid(index, found.numbers[i])) != 0)
                n++;
            assert_true(model->marks[n].there && passes(&words, &b, &query));
            assert_int_equal(row->page, b.page);
            assert_true(before == NULL ||
                        (query.folder != NULL ? before->position < row->position
                                              : number_before < found.numbers[i]));
            assert_true(before == NULL || query.folder != NULL || before->added >= row->added);
            before = row;
            number_before = found.numbers[i];
            query.after = query.folder != NULL ? row->position : row->added;
            query.after_guid = bookmarks_guid(index, found.numbers[i]);
        }
    } while (found.more);
    assert_int_equal(got, expected);
    arena_fini(&arena);
}

static void bookmarks_are_what_is_stored(void **state)
{
    struct model *model = model_create(3);
    struct search *search = engine();
    struct search_stats stats;
    for (int round = 0; round < 60; round++) {
        struct index *index = get(search, model, SEARCH_INDEX_BOOKMARKS);
        const char *text = typed[round % 10];
        compare_bookmarks(model, bookmarks_of(index), text, (struct bookmarks_query){.limit = 20});
        compare_bookmarks(model, bookmarks_of(index), text,
                          (struct bookmarks_query){.limit = 3, .tag = "SCIENCE"});
        compare_bookmarks(model, bookmarks_of(index), text,
                          (struct bookmarks_query){.limit = 3, .tag = "Zoë"});
        compare_bookmarks(model, bookmarks_of(index), text,
                          (struct bookmarks_query){.limit = 5, .folder = "g0074", .after = -1});
        compare_bookmarks(model, bookmarks_of(index), text,
                          (struct bookmarks_query){.limit = 5, .folder = "nowhere", .after = -1});
        search_index_done(search, index);
        change(model, 5, round % 4 == 0 ? 0 : 25);
    }
    search_stats_for_test(search, &stats);
    assert_int_equal(stats.index_loads, 1);
    search_destroy(search);
    free(model);
}

/* The mark says that nothing changed: nothing is read. Else the tree and the rows that are new. */
static void bookmarks_update_reads_little(void **state)
{
    struct model *model = model_create(4);
    struct search *search = engine();
    struct index *index = get(search, model, SEARCH_INDEX_BOOKMARKS);
    assert_int_equal(atomic_load(&model->asked),
                     FOLDERS + bookmarks_of(index)->count - atomic_load(&model->rows) - FOLDERS);
    atomic_store(&model->rows, 0);
    atomic_store(&model->asked, 0);
    change(model, 20, 0);
    struct index *same = get(search, model, SEARCH_INDEX_BOOKMARKS);
    assert_ptr_equal(same, index);
    /* A complete read mended a bookmark under the same mark: its page says so. */
    int mark = model->mark;
    model->bookmarked = true;
    change(model, 1, 1);
    model->mark = mark;
    struct index *mended = get(search, model, SEARCH_INDEX_BOOKMARKS);
    assert_ptr_not_equal(mended, index);
    search_index_done(search, mended);
    model->bookmarked = false;
    atomic_store(&model->rows, 0);
    atomic_store(&model->asked, 0);
    change(model, 0, 12);
    search_index_done(search, get(search, model, SEARCH_INDEX_BOOKMARKS));
    assert_int_equal(atomic_load(&model->rows), 0);
    assert_in_range(atomic_load(&model->asked), 0, 12);
    search_index_done(search, index);
    search_index_done(search, same);
    search_destroy(search);
    free(model);
}

/* --- many at once --- */

static struct model *shared;
static struct search *engine_of_all;
static atomic_bool done;

static void refresh(void *ctx, struct search *search, const char *account, int64_t generation)
{
    const struct search_source source = source_of(shared);
    search_refresh(search, account, generation, &source, NULL);
}

static void *ask_on(void *ctx)
{
    struct arena arena;
    arena_init(&arena, 0);
    for (unsigned i = 0; !atomic_load(&done); i++) {
        const struct search_source source = source_of(shared);
        struct text_filter words;
        struct index *index;
        pthread_mutex_lock(&shared->lock);
        int64_t generation = shared->generation;
        pthread_mutex_unlock(&shared->lock);
        enum search_index which = i % 2 == 0 ? SEARCH_INDEX_HISTORY : SEARCH_INDEX_BOOKMARKS;
        assert_int_equal(search_text_filter_init(&words, typed[i % 10], &arena, NULL), 0);
        assert_int_equal(search_index(engine_of_all, "a", generation, which, &source, &index, NULL),
                         0);
        if (which == SEARCH_INDEX_HISTORY) {
            struct history_found found;
            const struct history_query query = {.words = &words, .limit = 30};
            assert_int_equal(search_history_find(history_of(index), &query, &arena, &found), 0);
        } else {
            struct bookmarks_found found;
            const struct bookmarks_query query = {.words = &words, .limit = 30};
            assert_int_equal(search_bookmarks_find(bookmarks_of(index), &query, &arena, &found), 0);
        }
        search_index_done(engine_of_all, index);
        arena_reset(&arena);
    }
    arena_fini(&arena);
    return NULL;
}

static void all_at_once(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct search_stats stats;
    shared = model_create(5);
    const struct search_config config = {.refresh = refresh};
    assert_int_equal(search_create(&config, &engine_of_all, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, NULL), 0);
    for (int i = 0; i < 150; i++) {
        change(shared, 20, 5);
        search_changed(engine_of_all, "a", shared->generation);
        if (i % 20 == 7)
            search_forget(engine_of_all, "a");
    }
    atomic_store(&done, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    search_changed(engine_of_all, "a", shared->generation);
    search_settle_for_test(engine_of_all);
    struct index *index = get(engine_of_all, shared, SEARCH_INDEX_HISTORY);
    compare_visits(shared, history_of(index));
    search_index_done(engine_of_all, index);
    search_stats_for_test(engine_of_all, &stats);
    assert_true(stats.bytes > 0);
    search_forget(engine_of_all, "a");
    search_stats_for_test(engine_of_all, &stats);
    assert_int_equal(stats.bytes, 0);
    search_destroy(engine_of_all);
    free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_is_what_is_stored), cmocka_unit_test(history_update_reads_little),
        cmocka_unit_test(bookmarks_are_what_is_stored),
        cmocka_unit_test(bookmarks_update_reads_little), cmocka_unit_test(all_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
