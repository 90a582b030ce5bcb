/* The history: lists of visits by date and host, and going on in them. */
#include <stdlib.h>

#include "storage_kit.h"

/* Two hosts, a hidden page, equal dates. */
static void fill_history(struct storage *storage)
{
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://one/", "one", 3, (const int64_t[]){100, 200, 300});
    kit_page_put_visited(storage, 2, "https://two/", "two", 2, (const int64_t[]){200, 400});
    kit_page_put_visited(storage, 3, "https://one/3", "one", 1, (const int64_t[]){200});
    kit_page_put_visited(storage, 4, "https://one/hidden", "one", 1, (const int64_t[]){250});
    struct hearth_page hidden = {.struct_size = sizeof(hidden)};
    OK(storage, page_get, "a", 4, &hidden);
    hidden.hidden = true;
    OK(storage, page_put, &hidden);
    kit_batch_commit(storage);
}

static void expect_visits(struct storage *storage, struct hearth_visit_query query,
                          const char *expected)
{
    struct lines lines = {.size = 0};
    query.struct_size = sizeof(query);
    OK(storage, visit_list, "a", &query, kit_lines_on_visit_row, &lines);
    expect_text(lines.text, expected);
}

static void visit_list(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    fill_history(storage);
    expect_visits(storage, (struct hearth_visit_query){.from = 0},
                  "400 2 1 https://two/\n300 1 1 https://one/\n200 3 1 https://one/3\n200 2 1 "
                  "https://two/\n200 1 1 https://one/\n"
                  "100 1 1 https://one/\n");
    expect_visits(storage, (struct hearth_visit_query){.from = 200, .to = 400},
                  "300 1 1 https://one/\n200 3 1 https://one/3\n200 2 1 https://two/\n200 1 1 "
                  "https://one/\n");
    expect_visits(storage, (struct hearth_visit_query){.host = "one"},
                  "300 1 1 https://one/\n200 3 1 https://one/3\n200 1 1 https://one/\n100 1 1 "
                  "https://one/\n");
    expect_visits(storage, (struct hearth_visit_query){.host = "one", .from = 150, .to = 300},
                  "200 3 1 https://one/3\n200 1 1 https://one/\n");
    expect_visits(storage, (struct hearth_visit_query){.host = "On"}, "");
    expect_visits(storage,
                  (struct hearth_visit_query){.after_date = 200, .after_page = 2, .after_type = 1},
                  "200 1 1 https://one/\n100 1 1 https://one/\n");
    expect_visits(
        storage,
        (struct hearth_visit_query){.after_date = 300, .after_page = 1, .after_type = 1, .to = 200},
        "100 1 1 https://one/\n");
    expect_visits(
        storage,
        (struct hearth_visit_query){
            .host = "one", .after_date = 200, .after_page = 3, .after_type = 1, .from = 150},
        "200 1 1 https://one/\n");
    struct lines lines = {.size = 0};
    OK(storage, visit_dates, "a", 150, 400, kit_lines_on_visit_row, &lines);
    expect_text(lines.text, "300 1 1 -\n200 3 1 -\n200 2 1 -\n200 1 1 -\n");
    lines = (struct lines){.size = 0};
    OK(storage, visit_dates, "b", 0, 0, kit_lines_on_visit_row, &lines);
    expect_number(lines.count, 0);
    OK(storage, visit_dates, "a", 0, 0, kit_lines_on_visit_row, &lines);
    expect_number(lines.count, 6);
    kit_expect_sound(storage);
}

/* Rows come in any order: each is a line of its own, sorted. */
struct several {
    int64_t rows[2000][3];
    size_t count, stop_after;
};

static int on_page_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct several *several = ctx;
    if (several->count < 2000) {
        several->rows[several->count][0] = page;
        several->rows[several->count][1] = visit->date;
        several->rows[several->count][2] = visit->type;
    }
    return ++several->count == several->stop_after;
}

static int visit_rows_compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

static void visits_of_several_pages(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    if (storage->bulk == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_BULK);
    fill_history(storage);
    kit_batch_begin(storage, "b", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://one/", "one", 1, (const int64_t[]){900});
    kit_batch_commit(storage);
    static const int64_t ids[] = {4, 1, 77, 3},
                         expected[][3] = {
                             {1, 100, 1}, {1, 200, 1}, {1, 300, 1}, {3, 200, 1}, {4, 250, 1}};
    static struct several all, none, few, many;
    all.count = none.count = few.count = many.count = 0;
    OK_OF(storage, bulk, visits_of_pages, "a", ids, 4, on_page_visit, &all);
    expect_number((int64_t)all.count, 5);
    qsort(all.rows, 5, sizeof(all.rows[0]), visit_rows_compare);
    expect(memcmp(all.rows, expected, sizeof(expected)) == 0);
    OK_OF(storage, bulk, visits_of_pages, "a", ids, 0, on_page_visit, &none);
    OK_OF(storage, bulk, visits_of_pages, "nobody", ids, 4, on_page_visit, &none);
    OK_OF(storage, bulk, visits_of_pages, "b", &ids[2], 2, on_page_visit, &none);
    expect_number((int64_t)none.count, 0);
    few.stop_after = 2;
    OK_OF(storage, bulk, visits_of_pages, "a", ids, 4, on_page_visit, &few);
    expect_number((int64_t)few.count, 2);
    int64_t wide[1000];
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 0; i < 1000; i++) {
        wide[i] = 1000 + i;
        if (i % 2 == 0)
            kit_page_put_visited(storage, wide[i], "https://w/", "w", 2,
                                 (const int64_t[]){5000 + i, 9000 + i});
    }
    /* reads see what the batch has written */
    OK_OF(storage, bulk, visits_of_pages, "a", wide, 1000, on_page_visit, &many);
    expect_number((int64_t)many.count, 1000);
    kit_batch_commit(storage);
}

