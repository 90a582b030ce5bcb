/* Batches: all or nothing, for other sessions too, and when the process is killed. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int on_mark(void *ctx, int32_t collection, const char *text)
{
    return add_line(ctx, "%d %s\n", (int)collection, text);
}

static int64_t generation_of(struct store *store, const char *account)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(store, account_get, account, &got);
    return got.generation;
}

static void expect_pages(struct store *store, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(store, pages_by_frecency, account, on_page, &lines);
    assert_string_equal(lines.text, expected);
}

static void test_generation(void **state)
{
    struct store *store = &((struct fixture *)*state)->store;
    int64_t generation = -1;
    OK(store, batch_begin, "a", HEARTH_HISTORY, &generation);
    assert_int_equal(generation, 1);
    assert_int_equal(generation_of(store, "a"), 0);
    OK(store, batch_commit, true);
    assert_int_equal(generation_of(store, "a"), 1);
    OK(store, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    assert_int_equal(generation, 2);
    OK(store, mark_put, HEARTH_HISTORY, "m");
    OK(store, batch_commit, false); /* what is written stays, but nobody has to look again */
    assert_int_equal(generation_of(store, "a"), 1);
    assert_int_equal(generation_of(store, "b"), 0);
    struct lines lines = {.size = 0};
    OK(store, mark_list, "a", on_mark, &lines);
    assert_string_equal(lines.text, "4 m\n");
}

static void test_marks(void **state)
{
    struct store *store = &((struct fixture *)*state)->store;
    struct lines lines = {.size = 0};
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, mark_put, HEARTH_TABS, "t1");
    OK(store, mark_put, HEARTH_TABS, "t2");
    OK(store, mark_put, HEARTH_CLIENTS, "c");
    OK(store, mark_put, HEARTH_COLLECTION_NONE, "all");
    OK(store, mark_put, HEARTH_CLIENTS, NULL);
    OK(store, mark_put, HEARTH_BOOKMARKS, NULL);
    FAILS(INVALID, store, mark_put, 5, "x");
    commit(store);
    OK(store, mark_list, "a", on_mark, &lines);
    OK(store, mark_list, "b", on_mark, &lines);
    assert_string_equal(lines.text, "0 all\n2 t2\n");
}

static void test_needs_a_batch(void **state)
{
    struct store *store = &((struct fixture *)*state)->store;
    struct hearth_page page = make_page(1, "https://u/", "u");
    struct hearth_bookmark bookmark = make_bookmark("x", HEARTH_BOOKMARK, NULL, 0);
    struct hearth_device device = {.struct_size = sizeof(device), .id = "d"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .url = "u"};
    struct lines lines = {.size = 0};
    int64_t number;
    FAILS(INVALID, store, batch_commit, true);
    FAILS(INVALID, store, mark_put, HEARTH_TABS, "t");
    FAILS(INVALID, store, page_put, &page);
    FAILS(INVALID, store, page_remove, 1);
    FAILS(INVALID, store, page_by_guid, "g", &number);
    FAILS(INVALID, store, page_guid_put, "g", 1);
    FAILS(INVALID, store, visits_put, 1, NULL, 0, &number);
    FAILS(INVALID, store, visits_remove, 1);
    FAILS(INVALID, store, bookmark_put, &bookmark);
    FAILS(INVALID, store, bookmark_remove, "x");
    FAILS(INVALID, store, bookmark_clear);
    FAILS(INVALID, store, bookmark_claims_put, "x", NULL, 0);
    FAILS(INVALID, store, bookmark_place, "x", "y", 0);
    FAILS(INVALID, store, device_put, &device);
    FAILS(INVALID, store, device_remove, "d");
    FAILS(INVALID, store, tab_put, "d", &tab);
    FAILS(INVALID, store, tabs_clear, NULL);
    store->ops->batch_abort(store->session);
    FAILS(NOT_FOUND, store, batch_begin, "zz", HEARTH_TABS, &number);
    FAILS(INVALID, store, batch_begin, "a", 5, &number);
    begin(store, "a", HEARTH_TABS); /* the failed ones left nothing behind */
    FAILS(INVALID, store, batch_begin, "a", HEARTH_TABS, &number);
    FAILS(INVALID, store, account_remove, "a");
    FAILS(INVALID, store, migrate);
    FAILS(INVALID, store, verify, on_text, &lines);
    FAILS(INVALID, store, backup, "/tmp/never");
    commit(store);
}

static void test_abort(void **state)
{
    struct store *store = &((struct fixture *)*state)->store;
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://u/", "u", 1, (const int64_t[]){100});
    put_bookmark(store, "x", HEARTH_BOOKMARK, NULL, 0);
    store->ops->batch_abort(store->session);
    store->ops->batch_abort(store->session);
    expect_pages(store, "a", "");
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(store, counts, "a", &counts);
    assert_int_equal(counts.pages + counts.visits + counts.bookmarks, 0);
    assert_int_equal(generation_of(store, "a"), 0);
    assert_sound(store);
}

