/* The indexes of lists: what they find is what looking at every row finds, through thousands of changes; and what bringing them up to date
 * reads. */
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
#include "search/words.h"

enum { PAGES = 1500, VISITS = 6, MARKS = 900, FOLDERS = 8 };

/* An account as a storage has it. */
struct model {
    pthread_mutex_t lock;
    int64_t generation;
    int mark; /* of the collection of bookmarks */
    struct model_page {
        bool there, hidden;
        int64_t generation, gone; /* gone: generation of its removal */
        int title, visits;
        struct hearth_visit visit[VISITS];
    } pages[PAGES];
    struct model_mark {
        bool there;
        int32_t kind;
        int title, parent, tag;
        int64_t position, added, modified;
    } marks[MARKS];          /* the first FOLDERS are folders */
    bool forgets;            /* pages_changed() no longer knows */
    atomic_long rows, asked; /* delivered; questions */
    uint64_t seed;
};

static unsigned dice(struct model *model, unsigned sides)
{
    model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(model->seed >> 33) % sides;
}

static const char *const words_of[] = {"Otter", "rivière", "STRASSE", "łódź", "plain", "Übung", "zebra", "a"};

static void page_texts(const struct model_page *page, int n, char url[128], char title[64])
{
    snprintf(url, 128, "https://h%d.example/p%%C3%%A4th/%d/%s", n % 23, n, words_of[(n / 7) % 8]);
    snprintf(title, 64, "%s %d", words_of[page->title % 8], page->title);
}

static int64_t id_of(int n)
{
    return ((int64_t)n * 7919 % 100003) + 1; /* not in the order of n */
}

static int give_page(struct model *model, int n, hearth_page_cb cb, void *ctx)
{
    const struct model_page *page = &model->pages[n];
    char url[128], title[64];
    page_texts(page, n, url, title);
    struct hearth_page row = {.struct_size = sizeof(row), .id = id_of(n), .gone = !page->there, .generation = page->generation};
    if (page->there) {
        row.url = url;
        row.title = n % 3 == 0 ? NULL : title;
        row.bookmark_title = n % 3 == 0 ? title : "other";
        row.hidden = page->hidden;
        row.frecency = 1;
        row.visit_count = page->visits;
        for (int i = 0; i < page->visits; i++)
            row.last_visit = page->visit[i].date > row.last_visit ? page->visit[i].date : row.last_visit;
    }
    atomic_fetch_add(&model->rows, 1);
    return cb(ctx, &row);
}

static int pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    for (int n = 0; n < PAGES; n++)
        if (model->pages[n].there && give_page(model, n, cb, cb_ctx) != 0)
            break;
    pthread_mutex_unlock(&model->lock);
    return 0;
}

static int changed(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    bool forgets = model->forgets;
    for (int n = 0; n < PAGES && !forgets; n++)
        if (model->pages[n].generation > since && give_page(model, n, cb, cb_ctx) != 0)
            break;
    pthread_mutex_unlock(&model->lock);
    return forgets ? err_set(err, HEARTH_ERR_NOT_FOUND, "forgotten") : 0;
}

struct row {
    int64_t date, page;
    int type, n;
};

static int newest_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return x->date != y->date   ? (x->date < y->date) - (x->date > y->date)
           : x->page != y->page ? (x->page < y->page) - (x->page > y->page)
                                : y->type - x->type;
}

/* All visits as the storage lists them. */
static size_t list_visits(struct model *model, struct row rows[PAGES * VISITS])
{
    size_t count = 0;
    for (int n = 0; n < PAGES; n++)
        for (int i = 0; model->pages[n].there && !model->pages[n].hidden && i < model->pages[n].visits; i++)
            rows[count++] = (struct row){model->pages[n].visit[i].date, id_of(n), model->pages[n].visit[i].type, n};
    qsort(rows, count, sizeof(*rows), newest_first);
    return count;
}

