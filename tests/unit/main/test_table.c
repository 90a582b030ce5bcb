/* Listings: what columns look like, and that nobody's text steers a terminal or breaks a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"
#include "main/table.h"
#include "output.h"

static const char *printed(struct table *table, bool as_json)
{
    output_begin(1);
    main_table_print(table, as_json);
    main_table_fini(table);
    return output_end();
}

static void test_columns(void **state)
{
    struct table table;
    (void)state;
    main_table_init(&table, "email pages seen_at ok");
    main_table_add(&table, json_pack("{s:s, s:i, s:I, s:b}", "email", "ada@example.org", "pages",
                                     12, "seen_at", (json_int_t)0, "ok", 1));
    main_table_add(&table, json_pack("{s:s, s:n, s:b, s:i}", "email", "b\xc3\xa9", "pages", "ok", 0,
                                     "more", 1));
    main_table_add(&table, NULL);
    assert_string_equal(printed(&table, false), "email            pages  seen_at  ok\n"
                                                "ada@example.org  12     -        yes\n"
                                                "b\xc3\xa9               -      -        no\n");
}

static void test_empty(void **state)
{
    struct table table;
    (void)state;
    main_table_init(&table, "email pages");
    assert_string_equal(printed(&table, false), "email  pages\n");
    main_table_init(&table, "email pages");
    assert_string_equal(printed(&table, true), "[]\n");
}

static void test_json(void **state)
{
    struct table table;
    (void)state;
    main_table_init(&table, "email");
    main_table_add(&table, json_pack("{s:s}", "email", "a\x1b[31m\n"));
    assert_string_equal(printed(&table, true),
                        "[\n  {\n    \"email\": \"a\\u001B[31m\\n\"\n  }\n]\n");
}

/* One cell: each row is one line, and what a terminal would act on is shown. */
static void expect_cell(const char *text, const char *want)
{
    struct table table;
    char wanted[3000];
    main_table_init(&table, "x");
    main_table_add(&table, json_pack("{s:s}", "x", text));
    snprintf(wanted, sizeof(wanted), "x\n%s\n", want);
    assert_string_equal(printed(&table, false), wanted);
}

static void test_hostile_texts(void **state)
{
    (void)state;
    expect_cell("", "");
    expect_cell("Gr\xc3\xbc\xc3\x9f"
                "e \xe6\xbc\xa2",
                "Gr\xc3\xbc\xc3\x9f"
                "e \xe6\xbc\xa2");
    expect_cell("\x1b[31mred", "\\x1b[31mred");
    expect_cell("two\nlines", "two\\x0alines");
    expect_cell("a\rb", "a\\x0db");
    expect_cell("a\tb", "a\\x09b");
    expect_cell("\x07\x7f", "\\x07\\x7f");
    expect_cell("\xe2\x80\xae"
                "evil",
                "\\u{202e}evil"); /* right to left */
    expect_cell("\xe2\x81\xa6x", "\\u{2066}x");
    expect_cell("\xc2\x9b"
                "31m",
                "\\x9b31m"); /* a CSI in one character */
}

/* A cell has an end, which is no half of a character. */
static void test_long_text(void **state)
{
    struct table table;
    char text[4000];
    (void)state;
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    main_table_init(&table, "x y");
    main_table_add(&table, json_pack("{s:s, s:s}", "x", text, "y", "end"));
    const char *out = printed(&table, false);
    const char *row = strchr(out, '\n') + 1;
    assert_true(strlen(row) < 600);
    assert_non_null(strstr(row, "\xc3\xa9  end\n"));
}

static void test_object(void **state)
{
    json_t *object = json_pack("{s:s, s:i, s:I, s:n}", "name", "a\nb", "pages", 3, "seen_at",
                               (json_int_t)0, "gone");
    (void)state;
    output_begin(1);
    main_table_print_object(object);
    json_decref(object);
    assert_string_equal(output_end(), "name            a\\x0ab\n"
                                      "pages           3\n"
                                      "seen_at         -\n"
                                      "gone            -\n");
}

static void expect_time(long long ms, const char *want)
{
    char text[32];
    main_table_time(ms, text);
    assert_string_equal(text, want);
}

static void test_times(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    expect_time(0, "-");
    expect_time(1795417404000, "2026-11-23 07:03:24+00:00");
    expect_time(-86400000, "1969-12-31 00:00:00+00:00");
    expect_time(INT64_MAX, "292278994-08-17 07:12:55+00:00");
    setenv("TZ", "XXX-5:30", 1);
    tzset();
    expect_time(1795417404000, "2026-11-23 12:33:24+05:30");
    setenv("TZ", "UTC", 1);
    tzset();
}

static void expect_next(long long ms, const char *want)
{
    struct table table;
    main_table_init(&table, "next_sync_at");
    main_table_add(&table, json_pack("{s:I}", "next_sync_at", (json_int_t)ms));
    const char *out = printed(&table, false);
    assert_non_null(strstr(out, want));
    assert_null(strstr(out, "1970"));
}

/* 1 stands for "at once" there. */
static void test_next_sync(void **state)
{
    (void)state;
    expect_next(0, "\n-\n");
    expect_next(1, "\nnow\n");
    expect_next(1795417404000 - 86400000LL * 365, "\ndue\n");
    expect_next(clock_now() + 86400000, "+00:00\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_json),      cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_long_text), cmocka_unit_test(test_object),
        cmocka_unit_test(test_times),     cmocka_unit_test(test_next_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
