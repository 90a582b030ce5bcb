/* Snapshots through the sink into a real storage: what does not come is gone, in every
 * collection. */
#include <malloc.h>

#include "giving.h"
#include "model/page.h"
#include "model/url.h"

enum { MANY = 100000 };

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

/* --- what a provider does --- */

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

static void give_bookmark(const char *guid, const char *url)
{
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = HEARTH_BOOKMARK,
                                            .guid = guid,
                                            .parent_guid = "menu",
                                            .title = guid,
                                            .url = url};
    assert_int_equal(sink.hearth.bookmark(&sink, &record), 0);
}

/* --- what is stored --- */

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

static struct hearth_counts counts(void)
{
    struct hearth_counts now = {.struct_size = sizeof(now)};
    OK(&fixture->storage, counts, "a", &now);
    return now;
}

#define ONE   "https://one.example/"
#define TWO   "https://two.example/"
#define THREE "https://three.example/"

static void store_three(int32_t how)
{
    sink_begin(HEARTH_HISTORY, how);
    give_page("g1", ONE, "One", DATES(3000, 2000, 1000));
    give_page("g2", TWO, "Two", DATES(5000));
    give_page("g3", THREE, "Three", DATES(7000, 6000));
    sink_commit();
}

static void test_pages_and_visits_that_do_not_come_are_gone(void **state)
{
    (void)state;
    store_three(HEARTH_SNAPSHOT);
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    /* not in order, one gone, one new; a title of an older moment */
    give_page("g1", ONE, "Uno", DATES(4000, 2000));
    give_page("g4", "https://four.example/", "", DATES(9000));
    give_page("g3", THREE, "", 0, NULL); /* known to the source, but not visited any more */
    sink_commit();
    assert_true((sink.changed & 1u << HEARTH_HISTORY) != 0);
    expect_page(ONE, "Uno g1: 4000 2000");
    expect_page(TWO, "gone");
    expect_page(THREE, "gone");
    expect_page("https://four.example/", "- g4: 9000");
    assert_int_equal(counts().visits, 3);
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    sink_commit();
    assert_int_equal(counts().pages + counts().visits, 0);
    assert_sound(&fixture->storage);
}

/* The other ways unite: a Sync server forgets. */
static void test_nothing_else_removes_history(void **state)
{
    (void)state;
    store_three(HEARTH_COMPLETE);
    for (int32_t how = HEARTH_INCREMENTAL; how <= HEARTH_COMPLETE; how++) {
        sink_begin(HEARTH_HISTORY, how);
        give_page("g1", ONE, "One", DATES(3000));
        sink_commit();
        assert_int_equal(sink.changed, 0);
    }
    expect_page(ONE, "One g1: 3000 2000 1000");
    expect_page(TWO, "Two g2: 5000");
}

static void test_the_same_again_changes_nothing(void **state)
{
    (void)state;
    store_three(HEARTH_SNAPSHOT);
    int64_t generation = sink.generation;
    assert_true(generation > 0);
    store_three(HEARTH_SNAPSHOT);
    assert_int_equal(sink.changed, 0);
    assert_int_equal(sink.generation, generation);
}

static void test_bookmarked_pages_stay_without_visits(void **state)
{
    (void)state;
    sink_begin(HEARTH_BOOKMARKS, HEARTH_SNAPSHOT);
    give_bookmark("b1", TWO);
    give_bookmark("b2", "https://never.example/");
    sink_commit();
    store_three(HEARTH_SNAPSHOT);
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_page("g1", ONE, "One", DATES(3000, 2000, 1000));
    sink_commit();
    expect_page(TWO, "- -:");
    expect_page("https://never.example/", "- -:");
    expect_page(THREE, "gone");
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_page("g1", ONE, "One", DATES(3000, 2000, 1000));
    sink_commit();
    assert_int_equal(sink.changed, 0); /* nothing of it is taken away again and again */
    assert_sound(&fixture->storage);
}

static void test_a_page_in_several_records(void **state)
{
    (void)state;
    store_three(HEARTH_SNAPSHOT);
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_page("g1", ONE, "One", DATES(3000));
    give_page("h1", ONE, "Other", DATES(2000));
    give_page("h9", "https://nine.example/", "Nine", DATES(1));
    give_page("i9", "https://nine.example/", "Nine", DATES(2));
    sink_commit();
    expect_page(ONE, "One h1: 3000 2000");
    expect_page("https://nine.example/", "Nine i9: 2 1");
    assert_int_equal(counts().pages, 2);
}