static void test_closing_a_session_aborts(void **state)
{
    struct fixture *fixture = *state;
    struct store second;
    fixture_session(fixture, &second);
    begin(&second, "a", HEARTH_HISTORY);
    put_visited(&second, 1, "https://u/", "u", 1, (const int64_t[]){100});
    store_close(&second);
    expect_pages(&fixture->store, "a", "");
    begin(&fixture->store, "a", HEARTH_HISTORY); /* the turn to write was given up */
    commit(&fixture->store);
}

static void test_readers_see_the_state_before(void **state)
{
    struct fixture *fixture = *state;
    struct store reader;
    fixture_session(fixture, &reader);
    begin(&fixture->store, "a", HEARTH_HISTORY);
    put_visited(&fixture->store, 1, "https://u/", "u", 1, (const int64_t[]){100});
    commit(&fixture->store);
    begin(&fixture->store, "a", HEARTH_HISTORY);
    put_visited(&fixture->store, 2, "https://u/2", "u", 1, (const int64_t[]){100});
    OK(&fixture->store, page_remove, 1);
    expect_pages(&reader, "a", "1 https://u/ 0 title|-|-\n");
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(&reader, counts, "a", &counts);
    assert_int_equal(counts.visits, 1);
    struct lines lines = {.size = 0};
    OK(&reader, pages_changed, "a", 1, on_page, &lines);
    assert_int_equal(lines.count, 0);
    expect_pages(&fixture->store, "a", "2 https://u/2 0 title|-|-\n");
    commit(&fixture->store);
    expect_pages(&reader, "a", "2 https://u/2 0 title|-|-\n");
    store_close(&reader);
}

static void test_other_writes_join_the_batch(void **state)
{
    struct store *store = &((struct fixture *)*state)->store;
    const char *json;
    begin(store, "a", HEARTH_HISTORY);
    OK(store, settings_put, "a", "{}");
    FAILS(NOT_FOUND, store, settings_put, "zz", "{}");
    store->ops->batch_abort(store->session);
    FAILS(NOT_FOUND, store, settings_get, "a", &json);
    begin(store, "a", HEARTH_HISTORY);
    OK(store, settings_put, "a", "{}");
    commit(store);
    OK(store, settings_get, "a", &json);
}

/* A callback may use the session that calls it, even with the same operation. */
struct nested {
    struct store *store;
    int depth;
    size_t rows;
};

static int on_nested(void *ctx, const struct hearth_page *page)
{
    struct nested *nested = ctx;
    nested->rows++;
    if (nested->depth > 0)
        return 0;
    struct nested inner = {.store = nested->store, .depth = 1};
    OK(nested->store, pages_by_frecency, "a", on_nested, &inner);
    assert_int_equal(inner.rows, 3);
    struct hearth_page changed = make_page(page->id, page->url, "u");
    changed.title = "changed";
    changed.frecency = page->frecency;
    OK(nested->store, page_put, &changed);
    return 0;
}

static void test_callbacks_may_call(void **state)
{
    struct store *store = &((struct fixture *)*state)->store;
    begin(store, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= 3; i++) {
        struct hearth_page page = make_page(i, "https://u/", "u");
        OK(store, page_put, &page);
    }
    struct nested nested = {.store = store};
    OK(store, pages_by_frecency, "a", on_nested, &nested);
    assert_true(nested.rows >= 3);
    commit(store);
    expect_pages(store, "a", "3 https://u/ 0 changed|-|-\n2 https://u/ 0 changed|-|-\n1 https://u/ 0 changed|-|-\n");
}

/* The child commits one batch, then writes a larger one until it is killed. The pipe tells when it is in the middle. */
static void write_until_killed(struct fixture *fixture, int said)
{
    fixture_reopen(fixture);
    struct store *store = &fixture->store;
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://u/committed", "u", 2, (const int64_t[]){100, 200});
    commit(store);
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_remove, 1);
    for (int64_t i = 2;; i++) {
        put_visited(store, i, "https://u/lost", "u", 2, (const int64_t[]){100, 200});
        store_reset(store);
        if (i == 20000 && write(said, "x", 1) != 1) /* far beyond the cache: much of it is in the log already */
            _exit(1);
    }
}

static void test_kill_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    char said;
    int pipes[2], status;
    fixture_close(fixture); /* a connection must not be carried over fork() */
    fixture->values[3].number = 1 << 20;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        write_until_killed(fixture, pipes[1]);
        _exit(1);
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &said, 1), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(pipes[0]);
    fixture_reopen(fixture);
    expect_pages(&fixture->store, "a", "1 https://u/committed 0 title|-|-\n");
    assert_int_equal(generation_of(&fixture->store, "a"), 1);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(&fixture->store, counts, "a", &counts);
    assert_int_equal(counts.visits, 2);
    assert_sound(&fixture->store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_generation),
        TEST(test_marks),
        TEST(test_needs_a_batch),
        TEST(test_abort),
        TEST(test_closing_a_session_aborts),
        TEST(test_readers_see_the_state_before),
        TEST(test_other_writes_join_the_batch),
        TEST(test_callbacks_may_call),
        TEST(test_kill_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
