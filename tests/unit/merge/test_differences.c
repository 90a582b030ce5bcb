/* What a sync writes is what is new: a collection that comes again and says the same writes
 * nothing, and what is gone of it is remembered once. Counted at the border of a real storage. */
#include "../../plugins/storage-sqlite/fixture.h"
#include "merge/sink.h"

enum { DEVICES = 20, TABS = 100, GROUPS = 5 };

static struct fixture *fixture;
static struct sink sink;
static struct hearth_storage counted;

static struct {
    const struct hearth_storage *inner;
    int puts, clears, devices; /* of tabs and groups; of the tabs of a device; of devices */
    int bookmarks;             /* writes of bookmarks, of children and of pages */
    int uncertain;             /* so many commits are stored, and say that nobody knows */
} watch;

static int counted_tab_put(void *handle, struct hearth_call *call, const char *device,
                           const struct hearth_tab *tab)
{
    watch.puts++;
    return watch.inner->tab_put(handle, call, device, tab);
}

static int counted_tab_group_put(void *handle, struct hearth_call *call, const char *device,
                                 const struct hearth_tab_group *group)
{
    watch.puts++;
    return watch.inner->tab_group_put(handle, call, device, group);
}

static int counted_tabs_clear(void *handle, struct hearth_call *call, const char *device)
{
    watch.clears++;
    return watch.inner->tabs_clear(handle, call, device);
}

static int counted_device_put(void *handle, struct hearth_call *call,
                              const struct hearth_device *device)
{
    watch.devices++;
    return watch.inner->device_put(handle, call, device);
}

static int counted_bookmark_put(void *handle, struct hearth_call *call,
                                const struct hearth_bookmark *bookmark)
{
    watch.bookmarks++;
    return watch.inner->bookmark_put(handle, call, bookmark);
}

static int counted_bookmark_clear(void *handle, struct hearth_call *call, int64_t source)
{
    watch.bookmarks++;
    return watch.inner->bookmark_clear(handle, call, source);
}

static int counted_page_put(void *handle, struct hearth_call *call, const struct hearth_page *page)
{
    watch.bookmarks++;
    return watch.inner->page_put(handle, call, page);
}

static int uncertain_commit(void *handle, struct hearth_call *call, bool changed)
{
    int r = watch.inner->batch_commit(handle, call, changed);
    return r == 0 && watch.uncertain-- > 0 ? HEARTH_ERR_UNCERTAIN : r;
}

static int begin_test(void **state)
{
    int r = fixture_setup(state);
    fixture = *state;
    if (r != 0)
        return r;
    memset(&watch, 0, sizeof(watch));
    watch.inner = fixture->storage.ops;
    counted = *fixture->storage.ops;
    counted.tab_put = counted_tab_put;
    counted.tab_group_put = counted_tab_group_put;
    counted.tabs_clear = counted_tabs_clear;
    counted.device_put = counted_device_put;
    counted.bookmark_put = counted_bookmark_put;
    counted.bookmark_clear = counted_bookmark_clear;
    counted.page_put = counted_page_put;
    counted.batch_commit = uncertain_commit;
    fixture->storage.ops = &counted;
    merge_sink_init(&sink, &fixture->storage, NULL, "a", "file", fixture->directory, NULL);
    return 0;
}

static int end_test(void **state)
{
    merge_sink_fini(&sink);
    return fixture_teardown(state);
}

/* --- what a provider does --- */

/* One tab says something else, one device has some tabs less, one group has another name, one
 * device has uploaded anew. -1, 0: none. */
struct news {
    int title_of, title_at, fewer_of, fewer, name_of, later_of;
};
static const struct news none = {-1, -1, -1, 0, -1, -1};