static void hosts_with_one_key_are_told_apart(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    /* FNV-1a (32 bits) of both is 0x5e4daa9d. */
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://costarring/", "costarring", 1,
                         (const int64_t[]){100});
    kit_page_put_visited(storage, 2, "https://liquid/", "liquid", 1, (const int64_t[]){200});
    kit_batch_commit(storage);
    expect_visits(storage, (struct hearth_visit_query){.host = "costarring"},
                  "100 1 1 https://costarring/\n");
    expect_visits(storage, (struct hearth_visit_query){.host = "liquid"},
                  "200 2 1 https://liquid/\n");
}

struct walk {
    struct hearth_visit_query query;
    struct lines lines;
};

static int on_next(void *ctx, const struct hearth_visit_row *row)
{
    struct walk *walk = ctx;
    walk->query.after_date = row->date;
    walk->query.after_page = row->page;
    walk->query.after_type = row->type;
    kit_lines_on_visit_row(&walk->lines, row);
    return 1;
}

/* Paging one by one meets every old row once, whatever is written between the pages. */
static void cursor_is_stable(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    fill_history(storage);
    struct lines all = {.size = 0};
    struct walk walk = {.query = {.struct_size = sizeof(walk.query)}};
    OK(storage, visit_list, "a", &walk.query, kit_lines_on_visit_row, &all);
    for (int64_t i = 0; i < 6; i++) {
        struct hearth_visit_query query = walk.query;
        OK(storage, visit_list, "a", &query, on_next, &walk);
        kit_batch_begin(storage, "a", HEARTH_HISTORY); /* newer than every cursor */
        kit_page_put_visited(storage, 100 + i, "https://new/", "new", 1,
                             (const int64_t[]){1000 + i});
        kit_batch_commit(storage);
    }
    expect_text(walk.lines.text, all.text);
    struct hearth_visit_query query = walk.query;
    OK(storage, visit_list, "a", &query, on_next, &walk);
    expect_number(walk.lines.count, 6);
}

static void a_page_changes_host_and_visibility_with_its_visits(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    fill_history(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    struct hearth_page page = {.struct_size = sizeof(page)};
    OK(storage, page_get, "a", 1, &page);
    page.host = "two";
    OK(storage, page_put, &page);
    OK(storage, page_get, "a", 4, &page);
    page.hidden = false;
    OK(storage, page_put, &page);
    kit_batch_commit(storage);
    expect_visits(storage, (struct hearth_visit_query){.host = "one"},
                  "250 4 1 https://one/hidden\n200 3 1 https://one/3\n");
    expect_visits(storage, (struct hearth_visit_query){.host = "two", .to = 300},
                  "200 2 1 https://two/\n200 1 1 https://one/\n100 1 1 https://one/\n");
    kit_expect_sound(storage);
}

static int on_title(void *ctx, const struct hearth_visit_row *row)
{
    return kit_lines_add(ctx, "%s %d\n", row->title == NULL ? "-" : row->title,
                         (int)row->bookmarked);
}

static void visit_title_and_bookmarked(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    struct hearth_page page = kit_page_make(1, "https://u/", "u");
    int64_t added;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_put, &page);
    OK(storage, visits_put, 1, &(struct hearth_visit)HEARTH_VISIT(100, 1), 1, &added);
    page.id = 2;
    page.bookmark_title = "marked";
    page.bookmarks = 1;
    OK(storage, page_put, &page);
    OK(storage, visits_put, 2, &(struct hearth_visit)HEARTH_VISIT(200, 1), 1, &added);
    page.id = 3;
    page.title = "visited";
    OK(storage, page_put, &page);
    OK(storage, visits_put, 3, &(struct hearth_visit)HEARTH_VISIT(300, 1), 1, &added);
    page.id = 4;
    page.title = ""; /* is one */
    OK(storage, page_put, &page);
    OK(storage, visits_put, 4, &(struct hearth_visit)HEARTH_VISIT(400, 1), 1, &added);
    kit_batch_commit(storage);
    OK(storage, visit_list, "a",
       &(struct hearth_visit_query){.struct_size = sizeof(struct hearth_visit_query)}, on_title,
       &lines);
    expect_text(lines.text, " 1\nvisited 1\nmarked 1\n- 0\n");
}

const struct kit_test kit_storage_visits_tests[] = {
    {"visits: newest first, by time and by host, without hidden pages", visit_list},
    {"visits: two hosts are never taken for one", hosts_with_one_key_are_told_apart},
    {"visits: a cursor meets every old row once, whatever is written meanwhile", cursor_is_stable},
    {"visits: a page that changes host or visibility takes its visits along",
     a_page_changes_host_and_visibility_with_its_visits},
    {"visits: the title is that of history, else of the bookmark", visit_title_and_bookmarked},
    {"visits: those of several pages are those of each", visits_of_several_pages},
    {NULL, NULL},
};
