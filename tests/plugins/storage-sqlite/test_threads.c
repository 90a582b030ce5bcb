/* Several handles at once: backups while all of them write; another process. The rest is in the
 * conformance kit. */
#include "fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_many(struct storage *storage, int64_t first, int64_t count)
{
    for (int64_t i = first; i < first + count; i++)
        put_visited(storage, i, "https://example.org/", "example.org", 2,
                    (const int64_t[]){i, i + 1});
}

/* Eight threads, each with a handle: batches on two accounts, single writes and reads of every
 * kind. */
enum { THREADS = 8, ROUNDS = 40 };

struct mixer {
    struct fixture *fixture;
    int number;
    pthread_t thread;
};

static int on_any_page(void *ctx, const struct hearth_page *page)
{
    ++*(size_t *)ctx;
    return page->url == NULL;
}

static void mix_batch(struct storage *storage, const char *account, int64_t first)
{
    begin(storage, account, HEARTH_HISTORY);
    put_many(storage, first, 20);
    OK(storage, page_remove, first);
    if (first % 3 == 0)
        storage->ops->batch_abort(storage->handle);
    else
        commit(storage);
}

static void *mixer_main(void *self)
{
    struct mixer *mixer = self;
    struct storage storage;
    const char *account = mixer->number % 2 == 0 ? "a" : "b";
    fixture_handle(mixer->fixture, &storage);
    for (int64_t round = 0; round < ROUNDS; round++) {
        size_t pages = 0;
        struct hearth_counts counts = {.struct_size = sizeof(counts)};
        mix_batch(&storage, account, 1 + mixer->number * 100000 + round * 20);
        OK(&storage, pages_by_frecency, account, on_any_page, &pages);
        OK(&storage, settings_put, account, "{}");
        OK(&storage, counts, account, &counts);
        assert_true(counts.pages >= (int64_t)pages - 20 * THREADS);
        struct hearth_visit_query query = {.struct_size = sizeof(query), .host = "example.org"};
        struct lines *lines = calloc(1, sizeof(*lines));
        lines->stop_after = 50;
        OK(&storage, visit_list, account, &query, on_visit_row, lines);
        free(lines);
        plug_storage_reset(&storage);
    }
    plug_storage_close(&storage);
    return NULL;
}

static void test_mixed_work(void **state)
{
    struct fixture *fixture = *state;
    struct mixer mixers[THREADS];
    char path[128];
    for (int i = 0; i < THREADS; i++) {
        mixers[i] = (struct mixer){.fixture = fixture, .number = i};
        assert_int_equal(pthread_create(&mixers[i].thread, NULL, mixer_main, &mixers[i]), 0);
    }
    for (int i = 0; i < 5; i++) { /* backups while all of them write */
        snprintf(path, sizeof(path), "%s/copy%d.tar", fixture->directory, i);
        OK_OF(&fixture->storage, backup, backup, path);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(mixers[i].thread, NULL);
    assert_sound(&fixture->storage);
    struct hearth_account got = {.struct_size = sizeof(got)};
    int64_t generation = 0;
    for (int i = 0; i < 2; i++) {
        OK(&fixture->storage, account_get, i == 0 ? "a" : "b", &got);
        generation += got.generation;
    }
    int64_t committed = 0;
    for (int64_t number = 0; number < THREADS; number++)
        for (int64_t round = 0; round < ROUNDS; round++)
            committed += (1 + number * 100000 + round * 20) % 3 != 0;
    assert_int_equal(generation, committed); /* no batch was lost, none counted twice */
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), "%s/copy%d.tar", fixture->directory, i);
        fixture_restore(fixture, path, true, 0);
        assert_sound(&fixture->storage);
    }
}

/* A connection that is not ours holds the write lock, as another process would. */
static void test_another_process_writes(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *other;
    fixture_close(fixture);
    fixture->values[4].number = 100; /* busy_timeout */
    fixture_reopen(fixture);
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int64_t start = now_ms();
    FAILS(UNAVAILABLE, &fixture->storage, settings_put, "a", "{}");
    assert_true(now_ms() - start >= 95);
    fixture->storage.call.hearth.deadline = now_ms() + 30;
    FAILS(TIMEOUT, &fixture->storage, settings_put, "a", "{}");
    fixture->storage.call.hearth.deadline = 0;
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(&fixture->storage, account_get, "a", &got); /* reading goes on */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    OK(&fixture->storage, settings_put, "a", "{}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_mixed_work),
        TEST(test_another_process_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
