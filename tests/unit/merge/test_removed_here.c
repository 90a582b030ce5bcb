/* What is removed here goes, and does not come back from a source that still has it. Through the
 * sink into a real storage. */
#include "giving.h"
#include "merge/remove_source.h"
#include "merge/removed_here.h"
#include "model/page.h"
#include "model/url.h"

static struct fixture *fixture;

static int begin_test(void **state)
{
    int r = fixture_setup(state);
    fixture = *state;
    if (r == 0)
        merge_sink_init(&sink, &fixture->storage, NULL, "a", "file", fixture->directory, NULL);
    return r;
}

static int end_test(void **state)
{
    merge_sink_fini(&sink);
    return fixture_teardown(state);
}

#define ONE   "https://one.example/"
#define TWO   "https://two.example/"
#define THREE "https://one.example/three" /* the host of the first */

static void sink_begin(int32_t collection, int32_t how)
{
    assert_int_equal(sink.hearth.begin(&sink, collection, how), 0);
}

static void sink_commit(void)
{
    sink.changed = 0;
    if (sink.hearth.commit(&sink, "mark") < 0)
        fail_msg("commit: %s", sink.err.text);
}

/* All that the source has, as in a first or complete sync. */
static void sync_all(int32_t how)
{
    sink_begin(HEARTH_HISTORY, how);
    give_page("g1", ONE, "One", DATES(3000, 2000, 1000));
    give_page("g2", TWO, "Two", DATES(5000, 2500));
    give_page("g3", THREE, "Three", DATES(7000));
    sink_commit();
}

static void bookmark(const char *url)
{
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = HEARTH_BOOKMARK,
                                            .guid = "b",
                                            .parent_guid = "menu",
                                            .title = "B",
                                            .url = url};
    sink_begin(HEARTH_BOOKMARKS, HEARTH_INCREMENTAL);
    assert_int_equal(sink.hearth.bookmark(&sink, &record), 0);
    sink_commit();
}

static int on_visit_date(void *ctx, const struct hearth_visit *visit)
{
    return add_line(ctx, " %lld", (long long)visit->date);
}

/* "TITLE GUID: DATES", or "gone". */
static void expect_page(const char *url, const char *expected)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct lines *lines = calloc(1, sizeof(*lines));
    struct err err = {0};
    int r = STORAGE(&fixture->storage, &err, page_get, "a", model_page_id(url), &page);
    if (r == 0) {
        add_line(lines, "%s %s:", page.title == NULL ? "-" : page.title,
                 page.guid == NULL ? "-" : page.guid);
        OK(&fixture->storage, page_visits, "a", page.id, on_visit_date, lines);
    } else {
        assert_int_equal(r, HEARTH_ERR_NOT_FOUND);
        add_line(lines, "gone");
    }
    assert_string_equal(lines->text, expected);
    free(lines);
    plug_storage_reset(&fixture->storage);
}

static struct removed_here_result result;

static int try_remove(struct hearth_removed_here removed)
{
    struct err err = {0};
    removed.struct_size = sizeof(removed);
    if (removed.id == NULL)
        removed.id = "r";
    if (removed.host == NULL)
        removed.host = "";
    int r = merge_removed_here_put(&fixture->storage, "a", &removed, &result, &err);
    assert_true(r == 0 || err.text[0] != '\0');
    return r;
}
#define REMOVE(kind_, ...)                                                                         \
    assert_int_equal(try_remove((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_##kind_,  \
                                                             __VA_ARGS__}),                        \
                     0)

static void expect_result(int64_t pages, int64_t visits)
{
    assert_int_equal(result.pages, pages);
    assert_int_equal(result.visits, visits);
    assert_int_equal(result.generation != 0, pages != 0);
}

/* However often and in whatever way everything comes again. */
static void expect_to_stay(const char *one, const char *two, const char *three)
{
    for (int32_t how = HEARTH_INCREMENTAL; how <= HEARTH_SNAPSHOT; how++) {
        expect_page(ONE, one);
        expect_page(TWO, two);
        expect_page(THREE, three);
        assert_sound(&fixture->storage);
        sync_all(how);
    }
    expect_page(ONE, one);
    expect_page(TWO, two);
    expect_page(THREE, three);
    assert_sound(&fixture->storage);
}

