/* The storing of a first sync alone, without network and decoding: bench_merge [pages]. A tenth as
 * many bookmarks, then history with about 2.4 visits for each page, through the core's sink into
 * the plugin that STORAGE_SQLITE names. CPU is that of the thread that stores; the helpers' is
 * what the process used beside it. */
#include <sys/resource.h>

#include "merge/sink.h"
#include "../plugins/storage-sqlite/fixture.h"
#include "measure.h"

enum { IN_FOLDER = 40 };

static void make_guid(char *out, size_t size)
{
    snprintf(out, size, "%012llx", (unsigned long long)(next_random() & 0xffffffffffff));
}

static void make_url(char *out, size_t size, size_t i)
{
    snprintf(out, size, "https://www.site%zu.example/section/%zu/article-%zx.html?ref=home",
             i * 7919 % 5000 * (i % 97) / 97, i % 31, i * 2654435761u % 4294967291u);
}

static void give_bookmark(struct sink *sink, size_t i)
{
    static char folder[16], guid[16];
    char url[200], title[80];
    bool opens = i % IN_FOLDER == 0;
    make_guid(opens ? folder : guid, sizeof(guid));
    make_url(url, sizeof(url), i * 7);
    snprintf(title, sizeof(title), "Something to read again, number %zu", i);
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = opens ? HEARTH_FOLDER : HEARTH_BOOKMARK,
                                            .guid = opens ? folder : guid,
                                            .parent_guid = opens ? "menu" : folder,
                                            .title = title,
                                            .url = opens ? NULL : url,
                                            .added = 1700000000000 + (int64_t)i,
                                            .modified = 1700000000000 + (int64_t)i};
    assert_int_equal(sink->hearth.bookmark(sink, &record), 0);
}

static void give_page(struct sink *sink, size_t i)
{
    char url[200], guid[16], title[80];
    struct hearth_visit visits[4];
    uint32_t count = 1 + (uint32_t)(next_random() % 40 + 4) / 10;
    int64_t date = 1700000000000 + (int64_t)(next_random() % 31536000000u);
    count = count > 4 ? 4 : count;
    for (uint32_t k = 0; k < count; k++)
        visits[k] =
            (struct hearth_visit)HEARTH_VISIT(date - (int64_t)k * 86400000, 1 + (int)(k % 2));
    make_guid(guid, sizeof(guid));
    make_url(url, sizeof(url), i);
    snprintf(title, sizeof(title), "An article about things %zu in the world of %zx", i, i * 31);
    struct hearth_page_record record = {.struct_size = sizeof(record),
                                        .guid = guid,
                                        .url = url,
                                        .title = title,
                                        .visits = visits,
                                        .visit_count = count};
    assert_int_equal(sink->hearth.page(sink, &record), 0);
}

/* Spooling is not what is measured. */
static void store(struct fixture *fixture, const char *what, int32_t collection, size_t count,
                  void (*give)(struct sink *sink, size_t i))
{
    struct sink sink;
    merge_sink_init(&sink, &fixture->storage, NULL, "a", "file", fixture->directory, NULL);
    assert_int_equal(sink.hearth.begin(&sink, collection, HEARTH_COMPLETE), 0);
    for (size_t i = 0; i < count; i++)
        give(&sink, i);
    double thread = seconds(CLOCK_THREAD_CPUTIME_ID), all = seconds(CLOCK_PROCESS_CPUTIME_ID),
           wall = seconds(CLOCK_MONOTONIC);
    if (sink.hearth.commit(&sink, NULL) < 0)
        fail_msg("commit: %s", sink.err.text);
    thread = seconds(CLOCK_THREAD_CPUTIME_ID) - thread;
    all = seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
    printf("%-10s %8zu records: cpu %.3f s, of helpers %.3f s, wall %.3f s\n", what, count, thread,
           all - thread, seconds(CLOCK_MONOTONIC) - wall);
    merge_sink_fini(&sink);
}

int main(int argc, char **argv)
{
    size_t pages = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 100000;
    void *state = NULL;
    struct rusage usage;
    fixture_setup(&state);
    struct fixture *fixture = state;
    store(fixture, "bookmarks", HEARTH_BOOKMARKS, pages / 10, give_bookmark);
    store(fixture, "history", HEARTH_HISTORY, pages, give_page);
    getrusage(RUSAGE_SELF, &usage);
    printf("peak %ld MB, blocks written %ld\n", usage.ru_maxrss / 1024, usage.ru_oublock);
    fixture_teardown(&state);
    return 0;
}
