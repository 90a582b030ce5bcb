/* Several sources through the sink into a real storage: what one brings, leaves out or takes
 * away is not another's. */
#include "giving.h"
#include "merge/remove_source.h"
#include "telling.h"
#include "model/page.h"
#include "model/source_id.h"
#include "model/url.h"

static int begin_test(void **state)
{
    int r = fixture_setup(state);
    fixture = *state;
    return r;
}

/* --- what a provider does --- */

static void put_source(const char *account, int64_t id, const char *name)
{
    struct hearth_source source = {.struct_size = sizeof(source),
                                   .id = id,
                                   .name = name,
                                   .kind = HEARTH_SOURCE_SYNC,
                                   .provider = "file",
                                   .uid = ""};
    OK(&fixture->storage, source_put, account, &source);
}

static void open_sink(const char *account, int64_t source, int32_t collection, int32_t how)
{
    merge_sink_init(&sink, &fixture->storage, NULL, account, "file", fixture->directory, NULL);
    merge_sink_set_source(&sink, source);
    assert_int_equal(sink.hearth.begin(&sink, collection, how), 0);
}

static void commit_sink(const char *cursor)
{
    if (sink.hearth.commit(&sink, cursor) < 0)
        fail_msg("commit: %s", sink.err.text);
    merge_sink_fini(&sink);
}

static void give_device(const char *id)
{
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = id,
                                   .name = id,
                                   .type = "desktop",
                                   .last_upload = 5,
                                   .source = 77 /* is not believed */};
    assert_int_equal(sink.hearth.device(&sink, &device), 0);
}

static void give_tab(const char *device, const char *url)
{
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "t", .url = url, .group = "g"};
    struct hearth_tab_group group = {.struct_size = sizeof(group), .id = "g", .name = "trip"};
    assert_int_equal(sink.hearth.tab_group(&sink, device, &group), 0);
    assert_int_equal(sink.hearth.tab(&sink, device, &tab), 0);
}

static void give_bookmark(const char *guid, int32_t kind, const char *parent, const char *url,
                          const char *child)
{
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = kind,
                                            .guid = guid,
                                            .parent_guid = parent,
                                            .title = guid,
                                            .url = url,
                                            .added = 1700000000000,
                                            .modified = 1700000000000,
                                            .children = &child,
                                            .child_count = child != NULL};
    assert_int_equal(sink.hearth.bookmark(&sink, &record), 0);
}

static void give_removed(const char *guid)
{
    assert_int_equal(sink.hearth.removed(&sink, guid, 9), 0);
}

#define ONE "https://one.example/"
#define TWO "https://two.example/"

/* --- what is stored --- */

static void expect_told(const char *account, const char *expected)
{
    char *told = tell(account);
    assert_string_equal(told, expected);
    free(told);
    assert_sound(&fixture->storage);
}

static void expect_page(const char *url, const char *expected)
{
    struct telling telling = {.account = "a"};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct err err = {0};
    int r = STORAGE(&fixture->storage, &err, page_get, "a", model_page_id(url), &page);
    buf_printf(&telling.out, "%s\n", r < 0 ? "gone" : SHOWN(page.guid));
    if (r == 0)
        OK(&fixture->storage, page_visits, "a", page.id, tell_visit, &telling);
    buf_add_char(&telling.out, '\0');
    assert_string_equal(telling.out.data, expected);
    buf_fini(&telling.out);
    plug_storage_reset(&fixture->storage);
}

/* --- ids --- */

