/* The cache of blocks: loads, updates, failures, memory, and many threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "search/search.h"

/* An account whose page n has the URL https://n.example/word and the title "gG", G being the
 * generation that changed it last. */
struct storage {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int count, changes; /* pages; how many change with each generation */
    int64_t generation;
    int fail;  /* code for the next read */
    int gate;  /* a load stops behind so many pages … */
    bool open; /* … until this */
    atomic_int loads, updates, readers;
    atomic_int together; /* reads that began while another one ran */
};

static void storage_init(struct storage *storage, int count)
{
    *storage = (struct storage){.count = count, .changes = 10, .generation = 1, .open = true};
    pthread_mutex_init(&storage->lock, NULL);
    pthread_cond_init(&storage->moved, NULL);
}

static int give(const struct storage *storage, int64_t generation, int n, hearth_page_cb cb,
                void *cb_ctx)
{
    char url[64], title[64];
    snprintf(url, sizeof(url), "https://%d.example/word", n);
    snprintf(title, sizeof(title), "g%d", (int)generation);
    const struct hearth_page page = {.struct_size = sizeof(page),
                                     .id = n + 1,
                                     .url = url,
                                     .title = title,
                                     .frecency = 1000000 - n,
                                     .visit_count = 1,
                                     .generation = generation};
    return cb(cb_ctx, &page);
}

static int failure(struct storage *storage, struct err *err)
{
    int code = storage->fail;
    storage->fail = 0;
    return code == 0 ? 0 : err_set(err, code, "the storage is away");
}

static int pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct storage *storage = ctx;
    pthread_mutex_lock(&storage->lock);
    int64_t generation = storage->generation;
    int r = failure(storage, err);
    pthread_mutex_unlock(&storage->lock);
    if (r < 0)
        return r;
    atomic_fetch_add(&storage->together, atomic_fetch_add(&storage->readers, 1) != 0);
    atomic_fetch_add(&storage->loads, 1);
    for (int n = 0; n < storage->count; n++) {
        if (storage->gate != 0 && n == storage->gate) {
            pthread_mutex_lock(&storage->lock);
            while (!storage->open)
                pthread_cond_wait(&storage->moved, &storage->lock);
            pthread_mutex_unlock(&storage->lock);
        }
        if (give(storage, n < storage->changes ? generation : 1, n, cb, cb_ctx) != 0)
            break;
    }
    atomic_fetch_sub(&storage->readers, 1);
    return 0;
}

static int changed(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct storage *storage = ctx;
    pthread_mutex_lock(&storage->lock);
    int64_t generation = storage->generation;
    int r = failure(storage, err);
    pthread_mutex_unlock(&storage->lock);
    if (r < 0)
        return r;
    atomic_fetch_add(&storage->together, atomic_fetch_add(&storage->readers, 1) != 0);
    atomic_fetch_add(&storage->updates, 1);
    for (int n = 0; n < storage->changes && since < generation; n++)
        give(storage, generation, n, cb, cb_ctx);
    atomic_fetch_sub(&storage->readers, 1);
    return 0;
}

static struct search *engine(size_t memory, size_t filter_from)
{
    struct search *search;
    const struct search_config config = {.memory = memory, .filter_from = filter_from};
    assert_int_equal(search_create(&config, &search, NULL), 0);
    return search;
}

static int64_t generation_of(struct storage *storage, int64_t add)
{
    pthread_mutex_lock(&storage->lock);
    int64_t generation = storage->generation += add;
    pthread_mutex_unlock(&storage->lock);
    return generation;
}

/* How many results; -code on failure. */
static int ask(struct search *search, const char *account, struct storage *storage,
               const char *typed, uint32_t limit, struct err *err)
{
    struct arena arena;
    struct search_results results;
    const struct search_source source = {.ctx = storage, .pages = pages, .changed = changed};
    const struct search_request request = {.account = account,
                                           .generation = generation_of(storage, 0),
                                           .query = typed,
                                           .in = SEARCH_IN_ALL,
                                           .limit = limit};
    arena_init(&arena, 1 << 20);
    int r = search_run(search, &request, &source, &arena, &results, err);
    if (r == 0) {
        bool good = results.generation >= request.generation;
        for (size_t i = 1; i < results.count; i++)
            good = good && (results.hits[i - 1].frecency > results.hits[i].frecency ||
                            results.hits[i - 1].at_word_start > results.hits[i].at_word_start);
        r = good ? (int)results.count : -1000;
    }
    arena_fini(&arena);
    return r;
}

