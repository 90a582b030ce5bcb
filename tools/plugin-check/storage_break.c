/* A database that goes away: calls end by their deadline, batches are whole, and the same handle
 * goes on afterwards. */
#include "breaking.h"
#include "storage_kit.h"

#include <pthread.h>
#include <stdlib.h>

enum { LONG_WAIT = 60 * 1000 };

static void storage_set_deadline(struct storage *storage, int64_t ms)
{
    storage->call.hearth.deadline = ms == 0 ? 0 : kit_now() + ms;
}

static void storage_wait_until_well(struct storage *storage)
{
    struct err err = {0};
    int r = HEARTH_ERR_UNAVAILABLE;
    for (int64_t until = kit_now() + BROKEN_PATIENCE; r < 0 && kit_now() < until;) {
        storage_set_deadline(storage, 2000);
        r = STORAGE(storage, &err, ping);
        if (r < 0)
            kit_pause(20);
    }
    storage_set_deadline(storage, 0);
    if (r < 0)
        fail_msg("%d ms after the mend ping still returns %s: %s", BROKEN_PATIENCE, err_name(r),
                 err.text);
}

/* --- calls --- */

static int count_pages(void *ctx, const struct hearth_page *page)
{
    (void)page;
    ++*(size_t *)ctx;
    return 0;
}

/* Calls it with a deadline in what is broken. */
#define ENDS(storage, may_succeed, operation, ...)                                                 \
    do {                                                                                           \
        kit_watch_broken_call(#operation);                                                         \
        storage_set_deadline(storage, BROKEN_DEADLINE);                                            \
        int result_ = STORAGE(storage, NULL, operation __VA_OPT__(, ) __VA_ARGS__);                \
        kit_expect_ended(result_, may_succeed);                                                    \
        storage_set_deadline(storage, 0);                                                          \
    } while (0)

/* Each in a handle of its own that was well: what one call has found out does not help the next. */
enum { CALLS = 9, CALL_HANDLES = CALLS + 2 };

static void call_what_is_broken(struct storage *handles)
{
    static const uint8_t hash[32] = {3};
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_token token = {
        .struct_size = sizeof(token), .id = "t", .account = "a", .name = "n", .hash = hash};
    size_t rows = 0;
    int64_t generation;
    ENDS(&handles[0], false, settings_put, "a", "{\"broken\":1}");
    ENDS(&handles[1], false, ping);
    ENDS(&handles[2], true, account_get, "a", &account);
    ENDS(&handles[3], true, counts, "a", &counts);
    ENDS(&handles[4], true, page_get, "a", 1, &page);
    ENDS(&handles[5], true, pages_by_frecency, "a", count_pages, &rows);
    ENDS(&handles[6], false, token_create, &token);
    ENDS(&handles[7], true, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    ENDS(&handles[8], false, settings_put, "a", "{\"broken\":2}");
    ENDS(&handles[8], false, settings_put, "a", "{\"broken\":3}"); /* again in the same */
    handles[7].ops->batch_abort(handles[7].handle);
}

/* An interrupt ends what waits for nobody, too. */
struct waiting {
    struct storage *storage;
    int code;
    atomic_bool runs, ended;
};

static void *waiting_write(void *ctx)
{
    struct waiting *waiting = ctx;
    storage_set_deadline(waiting->storage, LONG_WAIT);
    atomic_store(&waiting->runs, true);
    waiting->code = STORAGE(waiting->storage, NULL, settings_put, "a", "{\"waits\":1}");
    atomic_store(&waiting->ended, true);
    return NULL;
}

static void interrupt_what_waits(struct storage *storage)
{
    struct waiting waiting = {.storage = storage};
    pthread_t thread;
    int64_t began = kit_now();
    expect_number(pthread_create(&thread, NULL, waiting_write, &waiting), 0);
    while (!atomic_load(&waiting.ended)) {
        if (atomic_load(&waiting.runs) && kit_now() - began > 100)
            storage->ops->interrupt(storage->handle);
        if (kit_now() - began > BROKEN_SLACK + 100)
            fail_msg("a call into what is broken goes on %d ms after it was interrupted",
                     BROKEN_SLACK);
        kit_pause(5);
    }
    pthread_join(thread, NULL);
    storage_set_deadline(storage, 0);
    if (waiting.code == 0)
        fail_msg("settings_put succeeded while the backend was broken: does the command of --break "
                 "break it?");
}

static void open_and_close_meanwhile(struct kit *kit, struct storage *old)
{
    struct call call;
    void *handle = NULL;
    kit_watch_broken_call("handle_open");
    plug_call_init(&call, NULL, BROKEN_DEADLINE, 0);
    int r = kit->storage_ops->handle_open(kit->self, &call.hearth, &handle);
    kit_expect_ended(r, true);
    kit_watch_broken_call("handle_close");
    if (r == 0)
        kit->storage_ops->handle_close(handle);
    plug_call_fini(&call);
    plug_storage_close(old);
    kit_expect_ended(0, true);
}

static void storage_calls_end(struct kit *kit)
{
    struct storage *storage = &kit->storage, handles[CALL_HANDLES];
    const char *json;
    size_t rows = 0;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 2, (const int64_t[]){100, 200});
    kit_batch_commit(storage);
    for (size_t i = 0; i < CALL_HANDLES; i++) {
        kit_handle(kit, &handles[i]);
        OK(&handles[i], ping);
    }
    kit_backend_break(kit);
    call_what_is_broken(handles);
    interrupt_what_waits(&handles[CALLS]);
    open_and_close_meanwhile(kit, &handles[CALLS + 1]);
    kit_backend_mend(kit);
    for (size_t i = 0; i <= CALLS; i++) {
        storage_wait_until_well(&handles[i]);
        plug_storage_close(&handles[i]);
    }
    storage_wait_until_well(storage);
    OK(storage, settings_put, "a", "{\"well\":1}");
    OK(storage, settings_get, "a", &json);
    expect_text(json, "{\"well\":1}");
    OK(storage, pages_by_frecency, "a", count_pages, &rows);
    expect_number(rows, 1);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 2, "https://u/2", "u", 1, (const int64_t[]){300});
    kit_batch_commit(storage);
    kit_expect_sound(storage);
}