static void test_ids(void **state)
{
    char buffer[MODEL_SOURCE_ID_SIZE], longest[HEARTH_KEY_MAX + 1], other[MODEL_SOURCE_ID_SIZE];
    (void)state;
    memset(longest, 'k', HEARTH_KEY_MAX);
    longest[HEARTH_KEY_MAX] = '\0';
    assert_string_equal(model_source_id(0, "menu", 255, buffer), "menu");
    assert_string_equal(model_source_id(2, "menu", 255, buffer), "2:menu");
    /* nobody names another's record */
    assert_string_equal(model_source_id(0, "2:menu", 255, buffer), "0:2:menu");
    assert_string_equal(model_source_id(0, "0:x", 255, buffer), "0:0:x");
    assert_string_equal(model_source_id(3, "2:menu", 255, buffer), "3:2:menu");
    assert_string_equal(model_source_id(0, "123456:x", 255, buffer), "123456:x");
    assert_string_equal(model_source_id(0, longest, 255, buffer), longest);
    /* no room for the number: a hash */
    assert_int_equal(strlen(model_source_id(65535, longest, 255, buffer)), 6 + 1 + 64);
    longest[0] = 'K';
    assert_string_not_equal(model_source_id(65535, longest, 255, other), buffer);
    assert_int_equal(strlen(model_source_id(2, longest, 100, other)), 2 + 1 + 64);
    assert_int_equal(model_source_of("menu"), 0);
    assert_int_equal(model_source_of("2:menu"), 2);
    assert_int_equal(model_source_of("0:2:menu"), 0);
    assert_int_equal(model_source_of("65535:#x"), 65535);
    assert_int_equal(model_source_of("65536:x"), 0);
    assert_int_equal(model_source_of(":x"), 0);
    assert_string_equal(model_source_said("2:menu"), "menu");
    assert_string_equal(model_source_said("menu"), "menu");
}

/* --- two with the same ids --- */

static void fill(const char *account, int64_t source, const int64_t *dates)
{
    char cursor[16];
    snprintf(cursor, sizeof(cursor), "of %lld", (long long)source);
    open_sink(account, source, HEARTH_CLIENTS, HEARTH_COMPLETE);
    give_device("d");
    commit_sink(cursor);
    open_sink(account, source, HEARTH_TABS, HEARTH_COMPLETE);
    give_device("d");
    give_tab("d", ONE);
    commit_sink(cursor);
    open_sink(account, source, HEARTH_BOOKMARKS, HEARTH_COMPLETE);
    give_bookmark("menu", HEARTH_FOLDER, "places", NULL, "b");
    give_bookmark("b", HEARTH_BOOKMARK, "menu", TWO, NULL);
    give_bookmark("lost", HEARTH_BOOKMARK, "nowhere", TWO, NULL);
    commit_sink(cursor);
    open_sink(account, source, HEARTH_HISTORY, HEARTH_COMPLETE);
    give_page("g", ONE, "One", 2, dates);
    commit_sink(cursor);
}

#define OWN_TREE                                                                                   \
    "bookmark b in menu at 0 of 0\nbookmark lost in unfiled at 0 of 0\nbookmark menu in places "   \
    "at 1 of 0\n"                                                                                  \
    "bookmark mobile in places at 3 of 0\nbookmark places in - at 0 of 0\nbookmark toolbar in "    \
    "places at 0 of 0\n"                                                                           \
    "bookmark unfiled in places at 2 of 0\n"
#define ITS_TREE                                                                                   \
    "bookmark 2:b in 2:menu at 0 of 2\nbookmark 2:lost in 2:unfiled at 0 of 2\nbookmark 2:menu "   \
    "in 2:places at 1 of 2\n"                                                                      \
    "bookmark 2:mobile in 2:places at 3 of 2\nbookmark 2:places in menu at 1 of 2\nbookmark "      \
    "2:toolbar in 2:places at 0 of 2\n"                                                            \
    "bookmark 2:unfiled in 2:places at 2 of 2\n"

static void test_equal_ids_are_two(void **state)
{
    (void)state;
    put_source("a", 2, "Old laptop");
    fill("a", 2, (const int64_t[]){3000, 2000});
    fill("a", 0, (const int64_t[]){3000, 1000}); /* one visit is the same: it was 2's first */
    expect_told(
        "a",
        "device 2:d, 1 tabs, of 2\ndevice d, 1 tabs, of 0\ntab 0 of 2:d: " ONE "\ntab 0 of d: " ONE
        "\ngroup g of 2:d\ngroup g of d\n" ITS_TREE OWN_TREE
        "2:menu lists 2:b at 0, of 2\nmenu lists b at 0, of 0\n"
        "mark 1 of 0: of 0\nmark 2 of 0: of 0\nmark 3 of 0: of 0\nmark 4 of 0: of 0\n"
        "mark 1 of 2: of 2\nmark 2 of 2: of 2\nmark 3 of 2: of 2\nmark 4 of 2: of 2\n"
        "page " TWO " \"-\" -|lost frecency 19874, 0 visits, last 0, 4 bookmarks\n"
        "page " ONE " \"One\" g|- frecency 216, 3 visits, last 3000, 0 bookmarks\n"
        "  visit 3000 of 2\n  visit 2000 of 2\n  visit 1000 of 0\n  id 2:g\n  id g\n2 2 4 5 1 3\n");
}

