/* Batches: all or nothing, for other sessions too, and when the process is killed. */
#include "storage_kit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int on_mark(void *ctx, int64_t source, int32_t collection, const char *text)
{
    return add_line(ctx, "%d %s\n", (int)collection, text);
}

static void expect_pages(struct store *store, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(store, pages_by_frecency, account, on_page, &lines);
    expect_text(lines.text, expected);
}

static void generation(struct kit *kit)
{
    struct store *store = &kit->store;
    int64_t generation = -1;
    OK(store, batch_begin, "a", HEARTH_HISTORY, &generation);
    expect_number(generation, 1);
    expect_number(generation_of(store, "a"), 0);
    OK(store, batch_commit, true);
    expect_number(generation_of(store, "a"), 1);
    OK(store, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    expect_number(generation, 2);
    OK(store, mark_put, 0, HEARTH_HISTORY, "m");
    OK(store, batch_commit, false); /* what is written stays, but nobody has to look again */
    expect_number(generation_of(store, "a"), 1);
    expect_number(generation_of(store, "b"), 0);
    struct lines lines = {.size = 0};
    OK(store, mark_list, "a", on_mark, &lines);
    expect_text(lines.text, "4 m\n");
}

static void marks(struct kit *kit)
{
    struct store *store = &kit->store;
    struct lines lines = {.size = 0};
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, mark_put, 0, HEARTH_TABS, "t1");
    OK(store, mark_put, 0, HEARTH_TABS, "t2");
    OK(store, mark_put, 0, HEARTH_CLIENTS, "c");
    OK(store, mark_put, 0, HEARTH_COLLECTION_NONE, "all");
    OK(store, mark_put, 0, HEARTH_CLIENTS, NULL);
    OK(store, mark_put, 0, HEARTH_BOOKMARKS, NULL);
    FAILS(INVALID, store, mark_put, 0, 5, "x");
    commit(store);
    OK(store, mark_list, "a", on_mark, &lines);
    OK(store, mark_list, "b", on_mark, &lines);
    expect_text(lines.text, "0 all\n2 t2\n");
}

static void needs_a_batch(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_page page = make_page(1, "https://u/", "u");
    struct hearth_bookmark bookmark = make_bookmark("x", HEARTH_BOOKMARK, NULL, 0);
    struct hearth_device device = {.struct_size = sizeof(device), .id = "d"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .url = "u"};
    struct hearth_tab_group group = {.struct_size = sizeof(group), .id = "g", .name = ""};
    struct lines lines = {.size = 0};
    int64_t number;
    FAILS(INVALID, store, batch_commit, true);
    FAILS(INVALID, store, mark_put, 0, HEARTH_TABS, "t");
    FAILS(INVALID, store, page_put, &page);
    FAILS(INVALID, store, page_remove, 1);
    FAILS(INVALID, store, page_by_guid, "g", &number);
    FAILS(INVALID, store, page_guid_put, "g", 1);
    FAILS(INVALID, store, visits_put, 1, NULL, 0, &number);
    FAILS(INVALID, store, visits_remove, 1);
    FAILS(INVALID, store, bookmark_put, &bookmark);
    FAILS(INVALID, store, bookmark_remove, "x");
    FAILS(INVALID, store, bookmark_clear, 0);
    FAILS(INVALID, store, bookmark_claims_put, 0, "x", NULL, 0);
    FAILS(INVALID, store, bookmark_place, "x", "y", 0);
    FAILS(INVALID, store, device_put, &device);
    FAILS(INVALID, store, device_remove, "d");
    FAILS(INVALID, store, device_hide, "d", true);
    FAILS(INVALID, store, tab_put, "d", &tab);
    FAILS(INVALID, store, tab_group_put, "d", &group);
    FAILS(INVALID, store, tabs_clear, NULL);
    store->ops->batch_abort(store->session);
    FAILS(NOT_FOUND, store, batch_begin, "zz", HEARTH_TABS, &number);
    FAILS(INVALID, store, batch_begin, "a", 5, &number);
    begin(store, "a", HEARTH_TABS); /* the failed ones left nothing behind */
    FAILS(INVALID, store, batch_begin, "a", HEARTH_TABS, &number);
    FAILS(INVALID, store, account_remove, "a");
    FAILS(INVALID, store, account_claim_due, 1, 2, 1, NULL, NULL);
    FAILS(INVALID, store, migrate);
    FAILS(INVALID, store, verify, on_text, &lines);
    if (store->backup != NULL)
        FAILS_OF(INVALID, store, backup, backup, "/tmp/never");
    commit(store);
}

