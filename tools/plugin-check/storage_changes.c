/* hearth.storage.changes/1: a copy that follows is the account. */
#include "storage_kit.h"

#include <stdlib.h>

static void need_changes(const struct storage *storage)
{
    if (storage->changes == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_CHANGES);
}

/* --- lists --- */

static int kit_changes_on_page(void *ctx, const struct hearth_page *page)
{
    return kit_lines_add(ctx, "%lld:%lld %s%s\n", (long long)page->generation, (long long)page->id,
                         page->url, page->hidden ? " hidden" : "");
}

static int kit_changes_on_bookmark(void *ctx, int64_t generation, const struct hearth_bookmark *b)
{
    return kit_lines_add(ctx, "%lld:%s %d %s %lld\n", (long long)generation, b->guid, (int)b->kind,
                         b->parent == NULL ? "-" : b->parent, (long long)b->position);
}

/* Into a sum: their order is any. */
static int kit_changes_on_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    *(int64_t *)ctx += page * 1000 + visit->date;
    return 0;
}

static void expect_changes(struct storage *storage, const char *account, int64_t since,
                           const char *pages, int64_t visits, const char *bookmarks)
{
    static const int64_t all[] = {1, 2, 3};
    struct lines lines = {.size = 0};
    OK_OF(storage, changes, pages_since, account, since, 0, 0, kit_changes_on_page, &lines);
    expect_text(lines.text, pages);
    int64_t sum = 0;
    OK_OF(storage, changes, visits_since, account, since, all, 3, kit_changes_on_visit, &sum);
    expect_number(sum, visits);
    lines = (struct lines){.size = 0};
    OK_OF(storage, changes, bookmarks_since, account, since, 0, NULL, kit_changes_on_bookmark,
          &lines);
    expect_text(lines.text, bookmarks);
}

static void changes_of_each_kind(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    int64_t added;
    need_changes(storage);
    expect_changes(storage, "a", 0, "", 0, "");
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://one/", "one", 1, (const int64_t[]){100});
    kit_page_put_visited(storage, 2, "https://two/", "two", 1, (const int64_t[]){200});
    kit_bookmark_put(storage, "b1", HEARTH_BOOKMARK, "menu", 0);
    kit_bookmark_put(storage, "b2", HEARTH_NOT_SHOWN, NULL, 0);
    kit_bookmark_put(storage, "menu", HEARTH_FOLDER, NULL, 0);
    kit_batch_commit(storage);
    expect_changes(storage, "a", 0, "1:1 https://one/\n1:2 https://two/\n", 3300,
                   "1:b1 1 menu 0\n1:b2 6 - 0\n1:menu 2 - 0\n");
    expect_changes(storage, "a", 1, "", 0, "");
    expect_changes(storage, "b", 0, "", 0, "");
    expect_changes(storage, "nobody", 0, "", 0, "");
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    struct hearth_page page = kit_page_make(2, "https://two/", "two");
    page.hidden = 1;
    page.visit_count = 2;
    page.last_visit = 300;
    OK(storage, page_put, &page);
    OK(storage, visits_put, 2, (const struct hearth_visit[]){HEARTH_VISIT(200, 1)}, 1, &added);
    OK(storage, visits_put, 2, (const struct hearth_visit[]){HEARTH_VISIT(300, 1)}, 1, &added);
    OK(storage, bookmark_place, "b1", "menu", 3);
    expect_changes(storage, "a", 1, "2:2 https://two/ hidden\n", 2300, "2:b1 1 menu 3\n");
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_bookmark_put(storage, "b2", HEARTH_BOOKMARK, "menu", 1);
    OK(storage, bookmark_remove, "b1");
    kit_batch_commit(storage);
    expect_changes(storage, "a", 1, "2:2 https://two/ hidden\n", 2300, "3:b2 1 menu 1\n");
    expect_changes(storage, "a", 2, "", 0, "3:b2 1 menu 1\n");
    expect_changes(storage, "a", 0, "1:1 https://one/\n2:2 https://two/ hidden\n", 5600,
                   "1:menu 2 - 0\n3:b2 1 menu 1\n");
    kit_expect_sound(storage);
}

/* The row that came last. */
struct one_change {
    size_t rows;
    int64_t generation, page;
    char guid[32];
};

static int note_page(void *ctx, const struct hearth_page *page)
{
    struct one_change *at = ctx;
    at->rows++;
    at->generation = page->generation;
    at->page = page->id;
    return 1;
}

static int note_bookmark(void *ctx, int64_t generation, const struct hearth_bookmark *bookmark)
{
    struct one_change *at = ctx;
    at->rows++;
    at->generation = generation;
    snprintf(at->guid, sizeof(at->guid), "%s", bookmark->guid);
    return 1;
}

