#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/err.h"
#include "base/findings.h"
#include "base/metrics.h"
#include "base/str.h"

static void test_guesses(void **state)
{
    (void)state;
    int distance = STR_NOT_NEAR;
    assert_false(str_is_nearer("frobnicate", "export", &distance));
    assert_false(str_is_nearer("", "export", &distance));
    assert_false(str_is_nearer("ab", "xy", &distance));
    assert_int_equal(distance, STR_NOT_NEAR);
    assert_true(str_is_nearer("lts", "list", &distance));
    assert_int_equal(distance, 2);
    assert_true(str_is_nearer("lts", "lt", &distance));
    assert_false(str_is_nearer("lts", "ls", &distance)); /* no nearer than that */
    assert_int_equal(distance, 1);
}

/* However many warnings came before it. */
static void test_a_fault_is_kept(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct err err = {0};
    for (int i = 0; i < 2 * FINDINGS_MAX; i++)
        findings_add(&findings, 0, "warning %d", i);
    findings_add(&findings, HEARTH_ERR_INVALID, "a fault");
    assert_int_equal(findings_first(&findings, &err), HEARTH_ERR_INVALID);
    assert_string_equal(err.text, "a fault");
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_int_equal(findings.more, FINDINGS_MAX + 1);
    assert_string_equal(findings.items[FINDINGS_MAX - 2].text, "warning 98");
    for (int i = 0; i < 2 * FINDINGS_MAX; i++)
        findings_add(&findings, HEARTH_ERR_IO, "fault %d", i);
    assert_string_equal(findings.items[0].text, "a fault");
    assert_string_equal(findings.items[FINDINGS_MAX - 1].text, "fault 98");
    assert_int_equal(findings.count + findings.more, 4 * FINDINGS_MAX + 1);
    findings_fini(&findings);
}

