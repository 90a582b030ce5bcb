/* A database that goes away: calls end by their deadline, batches are whole, and the same session goes on afterwards. */
#include "breaking.h"
#include "storage_kit.h"

#include <pthread.h>
#include <stdlib.h>

enum { LONG_WAIT = 60 * 1000 };

static void set_deadline(struct store *store, int64_t ms)
{
    store->call.hearth.deadline = ms == 0 ? 0 : kit_now() + ms;
}

static void wait_until_well(struct store *store)
{
    struct err err = {0};
    int r = HEARTH_ERR_UNAVAILABLE;
    for (int64_t until = kit_now() + BROKEN_PATIENCE; r < 0 && kit_now() < until;) {
        set_deadline(store, 2000);
        r = STORE(store, &err, ping);
        if (r < 0)
            kit_pause(20);
    }
    set_deadline(store, 0);
    if (r < 0)
        fail_msg("%d ms after the mend ping still returns %s: %s", BROKEN_PATIENCE, err_name(r), err.text);
}

/* --- calls -------------------------------------------------------------------------------------- */

static int count_pages(void *ctx, const struct hearth_page *page)
{
    (void)page;
    ++*(size_t *)ctx;
    return 0;
}

/* Calls it with a deadline in what is broken. */
#define ENDS(store, may_succeed, operation, ...)                                                                                           \
    do {                                                                                                                                   \
        watch_call(#operation);                                                                                                            \
        set_deadline(store, BROKEN_DEADLINE);                                                                                              \
        int result_ = STORE(store, NULL, operation __VA_OPT__(, ) __VA_ARGS__);                                                            \
        expect_ended(result_, may_succeed);                                                                                                \
        set_deadline(store, 0);                                                                                                            \
    } while (0)

/* Each in a session of its own that was well: what one call has found out does not help the next. */
enum { CALLS = 9, CALL_SESSIONS = CALLS + 2 };

static void call_what_is_broken(struct store *sessions)
{
    static const uint8_t hash[32] = {3};
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_token token = {.struct_size = sizeof(token), .id = "t", .account = "a", .name = "n", .hash = hash};
    size_t rows = 0;
    int64_t generation;
    ENDS(&sessions[0], false, settings_put, "a", "{\"broken\":1}");
    ENDS(&sessions[1], false, ping);
    ENDS(&sessions[2], true, account_get, "a", &account);
    ENDS(&sessions[3], true, counts, "a", &counts);
    ENDS(&sessions[4], true, page_get, "a", 1, &page);
    ENDS(&sessions[5], true, pages_by_frecency, "a", count_pages, &rows);
    ENDS(&sessions[6], false, token_create, &token);
    ENDS(&sessions[7], true, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    ENDS(&sessions[8], false, settings_put, "a", "{\"broken\":2}");
    ENDS(&sessions[8], false, settings_put, "a", "{\"broken\":3}"); /* again in the same */
    sessions[7].ops->batch_abort(sessions[7].session);
}

/* An interrupt ends what waits for nobody, too. */
struct waiting {
    struct store *store;
    int code;
    atomic_bool runs, ended;
};

static void *wait_long(void *ctx)
{
    struct waiting *waiting = ctx;
    set_deadline(waiting->store, LONG_WAIT);
    atomic_store(&waiting->runs, true);
    waiting->code = STORE(waiting->store, NULL, settings_put, "a", "{\"waits\":1}");
    atomic_store(&waiting->ended, true);
    return NULL;
}

static void interrupt_what_waits(struct store *store)
{
    struct waiting waiting = {.store = store};
    pthread_t thread;
    int64_t began = kit_now();
    expect_number(pthread_create(&thread, NULL, wait_long, &waiting), 0);
    while (!atomic_load(&waiting.ended)) {
        if (atomic_load(&waiting.runs) && kit_now() - began > 100)
            store->ops->interrupt(store->session);
        if (kit_now() - began > BROKEN_SLACK + 100)
            fail_msg("a call into what is broken goes on %d ms after it was interrupted", BROKEN_SLACK);
        kit_pause(5);
    }
    pthread_join(thread, NULL);
    set_deadline(store, 0);
    if (waiting.code == 0)
        fail_msg("settings_put succeeded while the backend was broken: does the command of --break break it?");
}

static void open_and_close_meanwhile(struct kit *kit, struct store *old)
{
    struct call call;
    void *session = NULL;
    watch_call("session_open");
    call_init(&call, NULL, BROKEN_DEADLINE, 0);
    int r = kit->storage_ops->session_open(kit->self, &call.hearth, &session);
    expect_ended(r, true);
    watch_call("session_close");
    if (r == 0)
        kit->storage_ops->session_close(session);
    call_fini(&call);
    store_close(old);
    expect_ended(0, true);
}

static void calls_end(struct kit *kit)
{
    struct store *store = &kit->store, sessions[CALL_SESSIONS];
    const char *json;
    size_t rows = 0;
    begin(store, "a", HEARTH_COLLECTION_NONE);
    put_visited(store, 1, "https://u/1", "u", 2, (const int64_t[]){100, 200});
    commit(store);
    for (size_t i = 0; i < CALL_SESSIONS; i++) {
        kit_session(kit, &sessions[i]);
        OK(&sessions[i], ping);
    }
    break_backend(kit);
    call_what_is_broken(sessions);
    interrupt_what_waits(&sessions[CALLS]);
    open_and_close_meanwhile(kit, &sessions[CALLS + 1]);
    mend_backend(kit);
    for (size_t i = 0; i <= CALLS; i++) {
        wait_until_well(&sessions[i]);
        store_close(&sessions[i]);
    }
    wait_until_well(store);
    OK(store, settings_put, "a", "{\"well\":1}");
    OK(store, settings_get, "a", &json);
    expect_text(json, "{\"well\":1}");
    OK(store, pages_by_frecency, "a", count_pages, &rows);
    expect_number(rows, 1);
    begin(store, "a", HEARTH_COLLECTION_NONE);
    put_visited(store, 2, "https://u/2", "u", 1, (const int64_t[]){300});
    commit(store);
    assert_sound(store);
}

/* --- batches ------------------------------------------------------------------------------------ */

enum break_stage { NEVER, BEFORE_ROWS, AMONG_ROWS, BEFORE_COMMIT, BREAK_STAGES };

static void break_at(struct kit *kit, struct store *store, enum break_stage stage, enum break_stage now)
{
    if (stage != now)
        return;
    break_backend(kit);
    watch_call("a batch");
    set_deadline(store, BROKEN_DEADLINE);
}

/* Something in each table; the first code that is none. */
static int write_batch(struct kit *kit, struct store *store, enum break_stage stage)
{
    int64_t generation, added;
    struct hearth_page page = make_page(1, "https://u/1", "u");
    struct hearth_visit visit = HEARTH_VISIT(100, HEARTH_VISIT_LINK);
    struct hearth_device device = {.struct_size = sizeof(device), .id = "d", .name = "n", .type = "mobile"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "t", .url = "https://t/"};
    struct hearth_bookmark folder = make_bookmark("top", HEARTH_FOLDER, NULL, 0);
    page.visit_count = 1;
    page.last_visit = 100;
    int r = STORE(store, NULL, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    if (r < 0)
        fail_msg("batch_begin failed with %s before anything was broken: %s", err_name(r), store->call.error);
#define WRITE(...) (r = r < 0 ? r : STORE(store, NULL, __VA_ARGS__))
    break_at(kit, store, stage, BEFORE_ROWS);
    WRITE(page_put, &page);
    WRITE(visits_put, 1, &visit, 1, &added);
    WRITE(page_guid_put, "g", 1);
    break_at(kit, store, stage, AMONG_ROWS);
    WRITE(device_put, &device);
    WRITE(tab_put, "d", &tab);
    WRITE(bookmark_put, &folder);
    WRITE(mark_put, 0, HEARTH_COLLECTION_NONE, "mark");
    break_at(kit, store, stage, BEFORE_COMMIT);
    WRITE(batch_commit, true);
#undef WRITE
    if (stage != NEVER)
        expect_ended(r, true);
    set_deadline(store, 0);
    store->ops->batch_abort(store->session); /* does nothing after a commit */
    return r;
}

static void make_account_anew(struct store *store)
{
    OK(store, account_remove, "a");
    add_account(store, "a", "anna@example.org");
    store_reset(store);
}

/* What the batch before left behind has come to its end when another one has begun. */
static void settle(struct kit *kit)
{
    struct store store;
    int64_t generation;
    int r = HEARTH_ERR_UNAVAILABLE;
    kit_session(kit, &store);
    for (int64_t until = kit_now() + BROKEN_PATIENCE; r < 0 && kit_now() < until;) {
        set_deadline(&store, 5000);
        r = STORE(&store, NULL, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation);
    }
    if (r < 0)
        fail_msg("no batch can be begun after the mend, batch_begin returns %s: %s", err_name(r), store.call.error);
    store.ops->batch_abort(store.session);
    store_close(&store);
}

static void expect_whole(int code, enum break_stage stage, const struct buf *now, const struct buf *before, const struct buf *after)
{
    static const char *const stages[] = {"", "before its rows", "among its rows", "before its commit"};
    bool is_before = strcmp(now->data, before->data) == 0, is_after = strcmp(now->data, after->data) == 0;
    char when[200];
    if (code == 0 && !is_after)
        snprintf(when, sizeof(when), "a batch whose backend broke %s was committed, and after the mend", stages[stage]);
    else if (code < 0 && code != HEARTH_ERR_UNCERTAIN && !is_before)
        snprintf(when, sizeof(when),
                 "a batch whose backend broke %s failed with %s (only UNCERTAIN may leave it stored), and after the mend", stages[stage],
                 err_name(code));
    else if (!is_before && !is_after)
        snprintf(when, sizeof(when), "a batch whose backend broke %s is UNCERTAIN, and is there in parts: after the mend", stages[stage]);
    else
        return;
    expect_same_dump(now, code == 0 ? after : before, when);
    fail_msg("%s it holds something else", when);
}

static void batches_are_whole(struct kit *kit)
{
    struct store *store = &kit->store;
    struct buf before = {0}, after = {0}, now = {0};
    make_account_anew(store);
    dump_storage(store, &before);
    if (write_batch(kit, store, NEVER) < 0)
        fail_msg("a batch failed before anything was broken: %s", store->call.error);
    dump_storage(store, &after);
    for (enum break_stage stage = BEFORE_ROWS; stage < BREAK_STAGES; stage++) {
        make_account_anew(store);
        int r = write_batch(kit, store, stage);
        mend_backend(kit);
        wait_until_well(store);
        settle(kit);
        dump_storage(store, &now);
        expect_whole(r, stage, &now, &before, &after);
        if (write_batch(kit, store, NEVER) < 0)
            fail_msg("the session that had a batch over the break cannot write after the mend: %s", store->call.error);
    }
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&now);
}

/* --- listings ----------------------------------------------------------------------------------- */

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
        break_backend(listing->kit);
        watch_call("pages_by_frecency");
        set_deadline(&listing->kit->store, BROKEN_DEADLINE);
    }
    return 0;
}

