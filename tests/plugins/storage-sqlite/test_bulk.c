/* The first history of an account: some indexes are dropped while its rows come and made anew
 * before the commit. Nobody sees that, whatever becomes of the batch. */
#include "fixture.h"

#include <sqlite3.h>

/* more rows than bulk.c waits for */
enum { PAGES = 1500 };

static void store_pages(struct storage *storage, int64_t first, int64_t count)
{
    begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = first; i < first + count; i++) {
        char url[64], guid[32];
        snprintf(url, sizeof(url), "https://example.org/%lld", (long long)i);
        snprintf(guid, sizeof(guid), "guid%lld", (long long)i);
        put_visited(storage, i, url, "example.org", 2, (const int64_t[]){i, i + 1});
        OK(storage, page_guid_put, guid, i);
        plug_storage_reset(storage);
    }
}

static int on_object(void *ctx, int columns, char **values, char **names)
{
    (void)names;
    assert_int_equal(columns, 1);
    return add_line(ctx, "%s\n", values[0]);
}

/* What the file says of itself, or another list. */
static void read_file(const struct fixture *fixture, const char *sql, struct lines *ret_lines)
{
    char path[128];
    sqlite3 *db;
    *ret_lines = (struct lines){.size = 0};
    snprintf(path, sizeof(path), "%s/a.db", fixture->accounts);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, on_object, ret_lines, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const char SCHEMA[] = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name";

/* The account has a file, with nothing in it. */
static void make_empty(struct storage *storage)
{
    begin(storage, "a", HEARTH_HISTORY);
    commit(storage);
}

static void assert_counts(struct storage *storage, int64_t pages)
{
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    assert_int_equal(counts.pages, pages);
    assert_int_equal(counts.visits, 2 * pages);
}

static int on_any_page(void *ctx, const struct hearth_page *page)
{
    (void)page;
    ++*(int64_t *)ctx;
    return 0;
}

static void assert_same_schema(const struct fixture *fixture, const struct lines *before)
{
    static struct lines now;
    read_file(fixture, SCHEMA, &now);
    assert_string_equal(now.text, before->text);
}

static void test_the_schema_is_the_same_afterwards(void **state)
{
    struct fixture *fixture = *state;
    struct storage other, *storage = &fixture->storage;
    static struct lines before, lines;
    int64_t after = 0;
    make_empty(storage);
    read_file(fixture, SCHEMA, &before);
    assert_non_null(strstr(before.text, "CREATE INDEX visits_by_host"));
    fixture_handle(fixture, &other);
    store_pages(storage, 1, PAGES);
    /* meanwhile: the state before, through every index */
    OK(&other, pages_by_frecency, "a", on_page, &lines);
    assert_int_equal(lines.count, 0);
    assert_counts(&other, 0);
    assert_same_schema(fixture, &before);
    commit(storage);
    assert_counts(&other, PAGES);
    OK(&other, pages_by_frecency, "a", on_any_page, &after);
    assert_int_equal(after, PAGES);
    assert_same_schema(fixture, &before);
    assert_sound(&other);
    store_pages(storage, PAGES + 1, PAGES); /* the second time nothing is dropped */
    commit(storage);
    assert_counts(&other, 2 * PAGES);
    assert_sound(&other);
    plug_storage_close(&other);
}

static void test_an_aborted_batch_leaves_them(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    static struct lines before;
    make_empty(storage);
    read_file(fixture, SCHEMA, &before);
    store_pages(storage, 1, PAGES);
    storage->ops->batch_abort(storage->handle);
    assert_same_schema(fixture, &before);
    assert_counts(storage, 0);
    assert_sound(storage);
    store_pages(storage, 1, PAGES); /* again, with the same connection */
    commit(storage);
    assert_same_schema(fixture, &before);
    assert_counts(storage, PAGES);
    assert_sound(storage);
}

static int on_guid(void *ctx, const char *guid, int64_t page)
{
    (void)page;
    *(int64_t *)ctx += guid != NULL;
    return 0;
}

/* Whoever needs one of them in the batch has it. */
static void test_the_batch_reads_what_it_wrote(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    static struct lines before;
    int64_t pages = 0, guids = 0;
    struct hearth_page page = {.struct_size = sizeof(page)};
    make_empty(storage);
    read_file(fixture, SCHEMA, &before);
    store_pages(storage, 1, PAGES);
    OK(storage, page_get, "a", 1, &page);
    OK(storage, page_get, "a", PAGES, &page);
    FAILS(NOT_FOUND, storage, page_get, "a", PAGES + 1, &page);
    OK(storage, page_remove, 7);
    FAILS(NOT_FOUND, storage, page_get, "a", 7, &page);
    OK(storage, pages_by_frecency, "a", on_any_page, &pages);
    assert_int_equal(pages, PAGES - 1);
    OK(storage, page_guid_list, "a", on_guid, &guids);
    assert_int_equal(guids, PAGES - 1);
    commit(storage);
    assert_same_schema(fixture, &before);
    assert_counts(storage, PAGES - 1);
    assert_sound(storage);
}

/* Pages that were there without visits, of bookmarks, are found and not made twice. */
static void test_pages_of_bookmarks_are_found(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    struct hearth_page page = {.struct_size = sizeof(page)};
    begin(storage, "a", HEARTH_BOOKMARKS);
    page = make_page(PAGES + 5, "https://example.org/marked", "example.org");
    OK(storage, page_put, &page);
    commit(storage);
    store_pages(storage, 1, PAGES);
    OK(storage, page_get, "a", PAGES + 5, &page);
    assert_string_equal(page.url, "https://example.org/marked");
    OK(storage, page_put, &page);
    commit(storage);
    assert_counts(storage, PAGES);
    assert_sound(storage);
}

/* How often the host is asked before it says stop. */
static int looks_left = -1;

static bool on_should_stop(struct hearth_call *call)
{
    (void)call;
    return looks_left >= 0 && looks_left-- == 0;
}

/* The host stops the commit later and later, until it is not asked often enough. */
static void test_making_them_can_be_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    static struct lines before;
    int stopped = 0, r = HEARTH_ERR_CANCELLED;
    make_empty(storage);
    read_file(fixture, SCHEMA, &before);
    fixture->host.hearth.should_stop = on_should_stop;
    for (int looks = 0; r != 0; looks++) {
        struct err err = {0};
        store_pages(storage, 1, PAGES);
        looks_left = looks;
        r = STORAGE(storage, &err, batch_commit, true);
        looks_left = -1;
        if (r == 0)
            break;
        assert_int_equal(r, HEARTH_ERR_CANCELLED);
        stopped++;
        assert_same_schema(fixture, &before);
        assert_counts(storage, 0);
    }
    assert_true(stopped > 2); /* not only before everything */
    assert_same_schema(fixture, &before);
    assert_counts(storage, PAGES);
    assert_sound(storage);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_schema_is_the_same_afterwards), TEST(test_an_aborted_batch_leaves_them),
        TEST(test_the_batch_reads_what_it_wrote),     TEST(test_pages_of_bookmarks_are_found),
        TEST(test_making_them_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