static void test_array_grows(void **state)
{
    (void)state;
    int *items = NULL;
    size_t room = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(ARRAY_MAKE_ROOM(items, i, room));
        assert_true(i < room);
        items[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    size_t before = room;
    int *where = items;
    assert_true(ARRAY_MAKE_ROOM(items, room - 1, room)); /* there is room */
    assert_int_equal(room, before);
    assert_ptr_equal(items, where);
    assert_false(array_make_room(&items, room, &room, SIZE_MAX)); /* more than there is */
    assert_int_equal(room, before);
    assert_ptr_equal(items, where);
    free(items);
}

static void test_numbers(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_true(str_to_int("-42", &v));
    assert_int_equal(v, -42);
    static const char *const wrong[] = {"", "-", "1x", " 1", "0x10", "99999999999999999999", "1.0"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(str_to_int(wrong[i], &v));
    assert_int_equal(v, -42); /* untouched */
    assert_true(str_to_duration("15min", &v) && v == 900000);
    assert_true(str_to_duration("250 ms", &v) && v == 250);
    assert_true(str_to_duration("0", &v) && v == 0);
    assert_false(str_to_duration("15", &v));
    assert_false(str_to_duration("-1s", &v));
    assert_false(str_to_duration("99999999999999d", &v));
    assert_true(str_to_size("64MiB", &v) && v == 67108864);
    assert_true(str_to_size("512", &v) && v == 512);
    assert_false(str_to_size("64 mib", &v));
    bool b = false;
    assert_true(str_to_bool("Yes", &b) && b);
    assert_true(str_to_bool("off", &b) && !b);
    assert_false(str_to_bool("maybe", &b));
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"abc", true},
        {"Zażółć", true},
        {"\xf0\x9f\x9a\x80", true},
        {"\x80", false},
        {"\xc0\xaf", false},
        {"\xc3", false},
        {"\xed\xa0\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xe0\x80\xaf", false},
        {"\xf5\x80\x80\x80", false},
        {"a\xff", false},
        {"\xef\xbf\xbd", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(str_is_utf8(cases[i].text, strlen(cases[i].text)), cases[i].valid);
    for (uint32_t c = 1; c < 0x110000; c += 7) { /* there and back */
        if (c >= 0xd800 && c < 0xe000)
            continue;
        char bytes[4];
        size_t n = str_put_char(bytes, c), at = 0;
        assert_true(str_is_utf8(bytes, n));
        assert_int_equal(str_next_char(bytes, n, &at), c);
        assert_int_equal(at, n);
    }
    char shown[64];
    str_printable("a\n\x1b[31m\xe2\x80\xae\xc3\xbc", shown, sizeof(shown));
    assert_string_equal(shown, "a\\x0a\\x1b[31m\\u{202e}\xc3\xbc");
    str_printable("\xc3\xbc\xc3\xbc\xc3\xbc", shown, 4);
    assert_string_equal(shown, "\xc3\xbc"); /* cut between characters */
    str_printable("\xc2\x85\xe2\x80\xa8\xe2\x81\xa6\xff\xc3(\xe2\x80", shown, sizeof(shown));
    assert_string_equal(shown, "\\x85\\u{2028}\\u{2066}\\xff\\xc3(\\xe2\\x80");
}

/* What was handed out is overwritten, also what was before a reset; and no more, which has
 * nothing in it. */
static void test_arena_wipe(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    char *first = arena_strdup(&arena, "a secret"), *last = NULL;
    for (int i = 0; i < 30; i++)
        last = arena_strdup(&arena, "another secret");
    arena_reset(&arena);
    char *again = arena_strdup(&arena, "x");
    assert_ptr_equal(again, first);
    assert_string_equal(last, "another secret");
    char *large = arena_alloc(&arena, 100000);
    memset(large, 'l', 100000);
    arena_wipe(&arena);
    for (size_t i = 0; i < sizeof("another secret"); i++)
        assert_int_equal(last[i], 0);
    assert_int_equal(first[0], 0);
    assert_int_equal(large[0] | large[99999], 0);
    arena_fini(&arena);
}

static void test_arena(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    for (int i = 1; i < 200; i++) {
        unsigned char *p = arena_alloc(&arena, (size_t)i * 3);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (int k = 0; k < i * 3; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xaa, (size_t)i * 3);
    }
    assert_null(arena_alloc(&arena, 100000)); /* over the limit */
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_string_equal(arena_printf(&arena, "%s-%d", "x", 5), "x-5");
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_null(arena_strdup(&arena, NULL));
    arena_fini(&arena);
}

static void test_buf(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (int i = 0; i < 1000; i++)
        buf_printf(&buf, "%03d,", i);
    assert_int_equal(buf.size, 4000);
    assert_int_equal(strlen(buf.data), 4000);
    buf_reset(&buf);
    buf_add_text(&buf, "ab");
    buf_add_char(&buf, 'c');
    size_t size;
    char *taken = buf_take(&buf, &size);
    assert_string_equal(taken, "abc");
    assert_int_equal(size, 3);
    free(taken);
    assert_null(buf_reserve(&buf, SIZE_MAX / 2));
    assert_true(buf_failed(&buf));
    buf_add_text(&buf, "ignored");
    assert_int_equal(buf.size, 0);
    assert_null(buf_take(&buf, &size));
    char *empty = buf_take(&buf, &size); /* taking resets the failure */
    assert_string_equal(empty, "");
    free(empty);
}

static void test_err(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set(&err, HEARTH_ERR_TIMEOUT, "step %d", 3), HEARTH_ERR_TIMEOUT);
    assert_int_equal(err_prefix(&err, "account %s", "ada"), HEARTH_ERR_TIMEOUT);
    assert_string_equal(err.text, "account ada: step 3");
    assert_int_equal(err_errno(&err, ENOENT, "open %s", "x"), HEARTH_ERR_NOT_FOUND);
    assert_string_equal(err.text, "open x: No such file or directory");
    assert_int_equal(err_set(NULL, HEARTH_ERR_IO, "nobody listens"), HEARTH_ERR_IO);
    assert_string_equal(err_name(HEARTH_ERR_CORRUPT), "CORRUPT");
    assert_string_equal(err_name(-99), "UNKNOWN");
    char long_text[2000];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    err_set(&err, -1, "%s", long_text);
    err_prefix(&err, "%s", long_text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_backoff(void **state)
{
    (void)state;
    struct backoff *backoff = backoff_create();
    assert_int_equal(backoff_left(backoff, "a"), 0);
    int64_t now = clock_monotonic();
    backoff_set(backoff, "a", now + 60000);
    backoff_set(backoff, "a", now + 10); /* an earlier time changes nothing */
    assert_in_range(backoff_left(backoff, "a"), 50000, 60000);
    assert_int_equal(backoff_left(backoff, "b"), 0);
    backoff_clear(backoff, "a");
    assert_int_equal(backoff_left(backoff, "a"), 0);
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        backoff_set(backoff, key, now + (i % 2 == 0 ? 60000 : -1));
    }
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(backoff_left(backoff, key) > 0, i % 2 == 0);
    }
    backoff_destroy(backoff);
}

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10000; i++)
        metrics_add(METRIC(PLUGIN_EVENTS, "storage-test", "counted"), 1);
    return NULL;
}

