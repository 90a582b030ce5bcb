/* Spool, limits and the set of pages. Merging is tested through the whole daemon (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "merge/limits.h"
#include "merge/records.h"

static void put_page(struct spool *spool, int i, size_t title_size)
{
    char guid[16], *title = malloc(title_size + 1);
    assert_non_null(title);
    snprintf(guid, sizeof(guid), "g%d", i);
    memset(title, 'a' + i % 26, title_size);
    title[title_size] = '\0';
    struct hearth_visit visits[3] = {HEARTH_VISIT(i, 1), HEARTH_VISIT(i + 1, 2),
                                     HEARTH_VISIT(i + 2, 3)};
    struct hearth_page_record record = {.struct_size = sizeof(record),
                                        .guid = guid,
                                        .url = "https://x.example/",
                                        .title = i % 3 == 0 ? NULL : title,
                                        .visits = visits,
                                        .visit_count = (uint32_t)(i % 4 == 3 ? 3 : i % 4),
                                        .modified = i * 7};
    struct err err = {0};
    assert_int_equal(merge_records_put_page(spool, &record, &err), 0);
    free(title);
}

static void check_pages(struct spool *spool, int count, size_t title_size)
{
    struct arena arena;
    struct err err = {0};
    arena_init(&arena, 0);
    merge_spool_rewind(spool);
    for (int i = 0; i < count; i++) {
        int kind;
        char guid[16];
        struct hearth_page_record record;
        assert_int_equal(merge_spool_next(spool, &kind, &err), 1);
        assert_int_equal(kind, RECORD_PAGE);
        assert_int_equal(merge_records_get_page(spool, &arena, &record, &(int64_t){0}), 0);
        snprintf(guid, sizeof(guid), "g%d", i);
        assert_string_equal(record.guid, guid);
        if (i % 3 == 0)
            assert_null(record.title);
        else
            assert_int_equal(strlen(record.title), title_size);
        assert_int_equal(record.modified, i * 7);
        assert_int_equal(record.visit_count, i % 4);
        for (uint32_t k = 0; k < record.visit_count; k++)
            assert_int_equal(record.visits[k].date, i + (int)k);
        arena_reset(&arena);
    }
    int kind;
    assert_int_equal(merge_spool_next(spool, &kind, &err), 0);
    arena_fini(&arena);
}

static void test_spool(void **state)
{
    (void)state;
    struct spool spool;
    merge_spool_init(&spool, "/tmp", NULL);
    check_pages(&spool, 0, 0);
    for (int i = 0; i < 100; i++)
        put_page(&spool, i, 50);
    assert_int_equal(spool.fd, -1); /* small: in memory */
    check_pages(&spool, 100, 50);
    check_pages(&spool, 100, 50); /* a second time */
    merge_spool_clear(&spool);
    for (int i = 0; i < 20000; i++)
        put_page(&spool, i, 60);
    assert_true(spool.fd >= 0);
    assert_true(spool.pending.room <= 4 * SPOOL_BUFFER); /* memory does not grow with it */
    check_pages(&spool, 20000, 60);
    merge_spool_clear(&spool);
    for (int i = 0; i < 7; i++)
        put_page(&spool, i, 3000000);
    check_pages(&spool, 7, 3000000);
    merge_spool_fini(&spool);
    merge_spool_init(&spool, "/nonexistent", NULL);
    struct err err = {0};
    int r = 0;
    char big[4096];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    for (int i = 0; i < 1000 && r == 0; i++)
        r = merge_records_put_removed(&spool, big, i, &err);
    assert_true(r < 0);
    assert_non_null(strstr(err.text, "/nonexistent"));
    merge_spool_fini(&spool);
}

/* Whatever provider brings them; who has more already may do with fewer. */
static void test_devices_and_tabs(void **state)
{
    (void)state;
    const struct limits limits = {.pages = 0};
    struct hearth_counts before = {.devices = 3, .tabs = 7},
                         now = {.devices = LIMITS_DEVICES, .tabs = LIMITS_TABS};
    struct err err = {0};
    struct message_kept why;
    assert_int_equal(merge_limits_check_counts(&limits, &before, &now, "devices", &why, &err), 0);
    now.devices++;
    assert_int_equal(merge_limits_check_counts(&limits, &before, &now, "devices", &why, &err),
                     HEARTH_ERR_FULL);
    assert_non_null(strstr(err.text, "1001 devices, and 1000 is the most"));
    before.devices = now.devices;
    assert_int_equal(merge_limits_check_counts(&limits, &before, &now, "devices", &why, &err), 0);
    now.tabs++;
    assert_int_equal(merge_limits_check_counts(&limits, &before, &now, "tabs", &why, &err),
                     HEARTH_ERR_FULL);
    assert_non_null(strstr(err.text, "100001 open tabs, and 100000 is the most"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool),
        cmocka_unit_test(test_devices_and_tabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
