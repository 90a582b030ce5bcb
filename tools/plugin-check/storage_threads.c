/* Several handles at once: waiting, interrupts, deadlines, mixed work, a backup meanwhile,
 * another process. */
#include "storage_kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>
#include <stdlib.h>

static void put_many(struct storage *storage, int64_t first, int64_t count)
{
    for (int64_t i = first; i < first + count; i++)
        kit_page_put_visited(storage, i, "https://example.org/", "example.org", 2,
                             (const int64_t[]){i, i + 1});
}

/* One thread that calls one operation and notes what came out. */
struct caller {
    struct storage storage;
    int (*run)(struct caller *caller);
    atomic_bool running;
    atomic_size_t rows;
    int result;
    int64_t took;
    pthread_t thread;
};

static void *caller_main(void *self)
{
    struct caller *caller = self;
    int64_t start = kit_now();
    atomic_store(&caller->running, true);
    caller->result = caller->run(caller);
    caller->took = kit_now() - start;
    return NULL;
}

static void caller_start(struct caller *caller, struct kit *kit, int (*run)(struct caller *caller))
{
    *caller = (struct caller){.run = run};
    kit_handle(kit, &caller->storage);
    expect_number(pthread_create(&caller->thread, NULL, caller_main, caller), 0);
}

static int caller_end(struct caller *caller)
{
    pthread_join(caller->thread, NULL);
    plug_storage_close(&caller->storage);
    return caller->result;
}

static int run_begin(struct caller *caller)
{
    int64_t generation;
    return STORAGE(&caller->storage, NULL, batch_begin, "a", HEARTH_HISTORY, &generation);
}

/* Interrupts until the call returns: one that comes before the call is running has no effect, by
 * contract. */