static void up_to_date(void **state)
{
    struct storage storage;
    struct search_stats stats;
    char typed[32];
    storage_init(&storage, 5000);
    struct search *search = engine(0, 3000);
    assert_int_equal(ask(search, "a", &storage, "word", 20, NULL), 20);
    assert_int_equal(ask(search, "a", &storage, "4999.ex", 20, NULL), 1);
    for (int64_t g = 2; g < 600; g++) {
        storage.changes = 10 + (int)(g % 7) * 50;
        generation_of(&storage, 1);
        snprintf(typed, sizeof(typed), "g%d", (int)g);
        assert_int_equal(ask(search, "a", &storage, typed, 500, NULL), storage.changes);
        if (g % 100 == 0)
            search_settle_for_test(search);
    }
    search_settle_for_test(search);
    search_stats_for_test(search, &stats);
    assert_int_equal(storage.loads, 1);
    assert_int_equal(storage.updates, 598);
    assert_true(stats.loads == 1 && stats.updates == 598 && stats.rebuilds > 0 &&
                stats.accounts == 1 && stats.evictions == 0);
    assert_int_equal(ask(search, "a", &storage, "word", 500, NULL), 500);
    search_destroy(search);
}

static void failures(void **state)
{
    struct storage storage;
    struct err err = {0};
    storage_init(&storage, 100);
    struct search *search = engine(0, 0);
    storage.fail = HEARTH_ERR_UNAVAILABLE;
    assert_int_equal(ask(search, "a", &storage, "word", 20, &err), HEARTH_ERR_UNAVAILABLE);
    assert_string_equal(err.text, "the storage is away");
    assert_int_equal(ask(search, "a", &storage, "word", 20, NULL), 20);
    generation_of(&storage, 1);
    storage.fail = HEARTH_ERR_TIMEOUT;
    assert_int_equal(ask(search, "a", &storage, "word", 20, NULL), HEARTH_ERR_TIMEOUT);
    storage.fail = HEARTH_ERR_NOT_FOUND; /* no longer knows what changed: loads anew */
    assert_int_equal(ask(search, "a", &storage, "g2", 20, NULL), 10);
    assert_int_equal(storage.loads, 2);
    assert_int_equal(ask(search, "a", &storage, "x", 0, &err), HEARTH_ERR_INVALID);
    assert_int_equal(ask(search, "a", &storage, "x", 501, &err), HEARTH_ERR_INVALID);
    search_destroy(search);
}

static void memory(void **state)
{
    struct storage storage;
    struct search_stats stats;
    char name[16];
    storage_init(&storage, 1000);
    struct search *search = engine(1 << 20, 0); /* enough for about ten of them */
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        assert_int_equal(ask(search, name, &storage, "word", 5, NULL), 5);
        assert_int_equal(ask(search, "a0", &storage, "word", 5, NULL), 5); /* in use: stays */
    }
    search_stats_for_test(search, &stats);
    assert_true(stats.bytes <= 1 << 20 && stats.accounts >= 5 && stats.accounts < 30);
    assert_int_equal(stats.evictions, 40 - stats.accounts);
    assert_int_equal(storage.loads, 40);
    search_forget(search, "a0");
    search_forget(search, "never seen");
    assert_int_equal(ask(search, "a0", &storage, "word", 5, NULL), 5);
    assert_int_equal(storage.loads, 41);
    search_destroy(search);
    search = engine(1, 0); /* even one is too many: it is kept while it is the last used */
    assert_int_equal(ask(search, "a", &storage, "word", 5, NULL), 5);
    assert_int_equal(ask(search, "a", &storage, "word", 5, NULL), 5);
    assert_int_equal(storage.loads, 42);
    search_destroy(search);
    search_destroy(NULL);
}

struct typist {
    pthread_t thread;
    struct search *search;
    struct storage *storage;
    const char *typed;
    int result;
};