static void expect_unchanged_by(int64_t source, int32_t collection, int32_t how, const char *lost)
{
    char *before = tell("a");
    open_sink("a", source, collection, how);
    commit_sink(NULL);
    char *after = tell("a");
    if (lost != NULL && strstr(after, lost) != NULL)
        fail_msg("\"%s\" is still there:\n%s", lost, after);
    if (lost == NULL)
        assert_string_equal(after, before);
    free(before);
    free(after);
    assert_sound(&fixture->storage);
}

/* An empty collection of one source takes everything of it, and nothing of the other. */
static void test_what_does_not_come_is_gone_of_one(void **state)
{
    (void)state;
    put_source("a", 2, "Old laptop");
    put_source("b", 2, "Old laptop");
    put_source("a", 3, "Empty");
    fill("a", 0, (const int64_t[]){3000, 1000});
    fill("a", 2, (const int64_t[]){4000, 2000});
    expect_unchanged_by(3, HEARTH_CLIENTS, HEARTH_COMPLETE, NULL);
    expect_unchanged_by(3, HEARTH_TABS, HEARTH_COMPLETE, NULL);
    expect_unchanged_by(3, HEARTH_HISTORY, HEARTH_SNAPSHOT, NULL);
    expect_unchanged_by(0, HEARTH_HISTORY, HEARTH_COMPLETE, NULL);
    expect_unchanged_by(0, HEARTH_HISTORY, HEARTH_SNAPSHOT, "visit 3000");
    expect_page(ONE, "-\n  visit 4000 of 2\n  visit 2000 of 2\n");
    expect_unchanged_by(0, HEARTH_TABS, HEARTH_COMPLETE, "of d: ");
    expect_unchanged_by(0, HEARTH_CLIENTS, HEARTH_COMPLETE, "device d");
    expect_unchanged_by(0, HEARTH_BOOKMARKS, HEARTH_COMPLETE, "bookmark b in");
    fill("b", 2, (const int64_t[]){4000, 2000});
    for (int32_t c = 1; c < HEARTH_COLLECTION_SLOTS; c++) {
        /* the only difference: what source 0 has no more, and its cursors */
        open_sink("a", 0, c, HEARTH_INCREMENTAL);
        assert_int_equal(sink.hearth.reset(&sink, c), 0);
        merge_sink_fini(&sink);
    }
    open_sink("a", 2, HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_page("g", ONE, "One", DATES(4000));
    commit_sink(NULL);
    begin(&fixture->storage, "b", HEARTH_HISTORY); /* an id that was joined once stays */
    OK(&fixture->storage, page_guid_put, "g", model_page_id(ONE));
    commit(&fixture->storage);
    char *only = tell("b");
    expect_told("a", only);
    free(only);
}

static void test_tombstones_and_damage(void **state)
{
    (void)state;
    put_source("a", 2, "Old laptop");
    fill("a", 0, (const int64_t[]){3000, 1000});
    fill("a", 2, (const int64_t[]){4000, 2000});
    open_sink("a", 0, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL);
    give_removed("2:b"); /* is no record of its own */
    commit_sink(NULL);
    open_sink("a", 2, HEARTH_BOOKMARKS, HEARTH_COMPLETE);
    assert_int_equal(sink.hearth.damaged(&sink, "b", "broken"), 0);
    commit_sink(NULL);
    char *told = tell("a");
    assert_non_null(strstr(told, "bookmark 2:b in 2:menu"));
    assert_null(strstr(told, "2:lost"));
    assert_non_null(strstr(told, OWN_TREE));
    free(told);
    open_sink("a", 2, HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_removed("g");
    commit_sink(NULL);
    expect_page(ONE, "g\n  visit 3000 of 0\n  visit 1000 of 0\n");
    open_sink("a", 2, HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_page("g", ONE, "One", DATES(5000));
    commit_sink(NULL);
    open_sink("a", 0, HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_removed("g");
    commit_sink(NULL);
    expect_page(ONE, "-\n  visit 5000 of 2\n");
    open_sink("a", 2, HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_removed("g");
    commit_sink(NULL);
    expect_page(ONE, "gone\n");
    assert_sound(&fixture->storage);
}

static void test_the_folder_bears_the_name(void **state)
{
    struct hearth_bookmark folder = {.struct_size = sizeof(folder)};
    (void)state;
    open_sink("a", 2, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL);
    /* there is no such source */
    assert_int_equal(sink.hearth.commit(&sink, "m"), HEARTH_ERR_INVALID);
    merge_sink_fini(&sink);
    put_source("a", 2, "Old laptop");
    for (int round = 0; round < 2; round++) {
        put_source("a", 2, round == 0 ? "Old laptop" : "Attic");
        open_sink("a", 2, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL);
        give_bookmark("places", HEARTH_FOLDER, NULL, NULL, "menu");
        /* nothing of it moves them */
        give_bookmark("menu", HEARTH_FOLDER, "toolbar", NULL, "unfiled");
        give_bookmark("unfiled", HEARTH_FOLDER, "menu", NULL, "places");
        commit_sink("m");
        OK(&fixture->storage, bookmark_get, "a", "2:places", &folder);
        assert_string_equal(folder.title, round == 0 ? "Old laptop" : "Attic");
        assert_string_equal(folder.parent, "menu");
        assert_int_equal(folder.children, 4);
        OK(&fixture->storage, bookmark_get, "a", "2:menu", &folder);
        assert_string_equal(folder.title, "Bookmarks Menu");
        assert_string_equal(folder.parent, "2:places");
        assert_sound(&fixture->storage);
    }
}

/* --- removal --- */

static void remove_it(const char *account, int64_t source)
{
    struct err err = {0};
    if (merge_remove_source(&fixture->storage, account, source, &err) < 0)
        fail_msg("%s", err.text);
    assert_sound(&fixture->storage);
}

static int no_source(void *ctx, const struct hearth_source *source)
{
    (void)ctx;
    fail_msg("source %lld is still there", (long long)source->id);
    return 0;
}

static void test_removal(void **state)
{
    struct err err = {0};
    (void)state;
    put_source("a", 2, "Old laptop");
    fill("b", 0, (const int64_t[]){3000, 1000});
    fill("a", 0, (const int64_t[]){3000, 1000});
    fill("a", 2, (const int64_t[]){3000, 2000});
    remove_it("a", 2);
    remove_it("a", 2); /* once more: nothing */
    OK(&fixture->storage, source_list, "a", no_source, NULL);
    char *only = tell("b");
    expect_told("a", only);
    free(only);
    assert_int_equal(merge_remove_source(&fixture->storage, "a", 0, &err), HEARTH_ERR_INVALID);
    assert_int_equal(merge_remove_source(&fixture->storage, "zz", 2, &err), HEARTH_ERR_NOT_FOUND);
}

/* What both had is the first one's, and goes with it, until the other one sends it again. */
static void test_removal_of_who_came_first(void **state)
{
    (void)state;
    put_source("a", 2, "Old laptop");
    fill("a", 2, (const int64_t[]){3000, 2000});
    fill("a", 0, (const int64_t[]){3000, 1000});
    remove_it("a", 2);
    expect_page(ONE, "g\n  visit 1000 of 0\n");
    fill("a", 0, (const int64_t[]){3000, 1000});
    expect_page(ONE, "g\n  visit 3000 of 0\n  visit 1000 of 0\n");
}

static unsigned seed;
static unsigned dice(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* A batch of random records, told by the same numbers whichever account they go to. Dates of
 * different sources differ. */
static void give_random(int64_t source)
{
    char guid[16], url[48], title[16], parent[16], child[16];
    static const char *const folders[] = {"menu", "unfiled", "places", "b0", "b1", "nowhere"};
    for (unsigned n = dice(6); n > 0; n--) {
        unsigned which = dice(6);
        int64_t dates[2] = {1000 * (2 + (int64_t)dice(30)) + source, 1000 + source};
        snprintf(url, sizeof(url), "https://%u.example/", which);
        snprintf(title, sizeof(title), "title %u", which);
        snprintf(parent, sizeof(parent), "%s", folders[dice(6)]);
        snprintf(child, sizeof(child), "b%u", dice(6));
        bool removed = dice(5) == 0;
        int32_t kind = dice(3) == 0 ? HEARTH_FOLDER : HEARTH_BOOKMARK;
        switch (sink.collection) {
        case HEARTH_CLIENTS:
            snprintf(guid, sizeof(guid), "d%u", which % 3);
            give_device(guid);
            break;
        case HEARTH_TABS:
            snprintf(guid, sizeof(guid), "d%u", which % 3);
            give_device(guid);
            give_tab(guid, url);
            break;
        case HEARTH_BOOKMARKS:
            snprintf(guid, sizeof(guid), "b%u", which);
            if (removed)
                give_removed(guid);
            else
                give_bookmark(guid, kind, parent, kind == HEARTH_BOOKMARK ? url : NULL,
                              kind == HEARTH_FOLDER ? child : NULL);
            break;
        default:
            snprintf(guid, sizeof(guid), "g%u", which);
            if (removed)
                give_removed(guid);
            else
                give_page(guid, url, title, 1 + dice(2), dates);
            break;
        }
    }
}

static void merge_random(const char *account, int64_t source, unsigned batch_seed)
{
    seed = batch_seed;
    int32_t collection = 1 + (int32_t)dice(4), how = (int32_t)dice(3);
    open_sink(account, source, collection, how);
    give_random(source);
    commit_sink("mark");
}

/* Two sources, interleaved, then one is removed: as if only the other had ever been there. */
static void check_random(int64_t stays, int64_t goes, unsigned round)
{
    enum { BATCHES = 25 };
    put_source("a", goes, "goes");
    for (int64_t source = stays; source > 0; source = 0) {
        put_source("a", stays, "stays");
        put_source("b", stays, "stays");
    }
    for (unsigned i = 0; i < BATCHES; i++) {
        unsigned batch_seed = round * 1000003u + i * 7919u;
        seed = batch_seed + 1;
        int64_t source = dice(2) == 0 ? stays : goes;
        merge_random("a", source, batch_seed);
        if (source == stays)
            merge_random("b", source, batch_seed);
    }
    open_sink("b", stays, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL); /* roots are there in any case */
    commit_sink(NULL);
    remove_it("a", goes);
    open_sink("a", stays, HEARTH_BOOKMARKS, HEARTH_INCREMENTAL);
    commit_sink(NULL);
    char *only = tell("b"), *left = tell("a");
    if (strcmp(only, left) != 0)
        fail_msg("round %u, %lld stays and %lld goes:\n%s--- instead of\n%s", round,
                 (long long)stays, (long long)goes, left, only);
    free(only);
    free(left);
}

static void test_removal_of_random_records(void **state)
{
    static const int64_t pairs[][2] = {{0, 2}, {1, 2}, {2, 1}};
    (void)state;
    for (unsigned round = 0; round < 24; round++) {
        check_random(pairs[round % 3][0], pairs[round % 3][1], round);
        OK(&fixture->storage, account_remove, "a");
        OK(&fixture->storage, account_remove, "b");
        add_account(&fixture->storage, "a", "anna@example.org");
        add_account(&fixture->storage, "b", "ben@example.org");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        TEST(test_equal_ids_are_two),
        TEST(test_what_does_not_come_is_gone_of_one),
        TEST(test_tombstones_and_damage),
        TEST(test_the_folder_bears_the_name),
        TEST(test_removal),
        TEST(test_removal_of_who_came_first),
        TEST(test_removal_of_random_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