static void abort_leaves_nothing(struct kit *kit)
{
    struct store *store = &kit->store;
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://u/", "u", 1, (const int64_t[]){100});
    put_bookmark(store, "x", HEARTH_BOOKMARK, NULL, 0);
    store->ops->batch_abort(store->session);
    store->ops->batch_abort(store->session);
    expect_pages(store, "a", "");
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(store, counts, "a", &counts);
    expect_number(counts.pages + counts.visits + counts.bookmarks, 0);
    expect_number(generation_of(store, "a"), 0);
    assert_sound(store);
}

static void closing_a_session_aborts(struct kit *kit)
{
    struct store second;
    kit_session(kit, &second);
    begin(&second, "a", HEARTH_HISTORY);
    put_visited(&second, 1, "https://u/", "u", 1, (const int64_t[]){100});
    store_close(&second);
    expect_pages(&kit->store, "a", "");
    begin(&kit->store, "a", HEARTH_HISTORY); /* the turn to write was given up */
    commit(&kit->store);
}

static void readers_see_the_state_before(struct kit *kit)
{
    struct store reader;
    kit_session(kit, &reader);
    begin(&kit->store, "a", HEARTH_HISTORY);
    put_visited(&kit->store, 1, "https://u/", "u", 1, (const int64_t[]){100});
    commit(&kit->store);
    begin(&kit->store, "a", HEARTH_HISTORY);
    put_visited(&kit->store, 2, "https://u/2", "u", 1, (const int64_t[]){100});
    OK(&kit->store, page_remove, 1);
    expect_pages(&reader, "a", "1 https://u/ 0 title|-|-\n");
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(&reader, counts, "a", &counts);
    expect_number(counts.visits, 1);
    struct lines lines = {.size = 0};
    OK(&reader, pages_changed, "a", 1, on_page, &lines);
    expect_number(lines.count, 0);
    expect_pages(&kit->store, "a", "2 https://u/2 0 title|-|-\n");
    commit(&kit->store);
    expect_pages(&reader, "a", "2 https://u/2 0 title|-|-\n");
    store_close(&reader);
}

/* They belong to the batch or not, as the plugin likes; they do not break it, and a commit never loses them. */
static void other_writes_of_the_session(struct kit *kit)
{
    struct store *store = &kit->store;
    const char *json;
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://u/", "u", 1, (const int64_t[]){100});
    OK(store, settings_put, "a", "{}");
    FAILS(NOT_FOUND, store, settings_put, "zz", "{}");
    store->ops->batch_abort(store->session);
    expect_pages(store, "a", "");
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
    expect_number(inner.rows, 3);
    struct hearth_page changed = make_page(page->id, page->url, "u");
    changed.title = "changed";
    changed.frecency = page->frecency;
    OK(nested->store, page_put, &changed);
    return 0;
}

static void callbacks_may_call(struct kit *kit)
{
    struct store *store = &kit->store;
    begin(store, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= 3; i++) {
        struct hearth_page page = make_page(i, "https://u/", "u");
        OK(store, page_put, &page);
    }
    struct nested nested = {.store = store};
    OK(store, pages_by_frecency, "a", on_nested, &nested);
    expect(nested.rows >= 3);
    commit(store);
    expect_pages(store, "a", "3 https://u/ 0 changed|-|-\n2 https://u/ 0 changed|-|-\n1 https://u/ 0 changed|-|-\n");
}

/* The child commits one batch, then writes a larger one until it is killed. The pipe tells when it is in the middle. */
static void write_until_killed(struct kit *kit, int said)
{
    kit_open(kit);
    struct store *store = &kit->store;
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://u/committed", "u", 2, (const int64_t[]){100, 200});
    commit(store);
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_remove, 1);
    for (int64_t i = 2;; i++) {
        put_visited(store, i, "https://u/lost", "u", 2, (const int64_t[]){100, 200});
        store_reset(store);
        if (i == 5000 && write(said, "x", 1) != 1) /* much of it may have left the process already */
            _exit(1);
    }
}

