/* Batches: all or nothing, for other handles too, and when the process is killed. */
#include "storage_kit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int batches_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    return kit_lines_add(ctx, "%d %s\n", (int)collection, text);
}

static void expect_pages(struct storage *storage, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(storage, pages_by_frecency, account, kit_lines_on_page, &lines);
    expect_text(lines.text, expected);
}

static void batches_generation(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    int64_t generation = -1;
    OK(storage, batch_begin, "a", HEARTH_HISTORY, &generation);
    expect_number(generation, 1);
    expect_number(kit_generation_of(storage, "a"), 0);
    OK(storage, batch_commit, true);
    expect_number(kit_generation_of(storage, "a"), 1);
    OK(storage, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    expect_number(generation, 2);
    OK(storage, sync_cursor_put, 0, HEARTH_HISTORY, "m");
    OK(storage, batch_commit, false); /* what is written stays, but nobody has to look again */
    expect_number(kit_generation_of(storage, "a"), 1);
    expect_number(kit_generation_of(storage, "b"), 0);
    struct lines lines = {.size = 0};
    OK(storage, sync_cursor_list, "a", batches_on_cursor, &lines);
    expect_text(lines.text, "4 m\n");
}

static void batches_cursors(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, sync_cursor_put, 0, HEARTH_TABS, "t1");
    OK(storage, sync_cursor_put, 0, HEARTH_TABS, "t2");
    OK(storage, sync_cursor_put, 0, HEARTH_CLIENTS, "c");
    OK(storage, sync_cursor_put, 0, HEARTH_COLLECTION_NONE, "all");
    OK(storage, sync_cursor_put, 0, HEARTH_CLIENTS, NULL);
    OK(storage, sync_cursor_put, 0, HEARTH_BOOKMARKS, NULL);
    FAILS(INVALID, storage, sync_cursor_put, 0, 5, "x");
    kit_batch_commit(storage);
    OK(storage, sync_cursor_list, "a", batches_on_cursor, &lines);
    OK(storage, sync_cursor_list, "b", batches_on_cursor, &lines);
    expect_text(lines.text, "0 all\n2 t2\n");
}

static void needs_a_batch(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_page page = kit_page_make(1, "https://u/", "u");
    struct hearth_bookmark bookmark = kit_bookmark_make("x", HEARTH_BOOKMARK, NULL, 0);
    struct hearth_device device = {.struct_size = sizeof(device), .id = "d"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .url = "u"};
    struct hearth_tab_group group = {.struct_size = sizeof(group), .id = "g", .name = ""};
    struct lines lines = {.size = 0};
    int64_t number;
    FAILS(INVALID, storage, batch_commit, true);
    FAILS(INVALID, storage, sync_cursor_put, 0, HEARTH_TABS, "t");
    FAILS(INVALID, storage, page_put, &page);
    FAILS(INVALID, storage, page_remove, 1);
    FAILS(INVALID, storage, page_by_guid, "g", &number);
    FAILS(INVALID, storage, page_guid_put, "g", 1);
    FAILS(INVALID, storage, visits_put, 1, NULL, 0, &number);
    FAILS(INVALID, storage, visits_remove, 1);
    FAILS(INVALID, storage, bookmark_put, &bookmark);
    FAILS(INVALID, storage, bookmark_remove, "x");
    FAILS(INVALID, storage, bookmark_clear, 0);
    FAILS(INVALID, storage, bookmark_children_put, 0, "x", NULL, 0);
    FAILS(INVALID, storage, bookmark_place, "x", "y", 0);
    FAILS(INVALID, storage, device_put, &device);
    FAILS(INVALID, storage, device_remove, "d");
    FAILS(INVALID, storage, device_hide, "d", true);
    FAILS(INVALID, storage, tab_put, "d", &tab);
    FAILS(INVALID, storage, tab_group_put, "d", &group);
    FAILS(INVALID, storage, tabs_clear, NULL);
    storage->ops->batch_abort(storage->handle);
    FAILS(NOT_FOUND, storage, batch_begin, "zz", HEARTH_TABS, &number);
    FAILS(INVALID, storage, batch_begin, "a", 5, &number);
    kit_batch_begin(storage, "a", HEARTH_TABS); /* the failed ones left nothing behind */
    FAILS(INVALID, storage, batch_begin, "a", HEARTH_TABS, &number);
    FAILS(INVALID, storage, account_remove, "a");
    FAILS(INVALID, storage, account_lease_due, 1, 2, 1, NULL, NULL);
    FAILS(INVALID, storage, migrate);
    FAILS(INVALID, storage, verify, kit_lines_on_text, &lines);
    if (storage->backup != NULL)
        FAILS_OF(INVALID, storage, backup, backup, "/tmp/never");
    kit_batch_commit(storage);
}