/* In the middle of the walk through `pages` of generation 1 the one that came last goes, and comes
 * back, wherever the storage keeps it then: those behind it come nevertheless. */
static void changes_begin_where_one_came_back(struct storage *storage, size_t pages)
{
    struct one_change at = {.rows = 0};
    while (at.rows < pages / 2)
        OK_OF(storage, changes, pages_since, "a", 0, at.generation, at.page, note_page, &at);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, page_remove, at.page);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, at.page, "https://back/", "h", 1, (const int64_t[]){1});
    kit_batch_commit(storage);
    struct lines *lines = calloc(1, sizeof(*lines));
    expect(lines != NULL);
    OK_OF(storage, changes, pages_since, "a", 0, 1, at.page, kit_changes_on_page, lines);
    expect(lines->count >= pages - at.rows + 1);
    free(lines);
}

static void changes_begin_anywhere(struct kit *kit)
{
    enum { PAGES = 700 };
    struct storage *storage = &kit->storage;
    char url[64], guid[32];
    need_changes(storage);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int i = 1; i <= PAGES; i++) {
        snprintf(url, sizeof(url), "https://%d/", i);
        snprintf(guid, sizeof(guid), "b%d", i);
        kit_page_put_visited(storage, i * 7919 % 10007 + 1, url, "h", 1, (const int64_t[]){i});
        kit_bookmark_put(storage, guid, HEARTH_BOOKMARK, "menu", i);
    }
    kit_batch_commit(storage);
    struct one_change at = {.rows = 0};
    for (size_t before = 1; before != at.rows;) {
        before = at.rows;
        OK_OF(storage, changes, pages_since, "a", 0, at.generation, at.page, note_page, &at);
    }
    expect_number(at.rows, PAGES);
    struct one_change in = {.rows = 0};
    for (size_t before = 1; before != in.rows;) {
        before = in.rows;
        OK_OF(storage, changes, bookmarks_since, "a", 0, in.generation,
              in.rows == 0 ? NULL : in.guid, note_bookmark, &in);
    }
    expect_number(in.rows, PAGES);
    /* from a page that is gone: all of its generation again */
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, page_remove, at.page);
    kit_batch_commit(storage);
    struct lines *lines = calloc(1, sizeof(*lines));
    expect(lines != NULL);
    OK_OF(storage, changes, pages_since, "a", 0, 1, at.page, kit_changes_on_page, lines);
    expect_number(lines->count, PAGES - 1);
    free(lines);
    changes_begin_where_one_came_back(storage, PAGES - 1);
}

/* --- a copy --- */

enum { COPY_PAGES = 24, COPY_DATES = 6, COPY_BOOKMARKS = 16, COPY_ROUNDS = 120 };

struct copy {
    struct copied_page {
        int64_t frecency; /* 0: it is not there */
        unsigned visits;  /* a bit for each date */
    } pages[COPY_PAGES];
    struct copied_bookmark {
        bool there;
        int64_t position, kind, added;
        char parent[8];
    } bookmarks[COPY_BOOKMARKS];
};

/* Of what is being read: where it is, and how many rows are wanted yet. */
struct copying {
    struct copy *copy;
    int64_t generation, page;
    char guid[8];
    size_t rows, left;
    int64_t pages[COPY_PAGES * 4];
};

static int copy_page(void *ctx, const struct hearth_page *page)
{
    struct copying *copying = ctx;
    copying->copy->pages[page->id].frecency = page->frecency;
    copying->generation = page->generation;
    copying->page = page->id;
    copying->pages[copying->rows++] = page->id;
    return --copying->left == 0;
}

static int copy_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct copying *copying = ctx;
    copying->copy->pages[page].visits |= 1u << visit->date;
    return 0;
}

static int copy_bookmark(void *ctx, int64_t generation, const struct hearth_bookmark *bookmark)
{
    struct copying *copying = ctx;
    struct copied_bookmark *copied = &copying->copy->bookmarks[bookmark->guid[1] - 'a'];
    *copied = (struct copied_bookmark){.there = true,
                                       .position = bookmark->position,
                                       .kind = bookmark->kind,
                                       .added = bookmark->added};
    snprintf(copied->parent, sizeof(copied->parent), "%s",
             bookmark->parent == NULL ? "-" : bookmark->parent);
    copying->generation = generation;
    snprintf(copying->guid, sizeof(copying->guid), "%s", bookmark->guid);
    copying->rows++;
    return --copying->left == 0;
}

static int copy_removal(void *ctx, const struct hearth_removal *removal)
{
    struct copying *copying = ctx;
    struct copied_page *page = &copying->copy->pages[removal->page];
    if (removal->kind == HEARTH_REMOVAL_PAGE)
        *page = (struct copied_page){0};
    else if (removal->kind == HEARTH_REMOVAL_VISIT)
        page->visits &= ~(1u << removal->date);
    else if (removal->kind == HEARTH_REMOVAL_BOOKMARK)
        copying->copy->bookmarks[removal->key[1] - 'a'] = (struct copied_bookmark){0};
    return 0;
}