static void listings_end(struct kit *kit)
{
    struct store *store = &kit->store;
    struct broken_listing listing = {.kit = kit, .breaks = true};
    char title[400];
    begin(store, "a", HEARTH_COLLECTION_NONE);
    memset(title, 't', sizeof(title) - 1);
    title[sizeof(title) - 1] = '\0';
    for (int64_t id = 1; id <= MANY_PAGES; id++) {
        struct hearth_page page = make_page(id, "https://u/", "u");
        page.title = title;
        page.frecency = id;
        OK(store, page_put, &page);
    }
    commit(store);
    set_deadline(store, LONG_WAIT);
    int r = STORE(store, NULL, pages_by_frecency, "a", break_at_first, &listing);
    expect_ended(r, true);
    set_deadline(store, 0);
    if (r == 0 && listing.rows != MANY_PAGES)
        fail_msg("pages_by_frecency delivered %zu of %d rows when its backend broke, and returned OK", listing.rows, MANY_PAGES);
    mend_backend(kit);
    wait_until_well(store);
    listing = (struct broken_listing){.kit = kit};
    OK(store, pages_by_frecency, "a", break_at_first, &listing);
    expect_number(listing.rows, MANY_PAGES);
}

const struct kit_test storage_break_tests[] = {
    {"broken: calls end by their deadline or an interrupt, and the session works again after the mend", calls_end, KIT_OPEN | KIT_BREAKS,
     180},
    {"broken: a batch over a break is whole or not there, and says which", batches_are_whole, KIT_OPEN | KIT_BREAKS, 240},
    {"broken: a listing over a break is complete or fails", listings_end, KIT_OPEN | KIT_BREAKS, 120},
    {NULL, NULL},
};
