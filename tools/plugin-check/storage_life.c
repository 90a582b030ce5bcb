/* Opening, schema, stopping, and being killed at any moment. */
#include "storage_kit.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void life_schema_version(struct kit *kit)
{
    int64_t has = -1, wants = -2;
    OK(&kit->storage, schema_version, &has, &wants);
    expect_number(has, wants);
    expect(wants > 0);
    OK(&kit->storage, migrate); /* nothing to do is a success */
    OK(&kit->storage, ping);
    kit_expect_sound(&kit->storage);
}

static void life_reopen(struct kit *kit)
{
    struct buf before = {0}, after = {0};
    if ((kit->descriptor->capabilities & HEARTH_DURABLE) == 0)
        kit_skip("the plugin is not DURABLE");
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(&kit->storage, 1, "https://u/1", "u", 3, (const int64_t[]){100, 200, 300});
    kit_bookmark_put(&kit->storage, "menu________", HEARTH_FOLDER, NULL, 0);
    OK(&kit->storage, sync_cursor_put, 0, HEARTH_HISTORY, "mark");
    kit_batch_commit(&kit->storage);
    kit_dump_storage(&kit->storage, &before);
    kit_close(kit);
    kit_open(kit);
    kit_dump_storage(&kit->storage, &after);
    kit_expect_same_dump(&after, &before, "after it was closed and opened");
    buf_fini(&before);
    buf_fini(&after);
}

/* Another account's batch in the other instance, by a thread of its own: whoever lets one batch
 * in at a time makes it wait. */
enum { ITS_TURN = 1000 /* ms that it waits */, NEXT_TURN = 10 * 1000 };

struct other_batch {
    struct storage storage;
    int result;
};

static void *write_other_batch(void *ctx)
{
    struct other_batch *other = ctx;
    int64_t generation;
    other->result = STORAGE(&other->storage, NULL, batch_begin, "b", HEARTH_HISTORY, &generation);
    if (other->result == 0) {
        kit_page_put_visited(&other->storage, 2, "https://u/2", "u", 1, (const int64_t[]){100});
        kit_batch_commit(&other->storage);
    }
    return NULL;
}

static int run_other_batch(struct other_batch *other, int64_t patience)
{
    pthread_t thread;
    other->storage.call.hearth.deadline = kit_now() + patience;
    expect_number(pthread_create(&thread, NULL, write_other_batch, other), 0);
    pthread_join(thread, NULL);
    other->storage.call.hearth.deadline = 0;
    return other->result;
}