/* --- batches --- */

enum break_stage { NEVER, BEFORE_ROWS, AMONG_ROWS, BEFORE_COMMIT, BREAK_STAGES };

static void break_at(struct kit *kit, struct storage *storage, enum break_stage stage,
                     enum break_stage now)
{
    if (stage != now)
        return;
    kit_backend_break(kit);
    kit_watch_broken_call("a batch");
    storage_set_deadline(storage, BROKEN_DEADLINE);
}

/* Something in each table; the first code that is none. */
static int write_batch(struct kit *kit, struct storage *storage, enum break_stage stage)
{
    int64_t generation, added;
    struct hearth_page page = kit_page_make(1, "https://u/1", "u");
    struct hearth_visit visit = HEARTH_VISIT(100, HEARTH_VISIT_LINK);
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = "d", .name = "n", .type = "mobile"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "t", .url = "https://t/"};
    struct hearth_bookmark folder = kit_bookmark_make("top", HEARTH_FOLDER, NULL, 0);
    page.visit_count = 1;
    page.last_visit = 100;
    int r = STORAGE(storage, NULL, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    if (r < 0)
        fail_msg("batch_begin failed with %s before anything was broken: %s", err_name(r),
                 storage->call.error);
#define WRITE(...) (r = r < 0 ? r : STORAGE(storage, NULL, __VA_ARGS__))
    break_at(kit, storage, stage, BEFORE_ROWS);
    WRITE(page_put, &page);
    WRITE(visits_put, 1, &visit, 1, &added);
    WRITE(page_guid_put, "g", 1);
    break_at(kit, storage, stage, AMONG_ROWS);
    WRITE(device_put, &device);
    WRITE(tab_put, "d", &tab);
    WRITE(bookmark_put, &folder);
    WRITE(sync_cursor_put, 0, HEARTH_COLLECTION_NONE, "mark");
    break_at(kit, storage, stage, BEFORE_COMMIT);
    WRITE(batch_commit, true);
#undef WRITE
    if (stage != NEVER)
        kit_expect_ended(r, true);
    storage_set_deadline(storage, 0);
    storage->ops->batch_abort(storage->handle); /* does nothing after a commit */
    return r;
}

