/* What a source gives, between begin() and commit() of its sink. */
#ifndef TESTS_UNIT_MERGE_GIVING_H
#define TESTS_UNIT_MERGE_GIVING_H

#include "../../plugins/storage-sqlite/fixture.h"
#include "merge/sink.h"

static struct sink sink;

static inline void give_visits(const char *guid, const char *url, const char *title, size_t count,
                               const struct hearth_visit *visits)
{
    struct hearth_page_record record = {.struct_size = sizeof(record),
                                        .guid = guid,
                                        .url = url,
                                        .title = title,
                                        .visits = visits,
                                        .visit_count = count};
    assert_int_equal(sink.hearth.page(&sink, &record), 0);
}

#define DATES(...)                                                                                 \
    sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[])                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static inline void give_page(const char *guid, const char *url, const char *title, size_t count,
                             const int64_t *dates)
{
    struct hearth_visit visits[8]; /* what they say of a source is not believed */
    for (size_t i = 0; i < count; i++)
        visits[i] = (struct hearth_visit)HEARTH_VISIT_OF(dates[i], HEARTH_VISIT_LINK, 77);
    give_visits(guid, url, title, count, visits);
}

#endif