static void change_anything(struct storage *storage, unsigned *state)
{
    int64_t added;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int i = rand_r(state) % 6; i >= 0; i--) {
        int64_t id = rand_r(state) % (COPY_PAGES - 1) + 1, date = rand_r(state) % COPY_DATES;
        char guid[8], url[32];
        snprintf(guid, sizeof(guid), "b%c", 'a' + rand_r(state) % COPY_BOOKMARKS);
        snprintf(url, sizeof(url), "https://%d/", (int)id);
        struct hearth_page page = kit_page_make(id, url, "h");
        page.frecency = rand_r(state) % 1000 + 1;
        struct hearth_visit visit = HEARTH_VISIT(date, 1);
        struct hearth_bookmark bookmark =
            kit_bookmark_make(guid, HEARTH_BOOKMARK, "ba", rand_r(state) % 9);
        bookmark.added = rand_r(state) % 100;
        switch (rand_r(state) % 8) {
        case 0:
            OK(storage, page_remove, id);
            break;
        case 1:
            OK(storage, visits_remove, id);
            OK(storage, page_put, &page);
            break;
        case 2:
            OK(storage, bookmark_remove, guid);
            break;
        case 3:
            OK(storage, bookmark_put, &bookmark);
            OK(storage, bookmark_place, guid, "bb", rand_r(state) % 9);
            break;
        case 4:
            OK(storage, bookmark_put, &bookmark);
            break;
        default:
            OK(storage, page_put, &page);
            OK(storage, visits_put, id, &visit, 1, &added);
        }
    }
    kit_batch_commit(storage);
}

/* Reads what changed since, in pieces, between which anything may happen. Returns the generation
 * that the copy is of. */
static int64_t copy_follow(struct storage *storage, struct copy *copy, int64_t since,
                           unsigned *state, bool meanwhile)
{
    int64_t generation = kit_generation_of(storage, "a");
    struct copying at = {.copy = copy};
    do {
        at.rows = 0;
        at.left = (size_t)(rand_r(state) % 8 + 1);
        OK_OF(storage, changes, pages_since, "a", since, at.generation, at.page, copy_page, &at);
        OK_OF(storage, changes, visits_since, "a", since, at.pages, at.rows, copy_visit, &at);
        if (meanwhile && rand_r(state) % 4 == 0)
            change_anything(storage, state);
    } while (at.left == 0);
    at.generation = 0;
    do {
        at.left = (size_t)(rand_r(state) % 8 + 1);
        OK_OF(storage, changes, bookmarks_since, "a", since, at.generation,
              at.guid[0] == '\0' ? NULL : at.guid, copy_bookmark, &at);
        if (meanwhile && rand_r(state) % 4 == 0)
            change_anything(storage, state);
    } while (at.left == 0);
    OK(storage, removals_since, "a", since, copy_removal, &at);
    return generation;
}

static void a_copy_that_follows(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    unsigned state = (unsigned)kit->options->seed * 31337u;
    struct copy copy = {0};
    int64_t since = 0;
    need_changes(storage);
    for (int round = 0; round < COPY_ROUNDS; round++) {
        struct copy anew = {0};
        for (int i = rand_r(&state) % 3; i >= 0; i--)
            change_anything(storage, &state);
        since = copy_follow(storage, &copy, since, &state, true);
        since = copy_follow(storage, &copy, since, &state, false);
        copy_follow(storage, &anew, 0, &state, false);
        for (int i = 0; i < COPY_PAGES; i++) {
            expect_number(copy.pages[i].frecency, anew.pages[i].frecency);
            expect_number(copy.pages[i].visits, anew.pages[i].visits);
        }
        for (int i = 0; i < COPY_BOOKMARKS; i++) {
            expect_number(copy.bookmarks[i].there, anew.bookmarks[i].there);
            expect_number(copy.bookmarks[i].position, anew.bookmarks[i].position);
            expect_number(copy.bookmarks[i].added, anew.bookmarks[i].added);
            expect_text(copy.bookmarks[i].parent, anew.bookmarks[i].parent);
        }
    }
}

const struct kit_test kit_storage_changes_tests[] = {
    {"changes: what is new since, of each kind, and nothing else", changes_of_each_kind, KIT_OPEN},
    {"changes: they go on behind any row, once each", changes_begin_anywhere, KIT_OPEN, 120},
    {"changes: a copy that follows is the account, whatever is written meanwhile",
     a_copy_that_follows, KIT_OPEN, 120},
    {NULL, NULL},
};
