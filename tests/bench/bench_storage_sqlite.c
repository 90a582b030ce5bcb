/* Rates of the storage plugin "sqlite": bench_storage_sqlite [pages]. The plugin is the file
 * that STORAGE_SQLITE names. Times are CPU times of the process in ms, so that a busy machine
 * disturbs them less; wall times stand behind. */
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../plugins/storage-sqlite/fixture.h"
#include "measure.h"

struct stopwatch {
    double cpu, wall;
};

static struct stopwatch start(void)
{
    return (struct stopwatch){seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC)};
}

static void print(const char *what, struct stopwatch since, double times)
{
    double cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - since.cpu) / times,
           wall = (seconds(CLOCK_MONOTONIC) - since.wall) / times;
    printf("%-58s %10.3f ms cpu %10.3f ms wall\n", what, cpu * 1e3, wall * 1e3);
}

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        char line[128];
        if (fgets(line, sizeof(line), file) != NULL) {
            char *end;
            pages = strtol(line, &end, 10);
            resident = strtol(end, NULL, 10);
        }
        fclose(file);
    }
    return pages > 0 ? resident * (sysconf(_SC_PAGESIZE) / 1024) : 0;
}

static int64_t random_date(void)
{
    return 1700000000000 + (int64_t)(next_random() % 31536000000u);
}

/* What a first sync does for each history record. */
static void put_record(struct storage *storage, int64_t id, size_t i)
{
    char url[200], host[64], guid[16], title[120];
    uint64_t r = next_random();
    int site = (int)(5000.0 * (double)(r & 0xffff) / 65536.0 * (double)(r >> 16 & 0xffff) /
                     65536.0 * (double)(r >> 32 & 0xffff) / 65536.0);
    snprintf(host, sizeof(host), "www.site%d.example", site);
    snprintf(url, sizeof(url), "https://%s/section/article-%llx-%zu.html?ref=home&x=%zu", host,
             (unsigned long long)(id & 0xffffffff), i, i * 7);
    snprintf(guid, sizeof(guid), "%012llx", (unsigned long long)(next_random() & 0xffffffffffff));
    snprintf(title, sizeof(title), "An article about things %zu in the world of %x", i,
             (unsigned)next_random());
    struct hearth_visit visits[3];
    int64_t last = 0, added;
    for (int k = 0; k < 3; k++) {
        visits[k] = (struct hearth_visit)HEARTH_VISIT(random_date(), 1 + k % 2);
        last = visits[k].date > last ? visits[k].date : last;
    }
    struct hearth_page page = {.struct_size = sizeof(page),
                               .id = id,
                               .url = url,
                               .host = host,
                               .guid = guid,
                               .title = title,
                               .frecency =
                                   (int64_t)(100 + next_random() % 100 * (next_random() % 200)),
                               .visit_count = 3,
                               .last_visit = last};
    struct hearth_page known = {.struct_size = sizeof(known)};
    assert_int_equal(STORAGE(storage, NULL, page_get, "a", id, &known), HEARTH_ERR_NOT_FOUND);
    OK(storage, page_put, &page);
    OK(storage, visits_put, id, visits, 3, &added);
    OK(storage, page_guid_put, guid, id);
    plug_storage_reset(storage);
}

static int on_counted_page(void *ctx, const struct hearth_page *page)
{
    size_t *count = ctx;
    *count += 1 + (page->url[0] == '\0');
    return 0;
}

struct limit {
    size_t left;
};

static int on_limited_visit(void *ctx, const struct hearth_visit_row *row)
{
    struct limit *limit = ctx;
    (void)row;
    return --limit->left == 0;
}

static int on_counted_visit(void *ctx, const struct hearth_visit_row *row)
{
    (void)row;
    ++*(size_t *)ctx;
    return 0;
}

static int on_counted_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    (void)bookmark;
    ++*(size_t *)ctx;
    return 0;
}

static void bench_visits(struct storage *storage)
{
    enum { TIMES = 500 };
    static const char *const hosts[] = {NULL, "www.site0.example", "www.site4000.example",
                                        "nowhere.example"};
    for (size_t h = 0; h < 4; h++) {
        char what[100];
        struct stopwatch since = start();
        for (int i = 0; i < TIMES; i++) {
            struct hearth_visit_query query = {
                .struct_size = sizeof(query), .host = hosts[h], .to = random_date()};
            OK(storage, visit_list, "a", &query, on_limited_visit, &(struct limit){50});
        }
        snprintf(what, sizeof(what), "history page of 50 at a random date, host %s",
                 hosts[h] == NULL ? "any" : hosts[h]);
        print(what, since, TIMES);
    }
    struct stopwatch since = start();
    for (int i = 0; i < TIMES; i++) {
        struct hearth_visit_query query = {.struct_size = sizeof(query)};
        OK(storage, visit_list, "a", &query, on_limited_visit, &(struct limit){50});
    }
    print("history page of 50, the newest", since, TIMES);
    size_t count = 0;
    since = start();
    OK(storage, visit_dates, "a", 1700000000000, 1700000000000 + 30 * 86400000LL, on_counted_visit,
       &count);
    print("dates of 30 days", since, 1);
    printf("%58zu visits\n", count);
}

