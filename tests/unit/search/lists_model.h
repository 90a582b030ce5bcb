/* An account of made-up pages, visits and bookmarks that changes at random, as a source for the
 * indexes of lists. */
#ifndef TESTS_SEARCH_LISTS_MODEL_H
#define TESTS_SEARCH_LISTS_MODEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "search/search.h"

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
    bool bookmarked;         /* every page that changes is */
    bool forgets;            /* pages_changed() no longer knows */
    atomic_long rows, asked; /* delivered; questions */
    uint64_t seed;
};

static unsigned dice(struct model *model, unsigned sides)
{
    model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(model->seed >> 33) % sides;
}

static const char *const words_of[] = {"Otter", "rivière", "STRASSE", "łódź",
                                       "plain", "Übung",   "zebra",   "a"};

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
    struct hearth_page row = {.struct_size = sizeof(row),
                              .id = id_of(n),
                              .gone = !page->there,
                              .generation = page->generation};
    if (page->there) {
        row.url = url;
        row.title = n % 3 == 0 ? NULL : title;
        row.bookmark_title = n % 3 == 0 ? title : "other";
        row.hidden = page->hidden;
        row.bookmarks = model->bookmarked;
        row.frecency = 1;
        row.visit_count = page->visits;
        for (int i = 0; i < page->visits; i++)
            row.last_visit =
                page->visit[i].date > row.last_visit ? page->visit[i].date : row.last_visit;
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
        for (int i = 0;
             model->pages[n].there && !model->pages[n].hidden && i < model->pages[n].visits; i++)
            rows[count++] = (struct row){model->pages[n].visit[i].date, id_of(n),
                                         model->pages[n].visit[i].type, n};
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
        const struct hearth_visit_row row = {.struct_size = sizeof(row),
                                             .date = rows[i].date,
                                             .page = rows[i].page,
                                             .type = rows[i].type};
        atomic_fetch_add(&model->rows, 1);
        if (cb(cb_ctx, &row) != 0)
            break;
    }
    pthread_mutex_unlock(&model->lock);
    free(rows);
    return 0;
}

static int visits_of(void *ctx, const int64_t *ids, size_t count, hearth_page_visit_cb cb,
                     void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    for (int n = 0; n < PAGES; n++)
        for (size_t k = 0; k < count; k++)
            for (int i = 0;
                 ids[k] == id_of(n) && model->pages[n].there && i < model->pages[n].visits; i++) {
                atomic_fetch_add(&model->rows, 1);
                cb(cb_ctx, ids[k], &model->pages[n].visit[i]);
            }
    pthread_mutex_unlock(&model->lock);
    return 0;
}

static int marks(void *ctx, hearth_sync_cursor_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    char text[32];
    pthread_mutex_lock(&model->lock);
    snprintf(text, sizeof(text), "mark %d", model->mark);
    pthread_mutex_unlock(&model->lock);
    cb(cb_ctx, 0, HEARTH_HISTORY, "another");
    cb(cb_ctx, 0, HEARTH_BOOKMARKS, text);
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

static int items(void *ctx, hearth_bookmark_item_cb cb, void *cb_ctx, struct err *err)
{
    struct model *model = ctx;
    pthread_mutex_lock(&model->lock);
    for (int n = 0; n < MARKS; n++) {
        struct texts texts;
        struct hearth_bookmark b = bookmark_of(model, n, &texts);
        struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                            .kind = b.kind,
                                            .guid = b.guid,
                                            .parent = b.parent,
                                            .position = b.position,
                                            .added = b.added,
                                            .modified = b.modified};
        if (model->marks[n].there)
            cb(cb_ctx, &item);
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
                                  .cursors = marks,
                                  .bookmarks = bookmarks,
                                  .items = items,
                                  .bookmark = bookmark};
}

/* --- what changes --- */

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
            page->visit[page->visits++] =
                (struct hearth_visit)HEARTH_VISIT(1000 + dice(model, 300), 1 + (int)dice(model, 9));
        for (int i = 0; i < page->visits - 1; i++) /* (date, type) is unique in a page */
            if (page->visit[i].date == page->visit[page->visits - 1].date &&
                page->visit[i].type == page->visit[page->visits - 1].type) {
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
        static const int32_t kinds[] = {HEARTH_BOOKMARK, HEARTH_BOOKMARK, HEARTH_QUERY,
                                        HEARTH_SEPARATOR, HEARTH_LIVEMARK};
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

static void change(struct model *model, int page_count, int cursor_count)
{
    pthread_mutex_lock(&model->lock);
    model->generation++;
    for (int i = 0; i < page_count; i++)
        change_page(model, (int)dice(model, PAGES));
    for (int i = 0; i < cursor_count; i++)
        change_mark(model, (int)dice(model, MARKS));
    model->mark += cursor_count > 0;
    pthread_mutex_unlock(&model->lock);
}

static struct model *model_create(uint64_t seed)
{
    struct model *model = calloc(1, sizeof(*model));
    pthread_mutex_init(&model->lock, NULL);
    model->seed = seed;
    for (int i = 0; i < FOLDERS; i++)
        model->marks[i] = (struct model_mark){
            .there = true, .kind = HEARTH_FOLDER, .parent = 0, .position = i, .modified = 1};
    change(model, 4000, 3000);
    return model;
}

#endif