static void test_damaged_records_keep_their_pages(void **state)
{
    (void)state;
    store_three(HEARTH_SNAPSHOT);
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_page("g1", ONE, "One", DATES(1000)); /* a readable one of the same id wins */
    assert_int_equal(sink.hearth.damaged(&sink, "g1", "torn"), 0);
    assert_int_equal(sink.hearth.damaged(&sink, "g2", "torn"), 0);
    assert_int_equal(sink.hearth.damaged(&sink, "never heard of", "torn"), 0);
    sink_commit();
    expect_page(ONE, "One g1: 1000");
    expect_page(TWO, "Two g2: 5000");
    expect_page(THREE, "gone");
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    assert_int_equal(sink.hearth.damaged(&sink, "g1", "torn"), 0);
    /* another id of the same page: what is stored under the damaged one stays */
    give_page("h1", ONE, "", DATES(500));
    assert_int_equal(sink.hearth.damaged(&sink, "g2", "torn"), 0);
    assert_int_equal(sink.hearth.removed(&sink, "g2", 1), 0); /* so does a tombstone */
    sink_commit();
    expect_page(ONE, "One h1: 1000 500");
    expect_page(TWO, "gone");
}

static void test_damage_without_an_id_is_refused(void **state)
{
    (void)state;
    store_three(HEARTH_SNAPSHOT);
    for (int32_t collection = 1; collection < HEARTH_COLLECTION_SLOTS; collection++) {
        sink_begin(collection, HEARTH_SNAPSHOT);
        assert_int_equal(sink.hearth.damaged(&sink, NULL, "torn"), 0);
        assert_int_equal(sink.hearth.commit(&sink, "mark"), HEARTH_ERR_INVALID);
        assert_non_null(strstr(sink.err.text, "damaged beyond recognition"));
        sink.collection = HEARTH_COLLECTION_NONE; /* the pull is over */
    }
    expect_page(TWO, "Two g2: 5000");
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_HISTORY, HEARTH_SNAPSHOT + 1),
                     HEARTH_ERR_INVALID);
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_HISTORY, -1), HEARTH_ERR_INVALID);
}

/* Small collections are replaced as a COMPLETE one replaces them. */
static void test_devices_tabs_and_bookmarks(void **state)
{
    (void)state;
    struct hearth_device device = {.struct_size = sizeof(device), .name = "D", .type = "desktop"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "t", .url = ONE};
    static const char *const ids[] = {"d1", "d2"};
    for (int left = 2; left >= 1; left--) {
        sink_begin(HEARTH_CLIENTS, HEARTH_SNAPSHOT);
        for (int i = 0; i < left; i++) {
            device.id = ids[i];
            assert_int_equal(sink.hearth.device(&sink, &device), 0);
        }
        sink_commit();
        sink_begin(HEARTH_TABS, HEARTH_SNAPSHOT);
        for (int i = 0; i < left; i++)
            assert_int_equal(sink.hearth.tab(&sink, ids[i], &tab), 0);
        sink_commit();
        sink_begin(HEARTH_BOOKMARKS, HEARTH_SNAPSHOT);
        for (int i = 0; i < left; i++)
            give_bookmark(ids[i], TWO);
        sink_commit();
        struct hearth_counts now = counts();
        assert_int_equal(now.devices, left);
        assert_int_equal(now.tabs, left);
        assert_int_equal(now.bookmarks, left);
    }
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    return add_line(ctx, "%s %lld %s %s %lld/%lld%s\n", device, (long long)tab->position,
                    tab->title, tab->group == NULL ? "-" : tab->group, (long long)tab->window,
                    (long long)tab->place, tab->active ? " active" : "");
}

static int on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    return add_line(ctx, "%s %s %s %s%s\n", device, group->id, group->name,
                    group->color == NULL ? "-" : group->color,
                    group->collapsed ? " collapsed" : "");
}

static void expect_tabs(const char *tabs, const char *groups)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    OK(&fixture->storage, tab_list, "a", NULL, on_tab, lines);
    assert_string_equal(lines->text, tabs);
    *lines = (struct lines){.size = 0};
    OK(&fixture->storage, tab_group_list, "a", NULL, on_tab_group, lines);
    assert_string_equal(lines->text, groups);
    free(lines);
    plug_storage_reset(&fixture->storage);
}