static void bench_bookmarks(struct storage *storage, const int64_t *ids)
{
    enum { FOLDERS = 50, ITEMS = 200, TIMES = 200 };
    char guid[32], folder[32];
    struct stopwatch since = start();
    begin(storage, "a", HEARTH_BOOKMARKS);
    put_bookmark(storage, "menu________", HEARTH_FOLDER, NULL, 0);
    for (int f = 0; f < FOLDERS; f++) {
        snprintf(folder, sizeof(folder), "folder%06d", f);
        put_bookmark(storage, folder, HEARTH_FOLDER, "menu________", f);
        for (int i = 0; i < ITEMS; i++) {
            snprintf(guid, sizeof(guid), "mark%03d%05d", f, i);
            struct hearth_bookmark bookmark = make_bookmark(guid, HEARTH_BOOKMARK, folder, i);
            bookmark.title = "A page that was worth keeping";
            bookmark.url = "https://www.example.org/a/page/worth/keeping";
            bookmark.tags = i % 10 == 0 ? "read later\nwork" : NULL;
            bookmark.page = ids[f * ITEMS + i];
            bookmark.added = random_date();
            OK(storage, bookmark_put, &bookmark);
        }
        plug_storage_reset(storage);
    }
    commit(storage);
    print("batch of 10,000 bookmarks", since, 1);
    size_t count = 0;
    since = start();
    for (int t = 0; t < TIMES; t++) {
        snprintf(folder, sizeof(folder), "folder%06d", t % FOLDERS);
        struct hearth_bookmark_query query = {
            .struct_size = sizeof(query), .parent = folder, .after = -1};
        OK(storage, bookmark_list, "a", &query, on_counted_bookmark, &count);
    }
    print("bookmark folder of 200", since, TIMES);
    assert_int_equal(count, TIMES * ITEMS);
}

static void bench_updates(struct storage *storage, const int64_t *ids, size_t pages)
{
    struct stopwatch since = start();
    begin(storage, "a", HEARTH_HISTORY);
    for (int i = 0; i < 1000; i++) {
        int64_t id = ids[next_random() % pages], added;
        struct hearth_page page = {.struct_size = sizeof(page)};
        OK(storage, page_get, "a", id, &page);
        struct hearth_visit visit =
            HEARTH_VISIT(1731536000000 + (int64_t)(next_random() % 86400000), 1);
        OK(storage, visits_put, id, &visit, 1, &added);
        page.frecency += (int64_t)(next_random() % 500);
        page.visit_count++;
        page.last_visit = visit.date > page.last_visit ? visit.date : page.last_visit;
        OK(storage, page_put, &page);
        plug_storage_reset(storage);
    }
    commit(storage);
    print("batch of 1,000 changed pages, a visit of today each", since, 1);
}

static void bench_idle(struct fixture *fixture)
{
    enum { HANDLES = 8 };
    struct storage storages[HANDLES];
    for (int i = 0; i < HANDLES; i++) {
        size_t count = 0;
        fixture_handle(fixture, &storages[i]);
        OK(&storages[i], pages_by_frecency, "a", on_counted_page, &count);
        struct hearth_visit_query query = {.struct_size = sizeof(query)};
        OK(&storages[i], visit_list, "a", &query, on_limited_visit, &(struct limit){500});
    }
    printf("%-58s %10ld KiB resident\n", "eight more sessions, each has scanned all pages",
           resident_kib());
    for (int i = 0; i < HANDLES; i++)
        plug_storage_close(&storages[i]);
}

int main(int argc, char **argv)
{
    size_t pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    int64_t *ids = calloc(pages < 10000 ? 10000 : pages, sizeof(*ids));
    void *state;
    fixture_setup(&state);
    struct fixture *fixture = state;
    struct storage *storage = &fixture->storage;
    printf("%-58s %10ld KiB resident\n", "empty", resident_kib());
    struct stopwatch since = start();
    begin(storage, "a", HEARTH_HISTORY);
    for (size_t i = 0; i < pages; i++) {
        ids[i] = (int64_t)(next_random() >> 1 | 1);
        put_record(storage, ids[i], i);
    }
    printf("%-58s %10ld KiB resident\n", "before the commit", resident_kib());
    commit(storage);
    print("first sync: batch of all pages, 3 visits and a guid each", since, 1);
    printf("%-58s %10ld KiB resident\n", "after the commit", resident_kib());
    for (int i = 0; i < 3; i++) {
        size_t count = 0;
        since = start();
        OK(storage, pages_by_frecency, "a", on_counted_page, &count);
        print("pages in the order of frecency", since, 1);
        assert_int_equal(count, pages);
    }
    bench_visits(storage);
    bench_updates(storage, ids, pages);
    bench_updates(storage, ids, pages);
    bench_bookmarks(storage, ids);
    since = start();
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    for (int i = 0; i < 1000; i++)
        OK(storage, counts, "a", &counts);
    print("counts", since, 1000);
    bench_idle(fixture);
    struct lines *lines = calloc(1, sizeof(*lines));
    lines->stop_after = 10;
    since = start();
    OK(storage, verify, on_text, lines);
    print("verify", since, 1);
    fixture_teardown(&state);
    free(lines);
    free(ids);
    return 0;
}