static int visits(void *ctx, hearth_visit_row_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    struct row *rows = malloc(PAGES * VISITS * sizeof(*rows));
    pthread_mutex_lock(&model->lock);
    size_t count = list_visits(model, rows);
    for (size_t i = 0; i < count; i++) {
        const struct hearth_visit_row row = {.struct_size = sizeof(row), .date = rows[i].date, .page = rows[i].page, .type = rows[i].type};
        atomic_fetch_add(&model->rows, 1);
        if (cb(cb_ctx, &row) != 0)
            break;
    }
    pthread_mutex_unlock(&model->lock);
    free(rows);
    return 0;
}

static int visits_of(void *ctx, const int64_t *ids, size_t count, hearth_page_visit_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    for (int n = 0; n < PAGES; n++)
        for (size_t k = 0; k < count; k++)
            for (int i = 0; ids[k] == id_of(n) && model->pages[n].there && i < model->pages[n].visits; i++) {
                atomic_fetch_add(&model->rows, 1);
                cb(cb_ctx, ids[k], &model->pages[n].visit[i]);
            }
    pthread_mutex_unlock(&model->lock);
    return 0;
}

static int marks(void *ctx, hearth_mark_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    char text[32];
    pthread_mutex_lock(&model->lock);
    snprintf(text, sizeof(text), "mark %d", model->mark);
    pthread_mutex_unlock(&model->lock);
    cb(cb_ctx, HEARTH_HISTORY, "another");
    cb(cb_ctx, HEARTH_BOOKMARKS, text);
    return 0;
}

struct texts {
    char guid[16], parent[16], title[64], url[128], tags[64];
};

static struct hearth_bookmark bookmark_of(const struct model *model, int n, struct texts *t)
{
    const struct model_mark *mark = &model->marks[n];
    static const char *const tags[] = {NULL, "Science", "science\nZoë", "ZOË", "zoe"};
    snprintf(t->guid, sizeof(t->guid), "g%04d", n * 37 % MARKS);
    snprintf(t->parent, sizeof(t->parent), "g%04d", mark->parent * 37 % MARKS);
    snprintf(t->title, sizeof(t->title), "%s %d", words_of[mark->title % 8], mark->title);
    snprintf(t->url, sizeof(t->url), "https://b%d.example/%d", n % 11, n);
    return (struct hearth_bookmark){.struct_size = sizeof(struct hearth_bookmark),
                                    .kind = mark->kind,
                                    .guid = t->guid,
                                    .parent = n == 0 ? NULL : t->parent,
                                    .title = t->title,
                                    .url = mark->kind == HEARTH_BOOKMARK ? t->url : NULL,
                                    .tags = tags[mark->tag],
                                    .page = mark->kind == HEARTH_BOOKMARK ? n + 1 : 0,
                                    .position = mark->position,
                                    .added = mark->added,
                                    .modified = mark->modified};
}

static int bookmarks(void *ctx, search_row_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    for (int n = 0; n < MARKS; n++) {
        struct texts texts;
        struct hearth_bookmark b = bookmark_of(model, n, &texts);
        if (!model->marks[n].there || b.kind == HEARTH_FOLDER || b.kind == HEARTH_SEPARATOR)
            continue;
        atomic_fetch_add(&model->rows, 1);
        cb(cb_ctx, &b);
    }
    pthread_mutex_unlock(&model->lock);
    return 0;
}

static int nodes(void *ctx, hearth_bookmark_node_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    for (int n = 0; n < MARKS; n++) {
        struct texts texts;
        struct hearth_bookmark b = bookmark_of(model, n, &texts);
        struct hearth_bookmark_node node = {.struct_size = sizeof(node),
                                            .kind = b.kind,
                                            .guid = b.guid,
                                            .parent = b.parent,
                                            .position = b.position,
                                            .added = b.added,
                                            .modified = b.modified};
        if (model->marks[n].there)
            cb(cb_ctx, &node);
    }
    pthread_mutex_unlock(&model->lock);
    return 0;
}