static void *type_once(void *ctx)
{
    struct typist *typist = ctx;
    typist->result = ask(typist->search, "a", typist->storage, typist->typed, 20, NULL);
    return NULL;
}

static void start(struct typist *typist, struct search *search, struct storage *storage,
                  const char *typed)
{
    *typist = (struct typist){.search = search, .storage = storage, .typed = typed};
    assert_int_equal(pthread_create(&typist->thread, NULL, type_once, typist), 0);
}

/* While one thread loads, another one is answered from what has arrived, and a third one, for
 * whom that does not suffice, waits. */
static void while_loading(void **state)
{
    struct storage storage;
    struct typist loader, waiter;
    storage_init(&storage, 20000);
    storage.gate = 3000;
    storage.open = false;
    struct search *search = engine(0, 0);
    start(&loader, search, &storage, "19999.ex");
    while (atomic_load(&storage.readers) == 0)
        sched_yield();
    assert_int_equal(ask(search, "a", &storage, "word", 20, NULL), 20);
    assert_int_equal(atomic_load(&storage.readers), 1); /* the load is still at the gate */
    start(&waiter, search, &storage, "19998.ex");
    pthread_mutex_lock(&storage.lock);
    storage.open = true;
    pthread_cond_broadcast(&storage.moved);
    pthread_mutex_unlock(&storage.lock);
    pthread_join(loader.thread, NULL);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(loader.result, 1);
    assert_int_equal(waiter.result, 1);
    assert_int_equal(storage.loads, 1);
    assert_int_equal(storage.together, 0);
    search_destroy(search);
}

/* An account that is being loaded is not dropped to make room. */
static void kept_while_loading(void **state)
{
    struct storage storage, other;
    struct typist loader, waiter;
    storage_init(&storage, 2000);
    storage_init(&other, 2000);
    storage.gate = 100;
    storage.open = false;
    struct search *search = engine(1, 0);
    start(&loader, search, &storage, "1999.ex");
    while (atomic_load(&storage.readers) == 0)
        sched_yield();
    assert_int_equal(ask(search, "b", &other, "word", 5, NULL), 5);
    assert_int_equal(ask(search, "c", &other, "word", 5, NULL), 5);
    start(&waiter, search, &storage, "1998.ex");
    pthread_mutex_lock(&storage.lock);
    storage.open = true;
    pthread_cond_broadcast(&storage.moved);
    pthread_mutex_unlock(&storage.lock);
    pthread_join(loader.thread, NULL);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(loader.result, 1);
    assert_int_equal(waiter.result, 1);
    assert_int_equal(storage.loads, 1);
    search_destroy(search);
}

static struct storage shared[3];
static atomic_bool done;

static void *type_on(void *ctx)
{
    static const char *const names[] = {"a", "b", "c"}, *const typed[] = {"word",  "g",   "77",
                                                                          "12.ex", "w e", "zzz",
                                                                          ""};
    struct typist *typist = ctx;
    for (unsigned i = 0; !atomic_load(&done); i++) {
        int at = (int)(i % 3),
            found = ask(typist->search, names[at], &shared[at], typed[i % 7], 1 + i % 50, NULL);
        typist->result += found < 0;
    }
    return NULL;
}

/* Many type, generations pass, blocks are rebuilt, dropped and forgotten. */
static void all_at_once(void **state)
{
    enum { THREADS = 6 };
    struct typist typists[THREADS];
    struct search *search = engine(700 << 10, 3000); /* not enough for all three */
    for (int i = 0; i < 3; i++) {
        storage_init(&shared[i], 4000);
        shared[i].changes = 300;
    }
    for (int i = 0; i < THREADS; i++) {
        typists[i] = (struct typist){.search = search};
        assert_int_equal(pthread_create(&typists[i].thread, NULL, type_on, &typists[i]), 0);
    }
    for (int i = 0; i < 300; i++) {
        struct search_stats stats;
        generation_of(&shared[i % 3], 1);
        search_stats_for_test(search, &stats);
        if (i % 10 == 0)
            search_forget(search, "b");
        assert_true(ask(search, "a", &shared[0], "word", 20, NULL) == 20);
    }
    atomic_store(&done, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(typists[i].thread, NULL);
        assert_int_equal(typists[i].result, 0);
    }
    assert_int_equal(shared[0].together, 0); /* one loads, the others wait */
    assert_int_equal(shared[2].together, 0);
    search_destroy(search);
}