static void abort_leaves_nothing(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://u/", "u", 1, (const int64_t[]){100});
    kit_bookmark_put(storage, "x", HEARTH_BOOKMARK, NULL, 0);
    storage->ops->batch_abort(storage->handle);
    storage->ops->batch_abort(storage->handle);
    expect_pages(storage, "a", "");
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.pages + counts.visits + counts.bookmarks, 0);
    expect_number(kit_generation_of(storage, "a"), 0);
    kit_expect_sound(storage);
}

static void closing_a_handle_aborts(struct kit *kit)
{
    struct storage second;
    kit_handle(kit, &second);
    kit_batch_begin(&second, "a", HEARTH_HISTORY);
    kit_page_put_visited(&second, 1, "https://u/", "u", 1, (const int64_t[]){100});
    plug_storage_close(&second);
    expect_pages(&kit->storage, "a", "");
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY); /* the turn to write was given up */
    kit_batch_commit(&kit->storage);
}

static void readers_see_the_state_before(struct kit *kit)
{
    struct storage reader;
    kit_handle(kit, &reader);
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(&kit->storage, 1, "https://u/", "u", 1, (const int64_t[]){100});
    kit_batch_commit(&kit->storage);
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(&kit->storage, 2, "https://u/2", "u", 1, (const int64_t[]){100});
    OK(&kit->storage, page_remove, 1);
    expect_pages(&reader, "a", "1 https://u/ 0 title|-|-\n");
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(&reader, counts, "a", &counts);
    expect_number(counts.visits, 1);
    struct lines lines = {.size = 0};
    OK(&reader, pages_changed, "a", 1, kit_lines_on_page, &lines);
    expect_number(lines.count, 0);
    expect_pages(&kit->storage, "a", "2 https://u/2 0 title|-|-\n");
    kit_batch_commit(&kit->storage);
    expect_pages(&reader, "a", "2 https://u/2 0 title|-|-\n");
    plug_storage_close(&reader);
}

/* They belong to the batch or not, as the plugin likes; they do not break it, and a commit never
 * loses them. */
static void other_writes_of_the_handle(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const char *json;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://u/", "u", 1, (const int64_t[]){100});
    OK(storage, settings_put, "a", "{}");
    FAILS(NOT_FOUND, storage, settings_put, "zz", "{}");
    storage->ops->batch_abort(storage->handle);
    expect_pages(storage, "a", "");
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, settings_put, "a", "{}");
    kit_batch_commit(storage);
    OK(storage, settings_get, "a", &json);
}

/* A callback may use the handle that calls it, even with the same operation. */
struct nested {
    struct storage *storage;
    int depth;
    size_t rows;
};

static int on_nested(void *ctx, const struct hearth_page *page)
{
    struct nested *nested = ctx;
    nested->rows++;
    if (nested->depth > 0)
        return 0;
    struct nested inner = {.storage = nested->storage, .depth = 1};
    OK(nested->storage, pages_by_frecency, "a", on_nested, &inner);
    expect_number(inner.rows, 3);
    struct hearth_page changed = kit_page_make(page->id, page->url, "u");
    changed.title = "changed";
    changed.frecency = page->frecency;
    OK(nested->storage, page_put, &changed);
    return 0;
}

static void callbacks_may_call(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= 3; i++) {
        struct hearth_page page = kit_page_make(i, "https://u/", "u");
        OK(storage, page_put, &page);
    }
    struct nested nested = {.storage = storage};
    OK(storage, pages_by_frecency, "a", on_nested, &nested);
    expect(nested.rows >= 3);
    kit_batch_commit(storage);
    expect_pages(
        storage, "a",
        "3 https://u/ 0 changed|-|-\n2 https://u/ 0 changed|-|-\n1 https://u/ 0 changed|-|-\n");
}