static void make_account_anew(struct storage *storage)
{
    OK(storage, account_remove, "a");
    kit_account_add(storage, "a", "anna@example.org");
    plug_storage_reset(storage);
}

/* What the batch before left behind has come to its end when another one has begun. */
static void storage_settle_batch(struct kit *kit)
{
    struct storage storage;
    int64_t generation;
    int r = HEARTH_ERR_UNAVAILABLE;
    kit_handle(kit, &storage);
    for (int64_t until = kit_now() + BROKEN_PATIENCE; r < 0 && kit_now() < until;) {
        storage_set_deadline(&storage, 5000);
        r = STORAGE(&storage, NULL, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    }
    if (r < 0)
        fail_msg("no batch can be begun after the mend, batch_begin returns %s: %s", err_name(r),
                 storage.call.error);
    storage.ops->batch_abort(storage.handle);
    plug_storage_close(&storage);
}

static void expect_whole(int code, enum break_stage stage, const struct buf *now,
                         const struct buf *before, const struct buf *after)
{
    static const char *const stages[] = {"", "before its rows", "among its rows",
                                         "before its commit"};
    bool is_before = strcmp(now->data, before->data) == 0,
         is_after = strcmp(now->data, after->data) == 0;
    char when[200];
    if (code == 0 && !is_after)
        snprintf(when, sizeof(when),
                 "a batch whose backend broke %s was committed, and after the mend", stages[stage]);
    else if (code < 0 && code != HEARTH_ERR_UNCERTAIN && !is_before)
        snprintf(when, sizeof(when),
                 "a batch whose backend broke %s failed with %s (only UNCERTAIN may leave it "
                 "stored), and after the mend",
                 stages[stage], err_name(code));
    else if (!is_before && !is_after)
        snprintf(
            when, sizeof(when),
            "a batch whose backend broke %s is UNCERTAIN, and is there in parts: after the mend",
            stages[stage]);
    else
        return;
    kit_expect_same_dump(now, code == 0 ? after : before, when);
    fail_msg("%s it holds something else", when);
}

static void batches_are_whole(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct buf before = {0}, after = {0}, now = {0};
    make_account_anew(storage);
    kit_dump_storage(storage, &before);
    if (write_batch(kit, storage, NEVER) < 0)
        fail_msg("a batch failed before anything was broken: %s", storage->call.error);
    kit_dump_storage(storage, &after);
    for (enum break_stage stage = BEFORE_ROWS; stage < BREAK_STAGES; stage++) {
        make_account_anew(storage);
        int r = write_batch(kit, storage, stage);
        kit_backend_mend(kit);
        storage_wait_until_well(storage);
        storage_settle_batch(kit);
        kit_dump_storage(storage, &now);
        expect_whole(r, stage, &now, &before, &after);
        if (write_batch(kit, storage, NEVER) < 0)
            fail_msg("the handle that had a batch over the break cannot write after the mend: %s",
                     storage->call.error);
    }
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&now);
}

/* --- listings --- */

enum { MANY_PAGES = 3000 };

struct broken_listing {
    struct kit *kit;
    size_t rows;
    bool breaks;
};

