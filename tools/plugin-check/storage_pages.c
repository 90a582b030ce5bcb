/* Pages with their guids and visits. */
#include "storage_kit.h"

#include <stdlib.h>

static int stored_page_on_visit(void *ctx, const struct hearth_visit *visit)
{
    return kit_lines_add(ctx, "%lld %d\n", (long long)visit->date, (int)visit->type);
}

static void stored_pages_expect_counts(struct storage *storage, int64_t pages, int64_t visits)
{
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.pages, pages);
    expect_number(counts.visits, visits);
}

static void page_is_inserted_and_replaced(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_page page = {.struct_size = sizeof(page),
                               .bookmarks = 0,
                               .id = 42,
                               .url = "https://example.org/x",
                               .host = "example.org",
                               .guid = "guid1",
                               .title = "one",
                               .frecency = 9,
                               .typed = true};
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_put, &page);
    struct hearth_page got = {.struct_size = sizeof(got)};
    OK(storage, page_get, "a", 42, &got); /* reads see what the batch has written */
    expect_number(got.generation, 1);
    page.title = NULL;
    page.bookmark_title = "mark";
    page.tags = "a,b";
    page.guid = "guid2";
    page.frecency = -1;
    page.typed = false;
    page.hidden = true;
    OK(storage, page_put, &page);
    kit_batch_commit(storage);
    OK(storage, page_get, "a", 42, &got);
    expect_text(got.url, "https://example.org/x");
    expect_text(got.host, "example.org");
    expect_text(got.guid, "guid2");
    expect((got.title) == NULL);
    expect_text(got.bookmark_title, "mark");
    expect_text(got.tags, "a,b");
    expect_number(got.frecency, -1);
    expect(!(got.typed));
    expect(got.hidden);
    expect_number(got.generation, 1);
    FAILS(NOT_FOUND, storage, page_get, "b", 42, &got);
    FAILS(NOT_FOUND, storage, page_get, "a", 43, &got);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    page.id = 0;
    FAILS(INVALID, storage, page_put, &page);
    page.id = 1;
    page.url = NULL;
    FAILS(INVALID, storage, page_put, &page);
    kit_batch_commit(storage);
    stored_pages_expect_counts(storage, 0, 0); /* a page without visits is not counted */
}

static int on_url_size(void *ctx, const struct hearth_page *page)
{
    *(size_t *)ctx = strlen(page->url);
    return 0;
}

static void long_url(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    enum { SIZE = 65536 };
    char *url = malloc(SIZE + 1);
    memset(url, 'x', SIZE);
    memcpy(url, "https://", 8);
    url[SIZE] = '\0';
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 5, url, "x", 1, (const int64_t[]){10});
    kit_batch_commit(storage);
    struct hearth_page got = {.struct_size = sizeof(got)};
    OK(storage, page_get, "a", 5, &got);
    expect_text(got.url, url);
    size_t seen = 0;
    OK(storage, pages_by_frecency, "a", on_url_size, &seen);
    expect_number(seen, SIZE);
    kit_expect_sound(storage);
    free(url);
}

static void frecency_order(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const int64_t frecency[] = {5, 100, -1, 100, 0};
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 0; i < 5; i++) {
        struct hearth_page page = kit_page_make(i + 1, "https://u/", "u");
        page.frecency = frecency[i];
        OK(storage, page_put, &page);
    }
    kit_batch_commit(storage);
    kit_batch_begin(storage, "b", HEARTH_HISTORY);
    struct hearth_page other = kit_page_make(4, "https://other/", "other");
    other.frecency = 7;
    OK(storage, page_put, &other);
    kit_batch_commit(storage);
    struct lines lines = {.size = 0};
    OK(storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
    expect_text(lines.text, "4 https://u/ 100 -|-|-\n2 https://u/ 100 -|-|-\n1 https://u/ 5 "
                            "-|-|-\n5 https://u/ 0 -|-|-\n3 https://u/ -1 -|-|-\n");
    lines = (struct lines){.stop_after = 2};
    OK(storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
    expect_number(lines.count, 2);
    lines = (struct lines){.size = 0};
    OK(storage, pages_by_frecency, "b", kit_lines_on_page, &lines);
    expect_text(lines.text, "4 https://other/ 7 -|-|-\n");
}

static void stored_pages_visits(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const struct hearth_visit visits[] = {HEARTH_VISIT(100, 1), HEARTH_VISIT(100, 2),
                                          HEARTH_VISIT(100, 1), HEARTH_VISIT(300, 1)},
                              bad = HEARTH_VISIT(1, 10);
    struct hearth_page page = kit_page_make(1, "https://u/", "u");
    int64_t added = -1;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    FAILS(NOT_FOUND, storage, visits_put, 1, visits, 4, &added);
    expect_number(added, -1);
    OK(storage, page_put, &page);
    FAILS(INVALID, storage, visits_put, 1, &bad, 1, &added);
    OK(storage, visits_put, 1, visits, 0, &added);
    expect_number(added, 0);
    stored_pages_expect_counts(storage, 0, 0);
    OK(storage, visits_put, 1, visits, 4, &added);
    expect_number(added, 3);
    stored_pages_expect_counts(storage, 1, 3);
    OK(storage, visits_put, 1, visits, 4, &added);
    expect_number(added, 0);
    kit_batch_commit(storage);
    struct lines lines = {.size = 0};
    OK(storage, page_visits, "a", 1, stored_page_on_visit, &lines);
    expect_text(lines.text, "300 1\n100 2\n100 1\n");
    OK(storage, page_visits, "b", 1, stored_page_on_visit, &lines);
    expect_number(lines.count, 3);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, visits_remove, 1);
    OK(storage, visits_remove, 1);
    OK(storage, visits_remove, 99);
    stored_pages_expect_counts(storage, 0, 0);
    OK(storage, visits_put, 1, visits, 1, &added);
    kit_batch_commit(storage);
    stored_pages_expect_counts(storage, 1, 1);
}