/* The child commits one batch, then writes a larger one until it is killed. The pipe tells when
 * it is in the middle. */
static void write_until_killed(struct kit *kit, int said)
{
    kit_open(kit);
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://u/committed", "u", 2, (const int64_t[]){100, 200});
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_remove, 1);
    for (int64_t i = 2;; i++) {
        kit_page_put_visited(storage, i, "https://u/lost", "u", 2, (const int64_t[]){100, 200});
        plug_storage_reset(storage);
        /* much of it may have left the process already */
        if (i == 5000 && write(said, "x", 1) != 1)
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
    expect_pages(&kit->storage, "a", "1 https://u/committed 0 title|-|-\n");
    expect_number(kit_generation_of(&kit->storage, "a"), 1);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(&kit->storage, counts, "a", &counts);
    expect_number(counts.visits, 2);
    kit_expect_sound(&kit->storage);
}

/* Every third page is there before; the batch asks for all of them, as a history does that is
 * merged. */
static void many_pages(struct kit *kit)
{
    enum { PAGES = 600 };
    struct storage *storage = &kit->storage;
    int64_t added, id = 0;
    char guid[16];
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    for (int64_t i = 3; i <= PAGES; i += 3) {
        struct hearth_page page = kit_page_make(i, "https://u/", "u");
        OK(storage, page_put, &page);
        snprintf(guid, sizeof(guid), "old%d", (int)i);
        OK(storage, page_guid_put, guid, i);
    }
    OK(storage, page_remove, 3);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= PAGES; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        int r = STORAGE(storage, NULL, page_get, "a", i, &page);
        expect_number(r, i % 3 == 0 && i != 3 ? 0 : HEARTH_ERR_NOT_FOUND);
        page = kit_page_make(i, "https://u/", "u");
        page.title = "merged";
        page.visit_count = 1;
        page.last_visit = i;
        OK(storage, page_put, &page);
        OK(storage, visits_put, i, (struct hearth_visit[]){HEARTH_VISIT(i, 1)}, 1, &added);
        expect_number(added, 1);
        snprintf(guid, sizeof(guid), "new%d", (int)i);
        OK(storage, page_guid_put, guid, i);
    }
    OK(storage, page_by_guid, "old600", &id);
    expect_number(id, 600);
    OK(storage, page_by_guid, "new1", &id);
    expect_number(id, 1);
    FAILS(NOT_FOUND, storage, page_by_guid, "old3", &id);
    FAILS(NOT_FOUND, storage, page_by_guid, "never", &id);
    OK(storage, page_remove, 600);
    struct hearth_page gone = {.struct_size = sizeof(gone)};
    FAILS(NOT_FOUND, storage, page_get, "a", 600, &gone);
    FAILS(NOT_FOUND, storage, page_by_guid, "old600", &id);
    OK(storage, page_get, "a", 599, &gone);
    kit_batch_commit(storage);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.pages, PAGES - 1);
    expect_number(counts.visits, PAGES - 1);
    struct lines lines = {.size = 0};
    OK(storage, pages_changed, "a", 1, kit_lines_on_page, &lines);
    expect_number(lines.count, PAGES);
    kit_expect_sound(storage);
}

const struct kit_test kit_storage_batches_tests[] = {
    {"batches: a changed batch makes the next generation, an unchanged one none",
     batches_generation},
    {"batches: sync cursors are kept for each collection", batches_cursors},
    {"batches: writes of synced data need one; there is one at a time in a handle", needs_a_batch},
    {"batches: an aborted one leaves nothing", abort_leaves_nothing},
    {"batches: closing a handle aborts its batch", closing_a_handle_aborts},
    {"batches: readers see the state before and do not wait", readers_see_the_state_before},
    {"batches: other writes of the handle do not harm it", other_writes_of_the_handle},
    {"batches: a callback may call the handle that calls it", callbacks_may_call},
    {"batches: SIGKILL in the middle leaves the state before", kill_in_the_middle},
    {"batches: hundreds of pages are asked for, and found or not", many_pages},
    {NULL, NULL},
};