static void interrupt_until_done(struct caller *caller)
{
    while (!atomic_load(&caller->running) || pthread_tryjoin_np(caller->thread, NULL) != 0) {
        if (atomic_load(&caller->running))
            caller->storage.ops->interrupt(caller->storage.handle);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    plug_storage_close(&caller->storage);
}

static void interrupt_of_a_waiting_writer(struct kit *kit)
{
    struct caller waiting, next;
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    caller_start(&waiting, kit, run_begin);
    interrupt_until_done(&waiting);
    expect_number(waiting.result, HEARTH_ERR_CANCELLED);
    expect(waiting.took < 1000);
    caller_start(&next, kit, run_begin); /* the queue goes on without the one that left */
    kit_batch_commit(&kit->storage);
    expect_number(caller_end(&next), 0);
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    kit_batch_commit(&kit->storage);
}

static void stop_and_deadline_of_a_waiting_writer(struct kit *kit)
{
    struct storage waiting;
    atomic_bool stop = true;
    int64_t generation;
    kit_handle(kit, &waiting);
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    waiting.call.stop = &stop;
    FAILS(CANCELLED, &waiting, batch_begin, "a", HEARTH_HISTORY, &generation);
    stop = false;
    waiting.call.hearth.deadline = kit_now() + 60;
    FAILS(TIMEOUT, &waiting, batch_begin, "a", HEARTH_HISTORY, &generation);
    waiting.call.hearth.deadline = 0;
    kit_batch_commit(&kit->storage);
    kit_batch_begin(&waiting, "a", HEARTH_HISTORY);
    kit_batch_commit(&waiting);
    plug_storage_close(&waiting);
}

static void begin_in_vain(void *ctx)
{
    struct storage *waiting = ctx;
    int64_t generation;
    waiting->call.hearth.deadline = kit_now() + 400;
    FAILS(TIMEOUT, waiting, batch_begin, "a", HEARTH_HISTORY, &generation);
}

static void waiting_writer_is_idle(struct kit *kit)
{
    struct storage waiting;
    kit_handle(kit, &waiting);
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    kit_expect_idle("batch_begin", begin_in_vain, &waiting);
    kit_batch_commit(&kit->storage);
    plug_storage_close(&waiting);
}

static int on_slow_page(void *ctx, const struct hearth_page *page)
{
    struct caller *caller = ctx;
    (void)page;
    atomic_fetch_add(&caller->rows, 1);
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    return 0;
}

static int run_scan(struct caller *caller)
{
    return STORAGE(&caller->storage, NULL, pages_by_frecency, "a", on_slow_page, caller);
}

static void interrupt_of_a_long_scan(struct kit *kit)
{
    struct caller scanning;
    enum { PAGES = 20000 };
    kit_batch_begin(&kit->storage, "a", HEARTH_HISTORY);
    put_many(&kit->storage, 1, PAGES);
    kit_batch_commit(&kit->storage);
    caller_start(&scanning, kit, run_scan);
    while (atomic_load(&scanning.rows) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    interrupt_until_done(&scanning);
    expect_number(scanning.result, HEARTH_ERR_CANCELLED);
    expect(scanning.rows < PAGES);
    struct lines lines = {.size = 0, .stop_after = 1};
    /* other handles are not touched */
    OK(&kit->storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
}

struct deadline_scan {
    struct storage *storage;
    size_t rows;
};

static int on_first_page(void *ctx, const struct hearth_page *page)
{
    struct deadline_scan *scan = ctx;
    (void)page;
    if (scan->rows++ == 0)
        scan->storage->call.hearth.deadline = 1; /* long ago */
    return 0;
}

static void deadline_of_a_long_scan(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct deadline_scan scan = {.storage = storage};
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    put_many(storage, 1, 5000);
    kit_batch_commit(storage);
    FAILS(TIMEOUT, storage, pages_by_frecency, "a", on_first_page, &scan);
    expect(scan.rows < 5000);
    storage->call.hearth.deadline = 0;
    kit_batch_begin(storage, "a", HEARTH_HISTORY); /* and in a batch: a stopped write breaks it */
    put_many(storage, 10000, 5);
    storage->call.hearth.deadline = 1;
    FAILS(TIMEOUT, storage, visits_remove, 10000);
    FAILS(TIMEOUT, storage, batch_commit, true);
    storage->call.hearth.deadline = 0;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.pages, 5000);
    kit_expect_sound(storage);
}

/* Eight threads, each with a handle: batches on two accounts, single writes and reads of every
 * kind. */
enum { THREADS = 8, ROUNDS = 40 };

struct mixer {
    struct kit *kit;
    int number;
    pthread_t thread;
};

static int threads_on_any_page(void *ctx, const struct hearth_page *page)
{
    ++*(size_t *)ctx;
    return page->url == NULL;
}

static void mix_batch(struct storage *storage, const char *account, int64_t first)
{
    kit_batch_begin(storage, account, HEARTH_HISTORY);
    put_many(storage, first, 20);
    OK(storage, page_remove, first);
    if (first % 3 == 0)
        storage->ops->batch_abort(storage->handle);
    else
        kit_batch_commit(storage);
}

static void *mixer_main(void *self)
{
    struct mixer *mixer = self;
    struct storage storage;
    const char *account = mixer->number % 2 == 0 ? "a" : "b";
    kit_handle(mixer->kit, &storage);
    for (int64_t round = 0; round < ROUNDS; round++) {
        size_t pages = 0;
        struct hearth_counts counts = {.struct_size = sizeof(counts)};
        mix_batch(&storage, account, 1 + mixer->number * 100000 + round * 20);
        OK(&storage, pages_by_frecency, account, threads_on_any_page, &pages);
        OK(&storage, settings_put, account, "{}");
        OK(&storage, counts, account, &counts);
        expect(counts.pages >= (int64_t)pages - 20 * THREADS);
        struct hearth_visit_query query = {.struct_size = sizeof(query), .host = "example.org"};
        struct lines *lines = calloc(1, sizeof(*lines));
        lines->stop_after = 50;
        OK(&storage, visit_list, account, &query, kit_lines_on_visit_row, lines);
        free(lines);
        plug_storage_reset(&storage);
    }
    plug_storage_close(&storage);
    return NULL;
}

static void mixed_work(struct kit *kit)
{
    struct mixer mixers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        mixers[i] = (struct mixer){.kit = kit, .number = i};
        expect_number(pthread_create(&mixers[i].thread, NULL, mixer_main, &mixers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(mixers[i].thread, NULL);
    kit_expect_sound(&kit->storage);
    struct hearth_account got = {.struct_size = sizeof(got)};
    int64_t generation = 0;
    for (int i = 0; i < 2; i++) {
        OK(&kit->storage, account_get, i == 0 ? "a" : "b", &got);
        generation += got.generation;
    }
    int64_t committed = 0;
    for (int64_t number = 0; number < THREADS; number++)
        for (int64_t round = 0; round < ROUNDS; round++)
            committed += (1 + number * 100000 + round * 20) % 3 != 0;
    expect_number(generation, committed); /* no batch was lost, none counted twice */
}

/* Schedulers that lease at the same time, from two instances of the plugin as two processes would
 * have. */
struct lessee {
    struct kit *kit;
    void *self;
    atomic_int *children; /* of each account */
    pthread_t thread;
};

static int threads_on_leased(void *ctx, const struct hearth_account *account)
{
    atomic_int *children = ctx;
    atomic_fetch_add(&children[strtol(account->id + 1, NULL, 10)], 1);
    return 0;
}

static void *lessee_main(void *self)
{
    struct lessee *lessee = self;
    struct storage storage;
    kit_handle_of(lessee->kit, lessee->self, &storage);
    for (int i = 0; i < 40; i++)
        OK(&storage, account_lease_due, 1000, 2000, 7, threads_on_leased, lessee->children);
    plug_storage_close(&storage);
    return NULL;
}

static void leases_are_exclusive(struct kit *kit)
{
    enum { ACCOUNTS = 200, LESSEES = 4 };
    static atomic_int children[ACCOUNTS];
    struct lessee lessees[LESSEES];
    struct call call;
    void *other = kit->self; /* what is neither shared nor kept has one instance */
    bool two = (kit->descriptor->capabilities & (HEARTH_SHARED | HEARTH_DURABLE)) != 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        char id[16], email[32];
        snprintf(id, sizeof(id), "x%d", i);
        snprintf(email, sizeof(email), "x%d@example.org", i);
        struct hearth_account account = {
            .struct_size = sizeof(account), .id = id, .email = email, .next_sync = 1 + i};
        OK(&kit->storage, account_create, &account);
    }
    plug_call_init(&call, NULL, 0, 0);
    if (two)
        expect_number(kit->storage_ops->open(&kit->host.hearth, &call.hearth, kit->values, &other),
                      0);
    for (int i = 0; i < LESSEES; i++) {
        lessees[i] = (struct lessee){
            .kit = kit, .self = i % 2 == 0 ? kit->self : other, .children = children};
        expect_number(pthread_create(&lessees[i].thread, NULL, lessee_main, &lessees[i]), 0);
    }
    for (int i = 0; i < LESSEES; i++)
        pthread_join(lessees[i].thread, NULL);
    if (two)
        kit->storage_ops->close(other);
    plug_call_fini(&call);
    for (int i = 0; i < ACCOUNTS; i++)
        if (children[i] != 1)
            fail_msg(
                "account_lease_due gave the account x%d to %d of %d callers%s, to one it has to", i,
                children[i], LESSEES,
                two ? " in two instances of the storage, as the daemon and a command beside it are"
                    : "");
}

const struct kit_test kit_storage_threads_tests[] = {
    {"threads: a writer that waits can be interrupted", interrupt_of_a_waiting_writer},
    {"threads: a writer that waits obeys should_stop and its deadline",
     stop_and_deadline_of_a_waiting_writer},
    {"threads: a writer that waits leaves the processor alone", waiting_writer_is_idle},
    {"threads: a long list can be interrupted, other handles go on", interrupt_of_a_long_scan},
    {"threads: a deadline ends a list and breaks a batch", deadline_of_a_long_scan},
    {"threads: eight handles mix batches, writes and reads", mixed_work},
    {"threads: schedulers of two instances never lease one account twice", leases_are_exclusive},
    {NULL, NULL},
};