static void give_device(int d, const struct news *news)
{
    char id[16], text[32];
    snprintf(id, sizeof(id), "d%02d", d);
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = id, .name = "D", .type = "desktop"};
    device.last_upload = d == news->later_of ? 2000 : 1000;
    assert_int_equal(sink.hearth.device(&sink, &device), 0);
    for (int i = 0; i < TABS - (d == news->fewer_of ? news->fewer : 0); i++) {
        snprintf(text, sizeof(text), "%s %d",
                 d == news->title_of && i == news->title_at ? "New" : "Title", i);
        struct hearth_tab tab = {.struct_size = sizeof(tab),
                                 .title = text,
                                 .url = "https://t.example/",
                                 .group = i < GROUPS ? text : NULL};
        tab.place = i;
        assert_int_equal(sink.hearth.tab(&sink, id, &tab), 0);
    }
    for (int i = 0; i < GROUPS; i++) {
        snprintf(text, sizeof(text), "Title %d", i);
        struct hearth_tab_group group = {.struct_size = sizeof(group),
                                         .id = text,
                                         .name = d == news->name_of && i == 0 ? "N" : "G"};
        assert_int_equal(sink.hearth.tab_group(&sink, id, &group), 0);
    }
}

static void sync_tabs(int32_t how, int first, int end, const struct news *news)
{
    watch.puts = watch.clears = watch.devices = 0;
    sink.changed = 0;
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_TABS, how), 0);
    for (int d = first; d < end; d++)
        give_device(d, news);
    if (sink.hearth.commit(&sink, "mark") < 0)
        fail_msg("commit: %s", sink.err.text);
}

/* --- what is stored --- */

static int64_t generation(void)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    OK(&fixture->storage, account_get, "a", &account);
    plug_storage_reset(&fixture->storage);
    return account.generation;
}

static int on_removal(void *ctx, const struct hearth_removal *removal)
{
    return add_line(ctx, "%d %s %lld\n", (int)removal->kind, removal->key,
                    (long long)removal->position);
}

static void expect_removals(int64_t since, const char *expected)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    OK(&fixture->storage, removals_since, "a", since, on_removal, lines);
    assert_string_equal(lines->text, expected);
    free(lines);
    plug_storage_reset(&fixture->storage);
}

static void expect_writes(int puts, int clears, int devices)
{
    assert_int_equal(watch.puts, puts);
    assert_int_equal(watch.clears, clears);
    assert_int_equal(watch.devices, devices);
    assert_int_equal(sink.changed != 0, puts + clears + devices > 0);
}

static int64_t tabs_stored(void)
{
    struct hearth_counts now = {.struct_size = sizeof(now)};
    OK(&fixture->storage, counts, "a", &now);
    return now.tabs;
}

/* --- the tests --- */

static void test_the_same_tabs_again(void **state)
{
    (void)state;
    static const int32_t hows[] = {HEARTH_COMPLETE, HEARTH_SNAPSHOT, HEARTH_INCREMENTAL};
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &none);
    expect_writes(DEVICES * (TABS + GROUPS), 0, DEVICES);
    assert_int_equal(generation(), 1);
    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        sync_tabs(hows[i], 0, DEVICES, &none);
        expect_writes(0, 0, 0);
        assert_int_equal(generation(), 1);
    }
    expect_removals(0, "");
}

static void test_one_thing_is_new(void **state)
{
    (void)state;
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &none);
    struct news news = none;
    news.title_of = 7;
    news.title_at = 42;
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &news);
    expect_writes(1, 0, 0);
    assert_int_equal(generation(), 2);
    news.name_of = 3;
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &news);
    expect_writes(1, 0, 0);
    news.later_of = 5;
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &news);
    expect_writes(0, 0, 1);
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &news);
    expect_writes(0, 0, 0);
    expect_removals(0, "");
    assert_int_equal(tabs_stored(), DEVICES * TABS);
    assert_sound(&fixture->storage);
}