static int break_at_first(void *ctx, const struct hearth_page *page)
{
    struct broken_listing *listing = ctx;
    (void)page;
    if (listing->rows++ == 0 && listing->breaks) {
        kit_backend_break(listing->kit);
        kit_watch_broken_call("pages_by_frecency");
        storage_set_deadline(&listing->kit->storage, BROKEN_DEADLINE);
    }
    return 0;
}

static void listings_end(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct broken_listing listing = {.kit = kit, .breaks = true};
    char title[400];
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    memset(title, 't', sizeof(title) - 1);
    title[sizeof(title) - 1] = '\0';
    for (int64_t id = 1; id <= MANY_PAGES; id++) {
        struct hearth_page page = kit_page_make(id, "https://u/", "u");
        page.title = title;
        page.frecency = id;
        OK(storage, page_put, &page);
    }
    kit_batch_commit(storage);
    storage_set_deadline(storage, LONG_WAIT);
    int r = STORAGE(storage, NULL, pages_by_frecency, "a", break_at_first, &listing);
    kit_expect_ended(r, true);
    storage_set_deadline(storage, 0);
    if (r == 0 && listing.rows != MANY_PAGES)
        fail_msg(
            "pages_by_frecency delivered %zu of %d rows when its backend broke, and returned OK",
            listing.rows, MANY_PAGES);
    kit_backend_mend(kit);
    storage_wait_until_well(storage);
    listing = (struct broken_listing){.kit = kit};
    OK(storage, pages_by_frecency, "a", break_at_first, &listing);
    expect_number(listing.rows, MANY_PAGES);
}

/* --- what was asked ahead --- */

static void ask_both(struct storage *storage)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    expect(plug_storage_ask_begin(storage));
    STORAGE(storage, NULL, page_get, "a", 1, &page);
    STORAGE(storage, NULL, page_get, "a", 2, &page);
    plug_storage_ask_end(storage);
}

/* It may have been answered before: then that is right. */
static void read_both(struct storage *storage)
{
    for (int64_t id = 1; id <= 2; id++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        kit_watch_broken_call("page_get, asked ahead,");
        storage_set_deadline(storage, BROKEN_DEADLINE);
        int r = STORAGE(storage, NULL, page_get, "a", id, &page);
        kit_expect_ended(r, true);
        if (r == 0)
            expect_number(page.last_visit, 100 * id);
    }
    storage_set_deadline(storage, 0);
}

static void asked_and_broken(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    if (storage->ahead == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_AHEAD);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    kit_page_put_visited(storage, 2, "https://u/2", "u", 1, (const int64_t[]){200});
    kit_batch_commit(storage);
    kit_handle(kit, &other);
    OK(&other, ping);
    ask_both(storage);
    kit_backend_break(kit);
    kit_watch_broken_call("what is asked ahead");
    storage_set_deadline(&other, BROKEN_DEADLINE);
    ask_both(&other);
    kit_expect_ended(0, true);
    read_both(&other);
    read_both(storage);
    kit_backend_mend(kit);
    storage_wait_until_well(storage);
    storage_wait_until_well(&other);
    for (int i = 0; i < 2; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        ask_both(i == 0 ? storage : &other);
        OK(i == 0 ? storage : &other, page_get, "a", 2, &page);
        expect_number(page.last_visit, 200);
    }
    plug_storage_close(&other);
}

const struct kit_test kit_storage_break_tests[] = {
    {"broken: calls end by their deadline or an interrupt, and the handle works again after the "
     "mend",
     storage_calls_end, KIT_OPEN | KIT_BREAKS, 180},
    {"broken: a batch over a break is whole or not there, and says which", batches_are_whole,
     KIT_OPEN | KIT_BREAKS, 240},
    {"broken: a listing over a break is complete or fails", listings_end, KIT_OPEN | KIT_BREAKS,
     120},
    {"broken: what was asked ahead is answered or fails", asked_and_broken, KIT_OPEN | KIT_BREAKS,
     120},
    {NULL, NULL},
};