static int bookmark(void *ctx, const char *guid, search_row_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    atomic_fetch_add(&model->asked, 1);
    for (int n = 0; n < MARKS; n++) {
        struct texts texts;
        struct hearth_bookmark b = bookmark_of(model, n, &texts);
        if (model->marks[n].there && strcmp(b.guid, guid) == 0)
            cb(cb_ctx, &b);
    }
    pthread_mutex_unlock(&model->lock);
    return 0;
}

static struct search_source source_of(struct model *model)
{
    return (struct search_source){.ctx = model,
                                  .pages = pages,
                                  .changed = changed,
                                  .visits = visits,
                                  .visits_of = visits_of,
                                  .marks = marks,
                                  .bookmarks = bookmarks,
                                  .nodes = nodes,
                                  .bookmark = bookmark};
}

/* --- what changes -----------------------------------------------------------------------------------------------------------------------
 */

static void change_page(struct model *model, int n)
{
    struct model_page *page = &model->pages[n];
    unsigned what = dice(model, 10);
    page->generation = model->generation;
    if (what == 0) {
        *page = (struct model_page){.generation = model->generation};
    } else if (what == 1) {
        page->hidden = !page->hidden;
    } else if (what == 2) {
        page->visits = 0;
    } else {
        page->there = true;
        page->title = (int)dice(model, 40);
        if (page->visits < VISITS) /* few dates: many ties */
            page->visit[page->visits++] = (struct hearth_visit){.date = 1000 + dice(model, 300), .type = 1 + (int)dice(model, 9)};
        for (int i = 0; i < page->visits - 1; i++) /* (date, type) is unique in a page */
            if (page->visit[i].date == page->visit[page->visits - 1].date && page->visit[i].type == page->visit[page->visits - 1].type) {
                page->visits--;
                break;
            }
    }
}

static void change_mark(struct model *model, int n)
{
    struct model_mark *mark = &model->marks[n];
    unsigned what = dice(model, 6);
    if (n < FOLDERS) {
        mark->title = (int)dice(model, 40);
        mark->modified++;
    } else if (what == 0) {
        mark->there = false;
    } else if (what == 1 && mark->there) { /* moved: the tree alone says so */
        mark->parent = (int)dice(model, FOLDERS);
        mark->position = (int64_t)n;
    } else {
        static const int32_t kinds[] = {HEARTH_BOOKMARK, HEARTH_BOOKMARK, HEARTH_QUERY, HEARTH_SEPARATOR, HEARTH_LIVEMARK};
        mark->there = true;
        mark->kind = kinds[dice(model, 5)];
        mark->title = (int)dice(model, 40);
        mark->tag = (int)dice(model, 5);
        mark->parent = (int)dice(model, FOLDERS);
        mark->position = n;
        mark->added = 1 + dice(model, 50);
        mark->modified++;
    }
}

static void change(struct model *model, int page_count, int mark_count)
{
    pthread_mutex_lock(&model->lock);
    model->generation++;
    for (int i = 0; i < page_count; i++)
        change_page(model, (int)dice(model, PAGES));
    for (int i = 0; i < mark_count; i++)
        change_mark(model, (int)dice(model, MARKS));
    model->mark += mark_count > 0;
    pthread_mutex_unlock(&model->lock);
}

static struct model *model_create(uint64_t seed)
{
    struct model *model = calloc(1, sizeof(*model));
    pthread_mutex_init(&model->lock, NULL);
    model->seed = seed;
    for (int i = 0; i < FOLDERS; i++)
        model->marks[i] = (struct model_mark){.there = true, .kind = HEARTH_FOLDER, .parent = 0, .position = i, .modified = 1};
    change(model, 4000, 3000);
    return model;
}

/* --- comparing --------------------------------------------------------------------------------------------------------------------------
 */