/* What is left of a device is written again, and of no other. */
static void test_some_are_gone(void **state)
{
    (void)state;
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &none);
    struct news news = none;
    news.fewer_of = 4;
    news.fewer = 2;
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &news);
    expect_writes(TABS - 2 + GROUPS, 1, 0);
    expect_removals(1, "4 d04 98\n4 d04 99\n");
    assert_int_equal(tabs_stored(), DEVICES * TABS - 2);
    sync_tabs(HEARTH_INCREMENTAL, 4, 5, &news); /* who does not come keeps everything */
    expect_writes(0, 0, 0);
    sync_tabs(HEARTH_COMPLETE, 0, DEVICES, &none);
    expect_writes(2, 0, 0);
    expect_removals(1, "");
    sync_tabs(HEARTH_COMPLETE, 1, DEVICES, &none);
    expect_writes(0, 1, 0);
    assert_int_equal(tabs_stored(), (DEVICES - 1) * TABS);
    assert_sound(&fixture->storage);
}

/* Groups of one id are one: the last of them counts, whatever is stored. */
static void test_a_group_comes_twice(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(sink.hearth.begin(&sink, HEARTH_TABS, HEARTH_COMPLETE), 0);
        for (int i = 0; i < 2; i++) {
            struct hearth_tab_group group = {
                .struct_size = sizeof(group), .id = "g", .name = i == 0 ? "First" : "Last"};
            assert_int_equal(sink.hearth.tab_group(&sink, "d", &group), 0);
        }
        assert_int_equal(sink.hearth.commit(&sink, "mark"), 0);
        expect_removals(0, "");
    }
}

/* The commit that nobody knows of was stored: the second time there is nothing to write, and
 * whoever reads has to look all the same. */
static void test_an_uncertain_commit_is_told(void **state)
{
    (void)state;
    watch.uncertain = 1;
    sync_tabs(HEARTH_COMPLETE, 0, 1, &none);
    expect_writes(TABS + GROUPS, 0, 1);
    assert_int_equal(sink.changed, 1 << HEARTH_TABS);
    assert_int_equal(sink.generation, generation());
}

/* --- bookmarks --- */

/* What is other in a round. */
struct other {
    const char *title, *tag, *url, *parent;
    bool fewer, swapped, more, twice, root;
    const char *tombstone; /* of this, at the end; NULL: none */
};

static void give_bookmark(int32_t kind, const char *guid, const char *parent, const char *title,
                          const char *url, const char *tag, const char *const *children,
                          size_t count)
{
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = kind,
                                            .guid = guid,
                                            .parent_guid = parent,
                                            .title = title,
                                            .url = url,
                                            .tags = &tag,
                                            .tag_count = tag != NULL,
                                            .children = children,
                                            .child_count = count,
                                            .added = 1700000000000,
                                            .modified = 1700000001000};
    assert_int_equal(sink.hearth.bookmark(&sink, &record), 0);
}

static void sync_bookmarks(int32_t how, const struct other *other)
{
    const char *children[] = {other->swapped ? "two" : "one", other->swapped ? "one" : "two",
                              "line", "query"};
    watch.bookmarks = 0;
    sink.changed = 0;
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_BOOKMARKS, how), 0);
    give_bookmark(HEARTH_FOLDER, "folder", "menu", "F", NULL, NULL, children, 4);
    give_bookmark(HEARTH_BOOKMARK, "one", "folder", "1", "https://one.example/", other->tag, NULL,
                  0);
    give_bookmark(HEARTH_BOOKMARK, "two", other->parent, other->title, other->url, NULL, NULL, 0);
    give_bookmark(HEARTH_SEPARATOR, "line", "folder", NULL, NULL, NULL, NULL, 0);
    if (!other->fewer)
        give_bookmark(HEARTH_QUERY, "query", "folder", "Q", "place:x", NULL, NULL, 0);
    if (other->more)
        give_bookmark(HEARTH_BOOKMARK, "more", "menu", "M", "https://more.example/", NULL, NULL, 0);
    if (other->twice)
        give_bookmark(HEARTH_BOOKMARK, "one", "folder", "1", "https://one.example/", other->tag,
                      NULL, 0);
    if (other->root)
        give_bookmark(HEARTH_FOLDER, "menu", "places", "Menu", NULL, NULL,
                      (const char *[]){"folder"}, 1);
    if (other->tombstone != NULL)
        assert_int_equal(sink.hearth.removed(&sink, other->tombstone, 1700000002000), 0);
    if (sink.hearth.commit(&sink, "mark") < 0)
        fail_msg("commit: %s", sink.err.text);
}