static void test_a_page(void **state)
{
    (void)state;
    sync_all(HEARTH_COMPLETE);
    REMOVE(PAGE, .page = model_page_id(ONE));
    expect_result(1, 3);
    expect_to_stay("gone", "Two g2: 5000 2500", "Three g3: 7000");
    sink_begin(HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_page("g1", ONE, "One", DATES(9000, 3000)); /* what is still to come, too */
    sink_commit();
    expect_page(ONE, "gone");
    /* taken back: it comes with the next complete sync */
    OK(&fixture->storage, removed_here_remove, "a", "r");
    sync_all(HEARTH_COMPLETE);
    expect_page(ONE, "One g1: 3000 2000 1000");
    assert_sound(&fixture->storage);
}

static void test_a_page_until_now(void **state)
{
    (void)state;
    sync_all(HEARTH_COMPLETE);
    REMOVE(PAGE, .page = model_page_id(ONE), .to_date = 4000);
    expect_result(1, 3);
    expect_to_stay("gone", "Two g2: 5000 2500", "Three g3: 7000");
    sink_begin(HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_page("g1", ONE, "One", DATES(9000, 3000));
    sink_commit();
    expect_page(ONE, "One g1: 9000");
    assert_sound(&fixture->storage);
}

static void test_a_visit(void **state)
{
    (void)state;
    sync_all(HEARTH_COMPLETE);
    REMOVE(VISIT, .page = model_page_id(ONE), .date = 2000, .type = HEARTH_VISIT_LINK);
    expect_result(1, 1);
    expect_to_stay("One g1: 3000 1000", "Two g2: 5000 2500", "Three g3: 7000");
    struct hearth_page page = {.struct_size = sizeof(page)};
    OK(&fixture->storage, page_get, "a", model_page_id(ONE), &page);
    assert_int_equal(page.visit_count, 2);
}

static void test_a_site(void **state)
{
    (void)state;
    sync_all(HEARTH_COMPLETE);
    REMOVE(SITE, .host = "one.example");
    expect_result(2, 4);
    expect_to_stay("gone", "Two g2: 5000 2500", "gone");
}

static void test_a_span(void **state)
{
    (void)state;
    sync_all(HEARTH_COMPLETE);
    REMOVE(SPAN, .from_date = 2000, .to_date = 5000);
    expect_result(2, 3);
    expect_to_stay("One g1: 1000", "Two g2: 5000", "Three g3: 7000");
    REMOVE(SPAN, .id = "r2", .from_date = 7000);
    expect_result(1, 1);
    expect_to_stay("One g1: 1000", "Two g2: 5000", "gone");
}

static void test_before_the_first_sync(void **state)
{
    (void)state;
    REMOVE(SITE, .host = "one.example");
    expect_result(0, 0);
    sync_all(HEARTH_COMPLETE);
    expect_to_stay("gone", "Two g2: 5000 2500", "gone");
}

/* Hidden pages are in no list of visits: they go all the same. */
static void test_hidden_pages(void **state)
{
    struct hearth_visit visit = HEARTH_VISIT(4000, HEARTH_VISIT_EMBED);
    struct hearth_page_record record = {.struct_size = sizeof(record),
                                        .guid = "g4",
                                        .url = "https://frame.example/",
                                        .visits = &visit,
                                        .visit_count = 1};
    (void)state;
    sink_begin(HEARTH_HISTORY, HEARTH_INCREMENTAL);
    assert_int_equal(sink.hearth.page(&sink, &record), 0);
    sink_commit();
    expect_page("https://frame.example/", "- g4: 4000");
    REMOVE(SPAN, .from_date = 4000, .to_date = 4001);
    expect_result(1, 1);
    expect_page("https://frame.example/", "gone");
}

static int on_removed_here(void *ctx, const struct hearth_removed_here *removed)
{
    return add_line(ctx, " %s", removed->id);
}

static void test_bookmarks_stay(void **state)
{
    (void)state;
    sync_all(HEARTH_COMPLETE);
    bookmark(ONE);
    REMOVE(PAGE, .page = model_page_id(ONE));
    expect_result(1, 3);
    expect_to_stay("- -:", "Two g2: 5000 2500", "Three g3: 7000");
    REMOVE(PAGE, .id = "again", .page = model_page_id(ONE)); /* once more: there is nothing left */
    expect_result(0, 0);
    REMOVE(PAGE, .id = "other", .page = model_page_id(ONE), .to_date = 5);
    struct lines lines = {.size = 0};
    OK(&fixture->storage, removed_here_list, "a", on_removed_here, &lines);
    assert_string_equal(lines.text, " other r"); /* what says the same is one */
}

static void test_what_cannot_be_said(void **state)
{
    (void)state;
    assert_int_equal(try_remove((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_PAGE}),
                     HEARTH_ERR_INVALID);
    assert_int_equal(try_remove((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_VISIT}),
                     HEARTH_ERR_INVALID);
    assert_int_equal(try_remove((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_SITE}),
                     HEARTH_ERR_INVALID);
    assert_int_equal(try_remove((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_SPAN}),
                     HEARTH_ERR_INVALID);
    assert_int_equal(try_remove((struct hearth_removed_here){.kind = 9, .page = 1}),
                     HEARTH_ERR_INVALID);
    assert_int_equal(try_remove((struct hearth_removed_here){
                         .kind = HEARTH_REMOVED_HERE_SPAN, .from_date = 5, .to_date = 5}),
                     HEARTH_ERR_INVALID);
}

static int offer_many(void *handle, struct hearth_call *call, const char *account,
                      hearth_removed_here_cb cb, void *ctx)
{
    (void)handle;
    (void)call;
    (void)account;
    char id[16];
    for (int i = 0; i < REMOVED_HERE_MAX; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        if (cb(ctx, &(struct hearth_removed_here){.struct_size = sizeof(struct hearth_removed_here),
                                                  .id = id,
                                                  .kind = HEARTH_REMOVED_HERE_PAGE,
                                                  .page = i + 1,
                                                  .host = ""}) != 0)
            break;
    }
    return 0;
}

static void test_how_many(void **state)
{
    struct hearth_storage full = *fixture->storage.ops;
    const struct hearth_storage *inner = fixture->storage.ops;
    (void)state;
    full.removed_here_list = offer_many;
    fixture->storage.ops = &full;
    assert_int_equal(
        try_remove((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_PAGE, .page = 20000}),
        HEARTH_ERR_FULL);
    REMOVE(PAGE, .page = 78); /* one that is there already */
    fixture->storage.ops = inner;
}

/* More pages than are looked at together; every second visit goes, every fourth page. */
static void test_many_pages(void **state)
{
    enum { PAGES = 1300 };
    char url[64], guid[16];
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    (void)state;
    sink_begin(HEARTH_HISTORY, HEARTH_COMPLETE);
    for (int i = 0; i < PAGES; i++) {
        snprintf(url, sizeof(url), "https://h%d.example/%d", i % 7, i);
        snprintf(guid, sizeof(guid), "g%d", i);
        if (i % 4 == 0)
            give_page(guid, url, "T", DATES(1500 + i % 2));
        else
            give_page(guid, url, "T", DATES(9000 + i, 1500));
    }
    sink_commit();
    REMOVE(SPAN, .from_date = 1000, .to_date = 2000);
    expect_result(PAGES, PAGES);
    OK(&fixture->storage, counts, "a", &counts);
    assert_int_equal(counts.pages, PAGES - PAGES / 4);
    assert_int_equal(counts.visits, PAGES - PAGES / 4);
    assert_sound(&fixture->storage);
}

static int on_input(void *ctx, const struct hearth_pick *pick)
{
    return add_line(ctx, "%s ", pick->input);
}

/* What was typed for a page goes with it; also when its bookmark keeps the page. */
static void test_picks(void **state)
{
    static const char *const urls[] = {ONE, TWO, THREE};
    static const char *const inputs[] = {"for one", "for two", "for three"};
    struct lines *lines = calloc(1, sizeof(*lines));
    (void)state;
    sync_all(HEARTH_COMPLETE);
    bookmark(ONE);
    for (int i = 0; i < 3; i++) {
        struct hearth_pick pick = {.struct_size = sizeof(pick),
                                   .input = inputs[i],
                                   .page = model_page_id(urls[i]),
                                   .use_count = 1,
                                   .used = 5000};
        OK(&fixture->storage, pick_put, "a", &pick);
    }
    REMOVE(SITE, .host = "one.example", .to_date = 3500);
    OK(&fixture->storage, pick_list, "a", on_input, lines);
    assert_string_equal(lines->text, "for three for two ");
    REMOVE(SITE, .host = "one.example");
    memset(lines, 0, sizeof(*lines));
    OK(&fixture->storage, pick_list, "a", on_input, lines);
    assert_string_equal(lines->text, "for two ");
    free(lines);
}

/* --- two sources of one account --- */

enum { LAPTOP = 2 };

static void sync_source(int64_t source, int32_t how)
{
    merge_sink_set_source(&sink, source);
    if (source != LAPTOP) {
        sync_all(how);
        return;
    }
    sink_begin(HEARTH_HISTORY, how);
    give_page("l1", ONE, "One", DATES(3000, 2200)); /* the first visit is the other's, too */
    give_page("g1", TWO, "Two", DATES(5000, 2100)); /* the other has this id for another page */
    sink_commit();
}

static void both_sources(void)
{
    struct hearth_source source = {.struct_size = sizeof(source),
                                   .id = LAPTOP,
                                   .name = "Laptop",
                                   .kind = HEARTH_SOURCE_SYNC,
                                   .provider = "file",
                                   .uid = ""};
    OK(&fixture->storage, source_put, "a", &source);
    sync_source(0, HEARTH_COMPLETE);
    sync_source(LAPTOP, HEARTH_COMPLETE);
}

/* Whichever of them comes again, and when one of them is here no more. */
static void expect_to_stay_of_both(const char *one, const char *two, const char *three)
{
    for (int32_t how = HEARTH_INCREMENTAL; how <= HEARTH_SNAPSHOT; how++)
        for (int i = 0; i < 2; i++) {
            expect_page(ONE, one);
            expect_page(TWO, two);
            expect_page(THREE, three);
            assert_sound(&fixture->storage);
            sync_source(i == 0 ? LAPTOP : 0, how);
        }
}

static void test_a_visit_of_two_sources(void **state)
{
    (void)state;
    both_sources();
    REMOVE(VISIT, .page = model_page_id(ONE), .date = 3000, .type = HEARTH_VISIT_LINK);
    expect_result(1, 1);
    expect_to_stay_of_both("One g1: 2200 2000 1000", "Two g2: 5000 2500 2100", "Three g3: 7000");
}

static void test_a_page_of_two_sources(void **state)
{
    struct err err = {0};
    (void)state;
    both_sources();
    REMOVE(PAGE, .page = model_page_id(ONE));
    expect_result(1, 4);
    expect_to_stay_of_both("gone", "Two g2: 5000 2500 2100", "Three g3: 7000");
    assert_int_equal(merge_remove_source(&fixture->storage, "a", LAPTOP, &err), 0);
    expect_page(ONE, "gone");
    both_sources(); /* the source is added anew */
    expect_to_stay_of_both("gone", "Two g2: 5000 2500 2100", "Three g3: 7000");
    /* taken back: each brings what it has */
    OK(&fixture->storage, removed_here_remove, "a", "r");
    sync_source(LAPTOP, HEARTH_COMPLETE);
    expect_page(ONE, "One 2:l1: 3000 2200");
    sync_source(0, HEARTH_COMPLETE);
    expect_page(ONE, "One g1: 3000 2200 2000 1000");
    assert_sound(&fixture->storage);
}

static void test_a_site_of_two_sources(void **state)
{
    (void)state;
    both_sources();
    REMOVE(SITE, .host = "two.example", .to_date = 2200);
    expect_result(1, 1);
    expect_to_stay_of_both("One g1: 3000 2200 2000 1000", "Two g2: 5000 2500", "Three g3: 7000");
    REMOVE(SITE, .id = "r2", .host = "one.example");
    expect_result(2, 5);
    expect_to_stay_of_both("gone", "Two g2: 5000 2500", "gone");
}

static void test_a_span_of_two_sources(void **state)
{
    (void)state;
    both_sources();
    REMOVE(SPAN, .from_date = 2100, .to_date = 5000);
    expect_result(2, 4);
    expect_to_stay_of_both("One g1: 2000 1000", "Two g2: 5000", "Three g3: 7000");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(test_a_page),
        TEST(test_a_page_until_now),
        TEST(test_a_visit),
        TEST(test_a_site),
        TEST(test_a_span),
        TEST(test_hidden_pages),
        TEST(test_bookmarks_stay),
        TEST(test_before_the_first_sync),
        TEST(test_what_cannot_be_said),
        TEST(test_how_many),
        TEST(test_many_pages),
        TEST(test_picks),
        TEST(test_a_visit_of_two_sources),
        TEST(test_a_page_of_two_sources),
        TEST(test_a_site_of_two_sources),
        TEST(test_a_span_of_two_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