static void stored_pages_guids(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_page page = kit_page_make(7, "https://u/", "u");
    int64_t found = -1;
    for (int i = 0; i < 2; i++) { /* equal guids in two accounts do not meet */
        kit_batch_begin(storage, i == 0 ? "a" : "b", HEARTH_HISTORY);
        page.id = 7 + i;
        OK(storage, page_put, &page);
        OK(storage, page_guid_put, "g1", page.id);
        OK(storage, page_guid_put, "g2", page.id);
        FAILS(NOT_FOUND, storage, page_guid_put, "g3", 99);
        kit_batch_commit(storage);
    }
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_by_guid, "g1", &found);
    expect_number(found, 7);
    OK(storage, page_by_guid, "g2", &found);
    expect_number(found, 7);
    page.id = 9;
    OK(storage, page_put, &page);
    OK(storage, page_guid_put, "g2", 9); /* moves */
    OK(storage, page_by_guid, "g2", &found);
    expect_number(found, 9);
    OK(storage, page_remove, 7);
    FAILS(NOT_FOUND, storage, page_by_guid, "g1", &found);
    OK(storage, page_by_guid, "g2", &found);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "b", HEARTH_HISTORY);
    OK(storage, page_by_guid, "g1", &found);
    expect_number(found, 8);
    kit_batch_commit(storage);
    kit_expect_sound(storage);
}

static int stored_page_on_guid(void *ctx, const char *guid, int64_t page)
{
    return kit_lines_add(ctx, "%lld %s\n", (long long)page, guid);
}

static void listed_guids(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0}, few = {.stop_after = 2}, other = {.size = 0};
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t id = 9; id > 6; id--) {
        struct hearth_page page = kit_page_make(id, "https://u/", "u");
        OK(storage, page_put, &page);
    }
    OK(storage, page_guid_put, "b", 7);
    OK(storage, page_guid_put, "\xc3\xa9", 7); /* é: behind every letter of ASCII */
    OK(storage, page_guid_put, "a", 9);
    OK(storage, page_guid_put, "B", 7);
    OK(storage, page_guid_put, "c", 8);
    OK(storage, page_guid_list, "a", stored_page_on_guid, &lines);
    expect_text(lines.text, "7 B\n7 b\n7 \xc3\xa9\n8 c\n9 a\n");
    OK(storage, page_remove, 8);
    kit_batch_commit(storage);
    OK(storage, page_guid_list, "a", stored_page_on_guid, &few);
    expect_text(few.text, "7 B\n7 b\n");
    OK(storage, page_guid_list, "b", stored_page_on_guid, &other);
    expect_number(other.count, 0);
    kit_batch_begin(storage, "b", HEARTH_HISTORY); /* more than a piece */
    struct hearth_page page = kit_page_make(1, "https://u/", "u");
    OK(storage, page_put, &page);
    for (int i = 0; i < 1500; i++) {
        char guid[16];
        snprintf(guid, sizeof(guid), "g%05d", 1499 - i);
        OK(storage, page_guid_put, guid, 1);
    }
    kit_batch_commit(storage);
    static _Thread_local struct lines many;
    many = (struct lines){.size = 0};
    OK(storage, page_guid_list, "b", stored_page_on_guid, &many);
    expect_number(many.count, 1500);
    expect(strncmp(many.text, "1 g00000\n1 g00001\n", 18) == 0 &&
           strstr(many.text, "\n1 g01023\n1 g01024\n1 g01025\n") != NULL);
    kit_expect_sound(storage);
}