static void refresh(void *ctx, struct search *search, const char *account, int64_t generation)
{
    const struct search_source source = {.ctx = ctx, .pages = pages, .changed = changed};
    struct err err = {0};
    search_refresh(search, account, generation, &source, &err);
}

/* Who is expected finds the block there; what changes is brought up to date before they ask
 * again; nobody else costs anything. */
static void made_ready(void **state)
{
    struct storage storage;
    struct search_stats stats;
    storage_init(&storage, 100);
    const struct search_config config = {.refresh = refresh, .refresh_ctx = &storage};
    struct search *search;
    assert_int_equal(search_create(&config, &search, NULL), 0);
    search_changed(search, "a", 1); /* never asked */
    search_settle_for_test(search);
    assert_int_equal(storage.loads, 0);
    search_expect(search, "a", 1);
    search_settle_for_test(search);
    assert_int_equal(storage.loads, 1);
    search_expect(search, "a", 1);
    assert_int_equal(ask(search, "a", &storage, "word", 20, NULL), 20);
    assert_int_equal(storage.loads, 1);
    for (int i = 0; i < 50; i++)
        search_changed(search, "a", generation_of(&storage, 1));
    search_settle_for_test(search);
    int updates = storage.updates;
    assert_in_range(updates, 1, 50); /* those that came while one ran are one */
    assert_int_equal(ask(search, "a", &storage, "g51", 20, NULL), 10);
    assert_int_equal(storage.updates, updates);
    /* a failure in the background hurts nobody: who asks does it */
    storage.fail = HEARTH_ERR_UNAVAILABLE;
    search_changed(search, "a", generation_of(&storage, 1));
    search_settle_for_test(search);
    assert_int_equal(ask(search, "a", &storage, "g52", 20, NULL), 10);
    search_stats_for_test(search, &stats);
    assert_int_equal(stats.loads, 1);
    search_forget(search, "a");
    search_changed(search, "a", generation_of(&storage, 1));
    search_stop(search);
    search_expect(search, "a", 54); /* too late: nothing happens */
    search_destroy(search);
    assert_int_equal(storage.loads, 1);
}

static void *wait_shortly(void *ctx)
{
    struct typist *typist = ctx;
    struct arena arena;
    struct search_results results;
    struct err err = {0};
    arena_init(&arena, 0);
    const struct search_source source = {
        .ctx = typist->storage, .deadline = 1, .pages = pages, .changed = changed};
    const struct search_request request = {
        .account = "a", .generation = 1, .query = "1999.ex", .in = SEARCH_IN_ALL, .limit = 20};
    typist->result = search_run(typist->search, &request, &source, &arena, &results, &err);
    arena_fini(&arena);
    return NULL;
}

/* Who waits for another one's load waits until their own deadline, however long that load takes. */
static void waits_until_the_deadline(void **state)
{
    struct storage storage;
    struct typist loader, waiter = {.storage = &storage};
    storage_init(&storage, 2000);
    storage.gate = 100;
    storage.open = false;
    struct search *search = engine(0, 0);
    start(&loader, search, &storage, "1999.ex");
    while (atomic_load(&storage.readers) == 0)
        sched_yield();
    waiter.search = search;
    assert_int_equal(pthread_create(&waiter.thread, NULL, wait_shortly, &waiter), 0);
    pthread_join(waiter.thread, NULL); /* the load is still at the gate */
    assert_int_equal(waiter.result, HEARTH_ERR_TIMEOUT);
    pthread_mutex_lock(&storage.lock);
    storage.open = true;
    pthread_cond_broadcast(&storage.moved);
    pthread_mutex_unlock(&storage.lock);
    pthread_join(loader.thread, NULL);
    assert_int_equal(loader.result, 1);
    search_destroy(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(up_to_date),
                                       cmocka_unit_test(failures),
                                       cmocka_unit_test(memory),
                                       cmocka_unit_test(while_loading),
                                       cmocka_unit_test(kept_while_loading),
                                       cmocka_unit_test(all_at_once),
                                       cmocka_unit_test(made_ready),
                                       cmocka_unit_test(waits_until_the_deadline)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