static void give_tab(const char *device, const char *title, const char *group)
{
    struct hearth_tab tab = {.struct_size = sizeof(tab),
                             .title = title,
                             .url = ONE,
                             .group = group,
                             .window = 1,
                             .place = 7,
                             .active = 1};
    assert_int_equal(sink.hearth.tab(&sink, device, &tab), 0);
}

static void give_group(const char *device, const char *id, const char *name)
{
    struct hearth_tab_group group = {
        .struct_size = sizeof(group), .id = id, .name = name, .color = "blue", .collapsed = 1};
    assert_int_equal(sink.hearth.tab_group(&sink, device, &group), 0);
}

/* Groups before their tabs, behind them, of a device that comes in turns with another one. */
static void test_groups_and_windows(void **state)
{
    (void)state;
    struct hearth_device device = {
        .struct_size = sizeof(device), .name = "D", .type = "desktop", .hidden = 1};
    sink_begin(HEARTH_CLIENTS, HEARTH_SNAPSHOT);
    for (int i = 0; i < 2; i++) {
        device.id = i == 0 ? "d1" : "d2";
        assert_int_equal(sink.hearth.device(&sink, &device), 0);
    }
    sink_commit();
    sink_begin(HEARTH_TABS, HEARTH_COMPLETE);
    give_group("d1", "g1", "Trip");
    give_tab("d1", "one", "g1");
    give_tab("d2", "two", "g1");
    give_tab("d1", "three", "g2");
    give_group("d2", "g1", "Trip");
    give_group("d1", "g2", "");
    sink_commit();
    expect_tabs("d1 0 one g1 1/7 active\nd1 1 three g2 1/7 active\nd2 0 two g1 1/7 active\n",
                "d1 g1 Trip blue collapsed\nd1 g2  blue collapsed\nd2 g1 Trip blue collapsed\n");
    sink_begin(HEARTH_TABS, HEARTH_INCREMENTAL); /* who does not come keeps everything */
    give_group("d2", "g3", "Shop");
    give_tab("d2", "four", "g3");
    sink_commit();
    expect_tabs("d1 0 one g1 1/7 active\nd1 1 three g2 1/7 active\nd2 0 four g3 1/7 active\n",
                "d1 g1 Trip blue collapsed\nd1 g2  blue collapsed\nd2 g3 Shop blue collapsed\n");
    sink_begin(HEARTH_TABS, HEARTH_COMPLETE); /* of d1 nothing came that can be read */
    give_group("d2", "g1", "Trip");
    give_group("d1", NULL, "no id");
    give_group("d1", "g1", "Journey");
    sink_commit();
    expect_tabs("d1 0 one g1 1/7 active\nd1 1 three g2 1/7 active\n",
                "d1 g1 Journey blue collapsed\nd1 g2  blue collapsed\nd2 g1 Trip blue collapsed\n");
    /* some of d1 is damaged: what came replaces what was there */
    sink_begin(HEARTH_TABS, HEARTH_COMPLETE);
    give_group("d1", "g4", "New");
    give_group("d1", "", "no id");
    give_tab("d1", "five", "g4");
    sink_commit();
    expect_tabs("d1 0 five g4 1/7 active\n", "d1 g4 New blue collapsed\n");
}

static int on_hidden(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return add_line(ctx, "%s %s %lld%s\n", device->id, device->name, (long long)tabs,
                    device->hidden ? " hidden" : "");
}

/* What a provider says of it, and a sync that changes the device, change nothing about it. */
static void test_a_hidden_device_stays_hidden(void **state)
{
    (void)state;
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = "d1",
                                   .name = "D",
                                   .type = "desktop",
                                   .last_upload = 1};
    for (int round = 0; round < 3; round++) {
        static const char *const expected[] = {"d1 D 0\n", "d1 D 0 hidden\n", "d1 E 0 hidden\n"};
        struct lines lines = {.size = 0};
        device.name = round == 2 ? "E" : "D";
        device.hidden = round == 0;
        sink_begin(HEARTH_CLIENTS, HEARTH_COMPLETE);
        assert_int_equal(sink.hearth.device(&sink, &device), 0);
        sink_commit();
        /* that a person hides it is no difference to what came */
        assert_int_equal(sink.changed != 0, round != 1);
        OK(&fixture->storage, device_list, "a", on_hidden, &lines);
        assert_string_equal(lines.text, expected[round]);
        begin(&fixture->storage, "a", HEARTH_CLIENTS);
        OK(&fixture->storage, device_hide, "d1", true);
        OK(&fixture->storage, batch_commit, true);
        if (round == 0)
            continue;
        sink_begin(HEARTH_TABS, HEARTH_COMPLETE);
        assert_int_equal(sink.hearth.device(&sink, &device), 0);
        sink_commit();
        lines = (struct lines){.size = 0};
        OK(&fixture->storage, device_list, "a", on_hidden, &lines);
        assert_string_equal(lines.text, expected[round]);
    }
}