static void two_instances(struct kit *kit)
{
    struct call call;
    struct other_batch other;
    void *self = NULL;
    if ((kit->descriptor->capabilities & HEARTH_SHARED) == 0)
        kit_skip("the plugin is not SHARED");
    const struct hearth_limits *limits = kit->descriptor->limits;
    bool single_writer = limits != NULL && limits->single_writer != 0;
    plug_call_init(&call, NULL, 0, 0);
    expect_number(kit->storage_ops->open(&kit->host.hearth, &call.hearth, kit->values, &self), 0);
    kit_handle_of(kit, self, &other.storage);
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(&kit->storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    struct lines lines = {.size = 0};
    OK(&other.storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
    expect_number(lines.count, 0);
    int r = run_other_batch(&other, single_writer ? ITS_TURN : NEXT_TURN);
    if (r != 0 && !(single_writer && r == HEARTH_ERR_TIMEOUT))
        fail_msg(
            "another account's batch, begun in another instance while one is open, returned %s%s",
            err_name(r),
            single_writer ? " (its limits say single_writer: TIMEOUT or OK was expected)"
                          : ": it goes its own way, unless the plugin's limits say single_writer");
    kit_batch_commit(&kit->storage);
    if (r != 0) /* its turn has come */
        expect_number(run_other_batch(&other, NEXT_TURN), 0);
    OK(&other.storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
    expect_number(lines.count, 1);
    plug_storage_close(&other.storage);
    kit->storage_ops->close(self);
    plug_call_fini(&call);
}

static void storage_close_accepts_null(struct kit *kit)
{
    kit->storage_ops->close(NULL);
}

static void life_interrupt_without_a_call(struct kit *kit)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    for (int i = 0; i < 3; i++)
        kit->storage_ops->interrupt(kit->storage.handle);
    OK(&kit->storage, account_get, "a", &account);
    kit_batch_begin(&kit->storage, "a", HEARTH_TABS);
    kit->storage_ops->interrupt(kit->storage.handle);
    kit_batch_commit(&kit->storage);
}

static int on_any_account(void *ctx, const struct hearth_account *account)
{
    (void)account;
    ++*(int *)ctx;
    return 0;
}

static void life_stop_ends_listing(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    atomic_bool stop = true;
    int rows = 0;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= 500; i++)
        kit_page_put_visited(storage, i, "https://u/", "u", 1, (const int64_t[]){i});
    kit_batch_commit(storage);
    storage->call.stop = &stop;
    struct lines *lines = calloc(1, sizeof(*lines));
    FAILS(CANCELLED, storage, pages_by_frecency, "a", kit_lines_on_page, lines);
    FAILS(CANCELLED, storage, account_list, on_any_account, &rows);
    storage->call.stop = NULL;
    storage->call.hearth.deadline = 1; /* long ago */
    FAILS(TIMEOUT, storage, pages_by_frecency, "a", kit_lines_on_page, lines);
    FAILS(TIMEOUT, storage, settings_put, "a", "{}");
    storage->call.hearth.deadline = 0;
    lines->count = lines->size = 0;
    OK(storage, pages_by_frecency, "a", kit_lines_on_page, lines);
    expect_number(lines->count, 500);
    free(lines);
}

/* The child replaces the titles of 40 pages, and the cursor, again and again; a whole batch has
 * one title everywhere. */
enum { PAGES = 40, KILLS = 12 };

static void rewrite_until_killed(struct kit *kit, int said)
{
    kit_open(kit);
    for (int64_t round = 0;; round++) {
        char title[32];
        snprintf(title, sizeof(title), "%lld", (long long)round);
        kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
        for (int64_t id = 1; id <= PAGES; id++) {
            struct hearth_page page = kit_page_make(id, "https://u/", "u");
            page.title = title;
            OK(&kit->storage, page_put, &page);
        }
        OK(&kit->storage, sync_cursor_put, 0, HEARTH_HISTORY, title);
        kit_batch_commit(&kit->storage);
        plug_storage_reset(&kit->storage);
        if (round == 2 && write(said, "x", 1) != 1)
            _exit(1);
    }
}

static int note_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    if (collection == HEARTH_HISTORY)
        snprintf(ctx, 32, "%s", text);
    return 0;
}

struct same_title {
    const char *title;
    int pages;
};

static int on_titled(void *ctx, const struct hearth_page *page)
{
    struct same_title *same = ctx;
    expect_text(page->title, same->title);
    same->pages++;
    return 0;
}

static void kill_at_random(struct kit *kit)
{
    unsigned seed = (unsigned)kit->options->seed;
    if ((kit->descriptor->capabilities & HEARTH_DURABLE) == 0)
        kit_skip("the plugin is not DURABLE");
    for (int i = 0; i < KILLS; i++) {
        int pipes[2], status;
        char said, cursor[32] = "";
        kit_close(kit);
        expect_number(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            rewrite_until_killed(kit, pipes[1]);
            _exit(1);
        }
        close(pipes[1]);
        expect_number(read(pipes[0], &said, 1), 1);
        kit_pause(rand_r(&seed) % 30);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        close(pipes[0]);
        kit_open(kit);
        struct same_title same = {.title = cursor};
        OK(&kit->storage, sync_cursor_list, "a", note_cursor, cursor);
        OK(&kit->storage, pages_by_frecency, "a", on_titled, &same);
        expect_number(same.pages, PAGES);
        kit_expect_sound(&kit->storage);
    }
}

const struct kit_test kit_storage_life_tests[] = {
    {"life: after migrate() the schema is the one wanted; again is fine", life_schema_version,
     KIT_OPEN, 15},
    {"life: close() accepts NULL", storage_close_accepts_null},
    {"life: closing and opening keeps everything", life_reopen},
    {"life: two instances see each other's commits", two_instances},
    {"life: an interrupt without a running call does nothing", life_interrupt_without_a_call},
    {"life: should_stop and deadlines end calls with CANCELLED and TIMEOUT",
     life_stop_ends_listing},
    {"life: SIGKILL at any moment leaves whole batches", kill_at_random, KIT_FAULTS, 120},
    {NULL, NULL},
};