static void test_metrics(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metrics_value(METRIC(PLUGIN_EVENTS, "storage-test", "counted")), 40000);
    metrics_add(METRIC(PLUGIN_EVENTS, "a \"b\\", "c\nd"), 1);
    metrics_set(METRIC(QUEUE_OLDEST), 1500);
    metrics_set(METRIC(QUEUE_DEAD), -5);
    metrics_observe(METRIC(SYNC_DURATION), 500);
    metrics_observe(METRIC(SYNC_DURATION), 501);
    metrics_observe(METRIC(SYNC_DURATION), 1900000);
    assert_int_equal(metrics_count(METRIC(SYNC_DURATION)), 3);
    metrics_start(METRIC_WORKER | METRIC_SCHEDULER, "1.2.3");
    struct buf text = {0};
    metrics_write(&text);
    static const char *const has[] = {
        "# HELP hearth_plugin_events_total What plugins count by themselves; their pages say what\n"
        "# TYPE hearth_plugin_events_total counter\n"
        "hearth_plugin_events_total{plugin=\"storage-test\",event=\"counted\"} 40000\n"
        "hearth_plugin_events_total{plugin=\"a \\\"b\\\\\",event=\"c d\"} 1\n",
        "\nhearth_queue_oldest_job_age_seconds 1.5\n",
        "\nhearth_queue_dead_jobs -5\n",
        "\nhearth_sync_duration_seconds_bucket{le=\"0.5\"} 1\n"
        "hearth_sync_duration_seconds_bucket{le=\"1\"} 2\n",
        "\nhearth_sync_duration_seconds_bucket{le=\"1800\"} 2\n"
        "hearth_sync_duration_seconds_bucket{le=\"+Inf\"} 3\n"
        "hearth_sync_duration_seconds_sum 1901.001\nhearth_sync_duration_seconds_count 3\n",
        "\nhearth_syncs_total{outcome=\"error\"} 0\n",
        "\nhearth_jobs_total{kind=\"move\",outcome=\"dead\"} 0\n",
        "\nhearth_build_info{version=\"1.2.3\"} 1\n",
        "\nhearth_role_info{role=\"web\"} 0\nhearth_role_info{role=\"worker\"} 1\n",
        "\nprocess_resident_memory_bytes ",
    };
    for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
        if (strstr(text.data, has[i]) == NULL)
            fail_msg("not there: %s", has[i]);
    assert_null(strstr(text.data, "hearth_search_")); /* of the role web */
    buf_fini(&text);
}

static void test_email(void **state)
{
    (void)state;
    static const char *const good[] = {"ada@example.org",
                                       "a@b",
                                       "a+b.c@x.example",
                                       "o'neil@example.org",
                                       "\u00e4da@ex\u00e4mple.org",
                                       "*@example.org",
                                       "\u0430\u0434\u0430@example.org"};
    static const char *const bad[] = {
        "",          "ada",       "@b",        "a@",         "a@b@c",         "-rf@x.y",
        "a b@c",     "a@b ",      "a@b\n",     "a\x1b[1m@b", "\u202ea@b",     "a\u200b@b",
        "a\u00a0@b", "a\u3000@b", "a\ufffd@b", "a\ufeff@b",  "a\U000e0041@b", "a\ufffe@b",
        "a\xff@b",   "<a@b>",     "a@b,c",     "\"a\"@b"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(email_fault(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(email_fault(bad[i]));
    char is_long[EMAIL_MAX + 2];
    memset(is_long, 'a', EMAIL_MAX + 1);
    is_long[EMAIL_MAX + 1] = '\0';
    is_long[3] = '@';
    assert_non_null(email_fault(is_long));
    is_long[EMAIL_MAX] = '\0';
    assert_null(email_fault(is_long));
    assert_true(email_name_is_plain("Ada Lovelace"));
    assert_false(email_name_is_plain("Ada\u202e"));
}

static void test_folder(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"/a/b", "/a"}, {"/a/b/", "/a/b"}, {"/a", "/"},
                                           {"/", "/"},     {"a/b", "a"},      {"a", "."},
                                           {"", "."}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char folder[8];
        str_folder(cases[i][0], folder, sizeof(folder));
        assert_string_equal(folder, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_array_grows),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_wipe),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_err),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_a_fault_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