static void test_the_same_bookmarks_again(void **state)
{
    (void)state;
    static const struct other first = {
        .title = "2", .tag = "red", .url = "https://two.example/", .parent = "folder"};
    struct other others[8];
    for (int i = 0; i < 8; i++)
        others[i] = first;
    others[0].title = "zwei";
    others[1].tag = "blue";
    others[2].url = "https://zwei.example/";
    others[3].parent = "menu";
    others[4].fewer = true;
    others[5].swapped = true;
    others[6].more = true;
    others[7].root = true;
    sync_bookmarks(HEARTH_COMPLETE, &first);
    assert_true(watch.bookmarks > 0);
    for (int i = 0; i < 8; i++) {
        for (int round = 0; round < 2; round++) { /* the second time it says the same */
            int64_t before = generation();
            sync_bookmarks(round == 0 ? HEARTH_COMPLETE : HEARTH_SNAPSHOT, &others[i]);
            assert_int_equal(watch.bookmarks > 0, round == 0);
            assert_int_equal(sink.changed != 0, round == 0);
            assert_int_equal(generation(), before + (round == 0));
        }
    }
    sync_bookmarks(HEARTH_COMPLETE, &first);
    sync_bookmarks(
        HEARTH_COMPLETE,
        &(struct other){
            .title = "2", .tag = "red", .url = first.url, .parent = "folder", .twice = true});
    sync_bookmarks(HEARTH_COMPLETE, &first);
    assert_int_equal(watch.bookmarks, 0);
    assert_sound(&fixture->storage);
}

/* A removed folder is no place any more, whoever has seen it: reading everything anew finds nothing
 * to write. */
static void test_bookmarks_of_a_removed_folder(void **state)
{
    (void)state;
    static const struct other first = {
        .title = "2", .url = "https://two.example/", .parent = "gone"};
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL), 0);
    give_bookmark(HEARTH_FOLDER, "gone", "toolbar", "G", NULL, NULL, NULL, 0);
    assert_int_equal(sink.hearth.commit(&sink, "mark"), 0);
    sync_bookmarks(HEARTH_INCREMENTAL, &first);
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL), 0);
    assert_int_equal(sink.hearth.removed(&sink, "gone", 1700000002000), 0);
    assert_int_equal(sink.hearth.commit(&sink, "mark"), 0);
    sync_bookmarks(HEARTH_COMPLETE, &first);
    assert_int_equal(watch.bookmarks, 0);
}

/* Servers keep the tombstones of what was removed long ago. */
static void test_bookmarks_beside_tombstones(void **state)
{
    (void)state;
    struct other other = {
        .title = "2", .url = "https://two.example/", .parent = "folder", .tombstone = "long gone"};
    sync_bookmarks(HEARTH_COMPLETE, &other);
    assert_true(watch.bookmarks > 0);
    sync_bookmarks(HEARTH_COMPLETE, &other);
    assert_int_equal(watch.bookmarks, 0);
    assert_int_equal(sink.changed, 0);
    /* of one that is stored: it goes */
    other.tombstone = "two";
    sync_bookmarks(HEARTH_COMPLETE, &other);
    assert_true(watch.bookmarks > 0);
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    assert_int_equal(STORAGE(&fixture->storage, NULL, bookmark_get, "a", "two", &row),
                     HEARTH_ERR_NOT_FOUND);
    /* of a root: who was later counts */
    other.tombstone = "menu";
    sync_bookmarks(HEARTH_COMPLETE, &other);
    assert_true(watch.bookmarks > 0);
    assert_sound(&fixture->storage);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(test_the_same_tabs_again),
        TEST(test_one_thing_is_new),
        TEST(test_some_are_gone),
        TEST(test_a_group_comes_twice),
        TEST(test_an_uncertain_commit_is_told),
        TEST(test_the_same_bookmarks_again),
        TEST(test_bookmarks_of_a_removed_folder),
        TEST(test_bookmarks_beside_tombstones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
