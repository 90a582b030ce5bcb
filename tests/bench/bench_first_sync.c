/* What everybody else notices of a first sync: bench_first_sync [pages] [reads_ms writes_ms].
 * While one person's pages, with three visits each, are stored in one batch, other handles read
 * and write, hers and another person's; prints percentiles of what they waited. With limits,
 * exit code 1 when a 99th percentile is above. The plugin is the file that STORAGE_SQLITE names. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "../plugins/storage-sqlite/fixture.h"

enum { SAMPLES = 200000, PAUSE_US = 2000 };

static atomic_bool done;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int64_t scatter(int64_t i)
{
    return (int64_t)(((uint64_t)i * 0x9e3779b97f4a7c15u) >> 1 | 1);
}

static int on_counted_row(void *ctx, const struct hearth_visit_row *row)
{
    (void)row;
    return ++*(int *)ctx >= 50;
}

static void read_things(struct storage *storage, const char *account, int round)
{
    int rows = 0;
    struct hearth_account got = {.struct_size = sizeof(got)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    (void)round;
    OK(storage, account_get, account, &got);
    OK(storage, counts, account, &counts);
    OK(storage, visit_list, account, &query, on_counted_row, &rows);
}

static void write_setting(struct storage *storage, const char *account, int round)
{
    (void)round;
    OK(storage, settings_put, account, "{\"timezone\":\"UTC\"}");
}

static void write_token(struct storage *storage, const char *account, int round)
{
    uint8_t hash[32] = {(uint8_t)account[0]};
    char id[24];
    memcpy(hash + 1, &round, sizeof(round));
    snprintf(id, sizeof(id), "%s%d", account, round);
    struct hearth_token token = {
        .struct_size = sizeof(token), .id = id, .account = account, .name = "n", .hash = hash};
    OK(storage, token_create, &token);
}

static void write_account(struct storage *storage, const char *account, int round)
{
    struct hearth_account change = {
        .struct_size = sizeof(change), .id = account, .last_seen = round};
    OK(storage, account_update, &change, HEARTH_ACCOUNT_LAST_SEEN);
}

static void write_batch(struct storage *storage, const char *account, int round)
{
    begin(storage, account, HEARTH_HISTORY);
    put_visited(storage, 1 + round, "https://other.example/", "other.example", 1,
                (const int64_t[]){round});
    commit(storage);
}

struct meter {
    const char *name, *account;
    void (*act)(struct storage *storage, const char *account, int round);
    bool reads;
    struct fixture *fixture;
    double *waited;
    size_t count;
    pthread_t thread;
};

static void *meter_main(void *self)
{
    struct meter *meter = self;
    struct storage storage;
    fixture_handle(meter->fixture, &storage);
    meter->waited = calloc(SAMPLES, sizeof(double));
    while (!atomic_load(&done) && meter->count < SAMPLES) {
        double from = now_ms();
        meter->act(&storage, meter->account, (int)meter->count);
        meter->waited[meter->count++] = now_ms() - from;
        plug_storage_reset(&storage);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_US * 1000L}, NULL);
    }
    plug_storage_close(&storage);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool report(struct meter *meter, double limit)
{
    qsort(meter->waited, meter->count, sizeof(double), compare);
    double p99 = meter->waited[meter->count * 99 / 100];
    printf("%-52s %7zu times  p50 %8.2f  p99 %8.2f  max %8.2f ms\n", meter->name, meter->count,
           meter->waited[meter->count / 2], p99, meter->waited[meter->count - 1]);
    free(meter->waited);
    return limit == 0 || p99 < limit;
}

static void store_all(struct storage *storage, int64_t pages)
{
    char url[96], host[48];
    begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= pages; i++) {
        snprintf(host, sizeof(host), "www.site%d.example", (int)(i % 997));
        snprintf(url, sizeof(url), "https://%s/some/path/%lld", host, (long long)i);
        put_visited(storage, scatter(i), url, host, 3,
                    (const int64_t[]){scatter(i) % 1000000007, scatter(i + 7) % 1000000007, 5});
        if (i % 100 == 0)
            plug_storage_reset(storage);
    }
    double from = now_ms();
    commit(storage);
    printf("the commit itself %.0f ms\n", now_ms() - from);
}

int main(int argc, char **argv)
{
    int64_t pages = argc > 1 ? strtoll(argv[1], NULL, 10) : 200000;
    double reads = argc > 2 ? strtod(argv[2], NULL) : 0,
           writes = argc > 3 ? strtod(argv[3], NULL) : 0;
    struct meter meters[] = {
        {"reads of another person", "b", read_things, true},
        {"reads of the same person: the state before", "a", read_things, true},
        {"settings of another person", "b", write_setting, false},
        {"settings of the same person", "a", write_setting, false},
        {"token for another person", "b", write_token, false},
        {"token for the same person", "a", write_token, false},
        {"account of the same person", "a", write_account, false},
        {"a small batch of another person", "b", write_batch, false},
    };
    enum { METERS = sizeof(meters) / sizeof(meters[0]) };
    void *state;
    bool good = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    fixture_setup(&state);
    struct fixture *fixture = state;
    begin(&fixture->storage, "a", HEARTH_HISTORY);
    put_visited(&fixture->storage, 1, "https://u/", "u", 1, (const int64_t[]){1});
    commit(&fixture->storage);
    for (size_t i = 0; i < METERS; i++) {
        meters[i].fixture = fixture;
        assert_int_equal(pthread_create(&meters[i].thread, NULL, meter_main, &meters[i]), 0);
    }
    double from = now_ms();
    store_all(&fixture->storage, pages);
    printf("%lld pages with %lld visits stored in one batch: %.1f s\n", (long long)pages,
           (long long)(3 * pages), (now_ms() - from) / 1e3);
    atomic_store(&done, true);
    for (size_t i = 0; i < METERS; i++) {
        pthread_join(meters[i].thread, NULL);
        good &= report(&meters[i], meters[i].reads ? reads : writes);
    }
    assert_sound(&fixture->storage);
    fixture_teardown(&state);
    return good ? 0 : 1;
}