static void changed_pages(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    kit_page_put_visited(storage, 2, "https://u/2", "u", 1, (const int64_t[]){100});
    kit_page_put_visited(storage, 3, "https://u/3", "u", 1, (const int64_t[]){100});
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 2, "https://u/2", "u", 1, (const int64_t[]){300});
    OK(storage, page_remove, 1);
    OK(storage, page_remove, 77);
    kit_batch_commit(storage);
    struct lines lines = {.size = 0};
    OK(storage, pages_changed, "a", 1, kit_lines_on_page, &lines);
    expect_number(lines.count, 2);
    expect(strstr(lines.text, "2 https://u/2 0 title|-|-\n") != NULL &&
           strstr(lines.text, "gone 1\n") != NULL);
    lines = (struct lines){.stop_after = 1};
    OK(storage, pages_changed, "a", 1, kit_lines_on_page, &lines);
    expect_number(lines.count, 1);
    lines = (struct lines){.size = 0};
    OK(storage, pages_changed, "a", 2, kit_lines_on_page, &lines);
    expect_number(lines.count, 0);
    /* never happened here: a restored backup */
    FAILS(NOT_FOUND, storage, pages_changed, "a", 3, kit_lines_on_page, &lines);
    /* a page that comes back is not gone */
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    kit_batch_commit(storage);
    OK(storage, pages_changed, "a", 1, kit_lines_on_page, &lines);
    expect_number(lines.count, 2);
    expect(strstr(lines.text, "2 https://u/2 0 title|-|-\n") != NULL &&
           strstr(lines.text, "1 https://u/1 0 title|-|-\n") != NULL);
}

static void several_pages(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    if (storage->bulk == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_BULK);
    int64_t ids[300];
    struct lines lines = {.size = 0}, none = {.size = 0}, few = {.stop_after = 3};
    kit_batch_begin(storage, "b", HEARTH_HISTORY);
    struct hearth_page other = kit_page_make(1000, "https://b/", "b");
    OK(storage, page_put, &other);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 0; i < 300; i++) {
        struct hearth_page page = kit_page_make(i * 2 + 1, "https://u/", "u");
        OK(storage, page_put, &page);
        ids[i] = i + 1; /* every second one is not there */
    }
    ids[299] = 1000;
    /* reads see what the batch has written */
    OK_OF(storage, bulk, pages_get, "a", ids, 300, kit_lines_on_page, &lines);
    kit_batch_commit(storage);
    expect_number(lines.count, 150);
    lines = (struct lines){.size = 0};
    OK_OF(storage, bulk, pages_get, "a", ids, 300, kit_lines_on_page, &lines);
    expect_number(lines.count, 150);
    OK_OF(storage, bulk, pages_get, "a", ids, 0, kit_lines_on_page, &none);
    OK_OF(storage, bulk, pages_get, "nobody", ids, 300, kit_lines_on_page, &none);
    OK_OF(storage, bulk, pages_get, "b", ids, 299, kit_lines_on_page, &none);
    expect_number(none.count, 0);
    OK_OF(storage, bulk, pages_get, "a", ids, 300, kit_lines_on_page, &few);
    expect_number(few.count, 3);
    struct lines one = {.size = 0};
    OK_OF(storage, bulk, pages_get, "a", &ids[2], 1, kit_lines_on_page, &one);
    struct lines same = {.size = 0};
    struct hearth_page page = {.struct_size = sizeof(page)};
    OK(storage, page_get, "a", 3, &page);
    kit_lines_on_page(&same, &page);
    expect_text(one.text, same.text);
}

const struct kit_test kit_storage_pages_tests[] = {
    {"pages: a put inserts or replaces by id", page_is_inserted_and_replaced},
    {"pages: URLs of 65,536 bytes are kept", long_url},
    {"pages: the order is frecency, then id, both greatest first", frecency_order},
    {"pages: a visit is unique by page, date and type", stored_pages_visits},
    {"pages: every guid joined to a page finds it, in its account only", stored_pages_guids},
    {"pages: several at once are what each is by itself", several_pages},
    {"pages: every guid that was joined to one is listed, by page and guid", listed_guids},
    {"pages: what changed or went after a generation is told", changed_pages},
    {NULL, NULL},
};