static void kill_in_the_middle(struct kit *kit)
{
    char said;
    int pipes[2], status;
    if ((kit->descriptor->capabilities & HEARTH_DURABLE) == 0)
        kit_skip("the plugin is not DURABLE");
    kit_close(kit); /* a connection must not be carried over fork() */
    expect_number(pipe(pipes), 0);
    pid_t child = fork();
    expect(child >= 0);
    if (child == 0) {
        write_until_killed(kit, pipes[1]);
        _exit(1);
    }
    close(pipes[1]);
    expect_number(read(pipes[0], &said, 1), 1);
    kill(child, SIGKILL);
    expect_number(waitpid(child, &status, 0), child);
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(pipes[0]);
    kit_open(kit);
    expect_pages(&kit->store, "a", "1 https://u/committed 0 title|-|-\n");
    expect_number(generation_of(&kit->store, "a"), 1);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(&kit->store, counts, "a", &counts);
    expect_number(counts.visits, 2);
    assert_sound(&kit->store);
}

/* Every third page is there before; the batch asks for all of them, as a history does that is merged. */
static void many_pages(struct kit *kit)
{
    enum { PAGES = 600 };
    struct store *store = &kit->store;
    int64_t added, id = 0;
    char guid[16];
    begin(store, "a", HEARTH_BOOKMARKS);
    for (int64_t i = 3; i <= PAGES; i += 3) {
        struct hearth_page page = make_page(i, "https://u/", "u");
        OK(store, page_put, &page);
        snprintf(guid, sizeof(guid), "old%d", (int)i);
        OK(store, page_guid_put, guid, i);
    }
    OK(store, page_remove, 3);
    commit(store);
    begin(store, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= PAGES; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        int r = STORE(store, NULL, page_get, "a", i, &page);
        expect_number(r, i % 3 == 0 && i != 3 ? 0 : HEARTH_ERR_NOT_FOUND);
        page = make_page(i, "https://u/", "u");
        page.title = "merged";
        page.visit_count = 1;
        page.last_visit = i;
        OK(store, page_put, &page);
        OK(store, visits_put, i, (struct hearth_visit[]){HEARTH_VISIT(i, 1)}, 1, &added);
        expect_number(added, 1);
        snprintf(guid, sizeof(guid), "new%d", (int)i);
        OK(store, page_guid_put, guid, i);
    }
    OK(store, page_by_guid, "old600", &id);
    expect_number(id, 600);
    OK(store, page_by_guid, "new1", &id);
    expect_number(id, 1);
    FAILS(NOT_FOUND, store, page_by_guid, "old3", &id);
    FAILS(NOT_FOUND, store, page_by_guid, "never", &id);
    OK(store, page_remove, 600);
    struct hearth_page gone = {.struct_size = sizeof(gone)};
    FAILS(NOT_FOUND, store, page_get, "a", 600, &gone);
    FAILS(NOT_FOUND, store, page_by_guid, "old600", &id);
    OK(store, page_get, "a", 599, &gone);
    commit(store);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(store, counts, "a", &counts);
    expect_number(counts.pages, PAGES - 1);
    expect_number(counts.visits, PAGES - 1);
    struct lines lines = {.size = 0};
    OK(store, pages_changed, "a", 1, on_page, &lines);
    expect_number(lines.count, PAGES);
    assert_sound(store);
}

const struct kit_test storage_batches_tests[] = {
    {"batches: a changed batch makes the next generation, an unchanged one none", generation},
    {"batches: marks are kept for each collection", marks},
    {"batches: writes of synced data need one; there is one at a time in a session", needs_a_batch},
    {"batches: an aborted one leaves nothing", abort_leaves_nothing},
    {"batches: closing a session aborts its batch", closing_a_session_aborts},
    {"batches: readers see the state before and do not wait", readers_see_the_state_before},
    {"batches: other writes of the session do not harm it", other_writes_of_the_session},
    {"batches: a callback may call the session that calls it", callbacks_may_call},
    {"batches: SIGKILL in the middle leaves the state before", kill_in_the_middle},
    {"batches: hundreds of pages are asked for, and found or not", many_pages},
    {NULL, NULL},
};