static const char *const typed[] = {"otter", "riviere 1", "strasse", "Łódź", "päth", "h7.example", "zzz", "a", "https", "example 12"};

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
            history_range(history, bounds[f], bounds[t], &first, &end);
            for (size_t i = 0; i < count; i++)
                expected += rows[i].date >= bounds[f] && (bounds[t] == 0 || rows[i].date < bounds[t]);
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
        int n = atoi(host + 1);
        assert_int_equal(site->pages, pages_of[n]);
        assert_int_equal(site->visits, visits_at[n]);
        if (i > 0) {
            const struct history_site *before = &history->sites[i - 1];
            assert_true(before->visits > site->visits ||
                        (before->visits == site->visits && strcmp(history_host_name(history, before->host), host) < 0));
        }
        assert_int_equal(history_site_after(history, site->visits, host), i + 1);
        all += site->pages;
    }
    for (int n = 0; n < 23; n++)
        all -= pages_of[n];
    assert_int_equal(all, 0);
}

/* Every page of the list, and each is full but the last. */
static void compare_found(struct model *model, const struct history *history, const char *text, const char *host, int64_t from, int64_t to,
                          size_t limit)
{
    struct row *rows = malloc(PAGES * VISITS * sizeof(*rows));
    size_t count = list_visits(model, rows), next = 0;
    struct arena arena;
    struct words words;
    arena_init(&arena, 0);
    assert_int_equal(words_init(&words, text, &arena, NULL), 0);
    struct history_query query = {.words = &words, .host = host, .from = from, .to = to, .limit = limit};
    struct history_found found;
    do {
        assert_int_equal(history_find(history, &query, &arena, &found), 0);
        assert_true(!found.more || found.count == limit);
        for (size_t i = 0; i < found.count; i++, next++) {
            for (bool passes = false; !passes; next += !passes) {
                char url[128], title[64];
                assert_true(next < count);
                page_texts(&model->pages[rows[next].n], rows[next].n, url, title);
                passes = words_match(&words, title, url, NULL) && rows[next].date >= from && (to == 0 || rows[next].date < to) &&
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
        assert_false(words_match(&words, title, url, NULL) && rows[next].date >= from && (to == 0 || rows[next].date < to) &&
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
        compare_found(model, history, text, NULL, 0, 0, 50);
        compare_found(model, history, text, NULL, 1050, 1200, 7);
        compare_found(model, history, text, "h3.example", 0, 1250, 3);
        compare_found(model, history, text, "nowhere.example", 0, 0, 3);
        search_index_done(search, index);
        change(model, round % 7 == 0 ? 0 : round % 5 == 0 ? 600 : 12, 0);
    }
    struct search_stats stats;
    search_stats(search, &stats);
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
    search_stats(search, &stats);
    assert_int_equal(stats.index_loads, 2);
    assert_int_equal(stats.index_updates, 2);
    search_destroy(search);
    free(model);
}

static bool passes(struct words *words, const struct hearth_bookmark *b, const struct bookmarks_query *query)
{
    static const char *const lower[][3] = {{NULL, NULL, NULL}, {"science", NULL, NULL}, {"science", "zoë", NULL}, {"zoë"}, {"zoe"}};
    if (!words_match(words, b->title, b->url, b->tags))
        return false;
    if (query->folder != NULL)
        return b->parent != NULL && strcmp(b->parent, query->folder) == 0;
    if (b->kind == HEARTH_FOLDER || b->kind == HEARTH_SEPARATOR)
        return false;
    static const char *const tags[] = {NULL, "Science", "science\nZoë", "ZOË", "zoe"};
    for (int i = 1; query->tag != NULL && b->tags != NULL && i < 5; i++)
        if (strcmp(tags[i], b->tags) == 0)
            for (int k = 0; k < 3 && lower[i][k] != NULL; k++)
                if (strcmp(lower[i][k], strcmp(query->tag, "SCIENCE") == 0 ? "science" : strcmp(query->tag, "Zoë") == 0 ? "zoë" : "-") == 0)
                    return true;
    return query->tag == NULL;
}

static void compare_bookmarks(struct model *model, const struct bookmarks *index, const char *text, struct bookmarks_query query)
{
    struct arena arena;
    struct words words;
    struct bookmarks_found found;
    arena_init(&arena, 0);
    assert_int_equal(words_init(&words, text, &arena, NULL), 0);
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
        assert_int_equal(bookmarks_find(index, &query, &arena, &found), 0);
        assert_true(!found.more || found.count == query.limit);
        for (size_t i = 0; i < found.count; i++, got++) {
            const struct bookmarks_row *row = &index->rows[found.numbers[i]];
            int n = 0;
            struct texts texts;
            struct hearth_bookmark b;
            while (b = bookmark_of(model, n, &texts), strcmp(b.guid, bookmarks_guid(index, found.numbers[i])) != 0)
                n++;
            assert_true(model->marks[n].there && passes(&words, &b, &query));
            assert_int_equal(row->page, b.page);
            assert_true(before == NULL || (query.folder != NULL ? before->position < row->position : number_before < found.numbers[i]));
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
        compare_bookmarks(model, bookmarks_of(index), text, (struct bookmarks_query){.limit = 3, .tag = "SCIENCE"});
        compare_bookmarks(model, bookmarks_of(index), text, (struct bookmarks_query){.limit = 3, .tag = "Zoë"});
        compare_bookmarks(model, bookmarks_of(index), text, (struct bookmarks_query){.limit = 5, .folder = "g0074", .after = -1});
        compare_bookmarks(model, bookmarks_of(index), text, (struct bookmarks_query){.limit = 5, .folder = "nowhere", .after = -1});
        search_index_done(search, index);
        change(model, 5, round % 4 == 0 ? 0 : 25);
    }
    search_stats(search, &stats);
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
    assert_int_equal(atomic_load(&model->asked), FOLDERS + bookmarks_of(index)->count - atomic_load(&model->rows) - FOLDERS);
    atomic_store(&model->rows, 0);
    atomic_store(&model->asked, 0);
    change(model, 20, 0);
    struct index *same = get(search, model, SEARCH_INDEX_BOOKMARKS);
    assert_ptr_equal(same, index);
    change(model, 0, 12);
    search_index_done(search, get(search, model, SEARCH_INDEX_BOOKMARKS));
    assert_int_equal(atomic_load(&model->rows), 0);
    assert_in_range(atomic_load(&model->asked), 0, 12);
    search_index_done(search, index);
    search_index_done(search, same);
    search_destroy(search);
    free(model);
}

/* --- many at once -----------------------------------------------------------------------------------------------------------------------
 */

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
        struct words words;
        struct index *index;
        pthread_mutex_lock(&shared->lock);
        int64_t generation = shared->generation;
        pthread_mutex_unlock(&shared->lock);
        enum search_index which = i % 2 == 0 ? SEARCH_INDEX_HISTORY : SEARCH_INDEX_BOOKMARKS;
        assert_int_equal(words_init(&words, typed[i % 10], &arena, NULL), 0);
        assert_int_equal(search_index(engine_of_all, "a", generation, which, &source, &index, NULL), 0);
        if (which == SEARCH_INDEX_HISTORY) {
            struct history_found found;
            const struct history_query query = {.words = &words, .limit = 30};
            assert_int_equal(history_find(history_of(index), &query, &arena, &found), 0);
        } else {
            struct bookmarks_found found;
            const struct bookmarks_query query = {.words = &words, .limit = 30};
            assert_int_equal(bookmarks_find(bookmarks_of(index), &query, &arena, &found), 0);
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
    search_settle(engine_of_all);
    struct index *index = get(engine_of_all, shared, SEARCH_INDEX_HISTORY);
    compare_visits(shared, history_of(index));
    search_index_done(engine_of_all, index);
    search_stats(engine_of_all, &stats);
    assert_true(stats.bytes > 0);
    search_forget(engine_of_all, "a");
    search_stats(engine_of_all, &stats);
    assert_int_equal(stats.bytes, 0);
    search_destroy(engine_of_all);
    free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(history_is_what_is_stored), cmocka_unit_test(history_update_reads_little),
                                       cmocka_unit_test(bookmarks_are_what_is_stored), cmocka_unit_test(bookmarks_update_reads_little),
                                       cmocka_unit_test(all_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