/* --- limits and size --- */

static void give_many(int from, int to, int step)
{
    for (int i = from; i < to; i += step) {
        char guid[16], url[64];
        snprintf(guid, sizeof(guid), "g%d", i);
        snprintf(url, sizeof(url), "https://h%d.example/%d", i % 100, i);
        give_page(guid, url, "A title", DATES(1700000000000 + i, 1600000000000 + i));
    }
}

/* All pages are others than before: never more than the limit in the end, though for a moment
 * twice as many. */
static void test_limits_count_what_is_left(void **state)
{
    (void)state;
    const struct limits limits = {.pages = 3000};
    merge_sink_fini(&sink);
    merge_sink_init(&sink, &fixture->storage, NULL, "a", "file", fixture->directory, &limits);
    for (int round = 0; round < 2; round++) {
        sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
        give_many(round * 3000, (round + 1) * 3000, 1);
        sink_commit();
        assert_int_equal(counts().pages, 3000);
    }
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_many(0, 3001, 1);
    assert_int_equal(sink.hearth.commit(&sink, NULL), HEARTH_ERR_FULL);
    assert_int_equal(counts().pages, 3000);
}

static struct {
    const struct hearth_storage *inner;
    size_t gets, most; /* calls of page_get; most bytes in use in one of them */
} watch;

static size_t bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static int watched_page_get(void *handle, struct hearth_call *call, const char *account,
                            int64_t page, struct hearth_page *ret_page)
{
    if (watch.gets++ % 64 == 0 && bytes_in_use() > watch.most)
        watch.most = bytes_in_use();
    return watch.inner->page_get(handle, call, account, page, ret_page);
}

static void test_a_hundred_thousand_pages(void **state)
{
    (void)state;
    enum { BATCH_CACHE = 3, MOST = 12 << 20 };
    fixture_close(fixture);
    fixture->values[BATCH_CACHE].number = 1 << 20; /* else the storage's own cache is most of it */
    fixture_reopen(fixture);
    struct hearth_storage watched = *fixture->storage.ops;
    watch.inner = fixture->storage.ops;
    watched.page_get = watched_page_get;
    fixture->storage.ops = &watched;
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_many(0, MANY, 1);
    sink_commit();
    assert_int_equal(counts().pages, MANY);
    assert_int_equal(counts().visits, 2 * MANY);
    size_t before = bytes_in_use();
    watch.gets = watch.most = 0;
    sink_begin(HEARTH_HISTORY, HEARTH_SNAPSHOT);
    give_many(0, MANY, 2);
    sink_commit();
    fixture->storage.ops = watch.inner;
    assert_int_equal(counts().pages, MANY / 2);
    assert_int_equal(counts().visits, MANY);
    assert_int_equal(watch.gets, MANY); /* each that came once, each that goes once */
    print_message("at most %zu KiB more in use while it was applied\n",
                  watch.most < before ? 0 : (watch.most - before) >> 10);
    assert_true(watch.most < before + MOST);
    expect_page("https://h1.example/1", "gone");
    expect_page("https://h2.example/2", "A title g2: 1700000000002 1600000000002");
    assert_sound(&fixture->storage);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(test_pages_and_visits_that_do_not_come_are_gone),
        TEST(test_nothing_else_removes_history),
        TEST(test_the_same_again_changes_nothing),
        TEST(test_bookmarked_pages_stay_without_visits),
        TEST(test_a_page_in_several_records),
        TEST(test_damaged_records_keep_their_pages),
        TEST(test_damage_without_an_id_is_refused),
        TEST(test_devices_tabs_and_bookmarks),
        TEST(test_groups_and_windows),
        TEST(test_a_hidden_device_stays_hidden),
        TEST(test_limits_count_what_is_left),
        TEST(test_a_hundred_thousand_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
