/* The conformance kit's own tools: what a failed expectation says, how records are told, compared
 * and made up, and that a seed makes the same ones again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "records.h"
#include "report.h"
#include "storage_kit.h"

/* The kit has names of its own for these. */
#undef fail_msg
#include <cmocka.h>
#define KIT_FAIL(...) kit_fail(__FILE__, __LINE__, __VA_ARGS__)

/* What a test that runs in a child, as all of the kit do, tells its parent. */
static struct report report_of(void (*run)(void))
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        kit_report_to(ends[1]);
        run();
        kit_report_passed();
        _exit(0);
    }
    close(ends[1]);
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    struct report report = kit_report_read(ends[0]);
    close(ends[0]);
    assert_int_equal(WEXITSTATUS(status), report.kind == REPORT_FAILED);
    return report;
}

/* words: a part of what is told. */
static void expect_report(void (*run)(void), enum report_kind kind, const char *words)
{
    struct report report = report_of(run);
    if (report.kind != (int)kind || strstr(report.text, words) == NULL) {
        print_error("got %d: %s\n", report.kind, report.text);
        assert_int_equal(report.kind, kind);
        assert_non_null(strstr(report.text, words));
    }
}

static void run_nothing(void)
{
}

#undef fail_msg
#define fail_msg(...)                                                                              \
    KIT_FAIL(__VA_ARGS__) /* for the kit's macros, from here to the end of these */

static void run_all_right(void)
{
    expect(1 + 1 == 2);
    expect_number(INT64_MAX, INT64_MAX);
    expect_text("a", "a");
}

static void run_wrong(void)
{
    expect(1 + 1 == 3);
}

static void run_wrong_number(void)
{
    int64_t pages = INT64_MIN;
    expect_number(pages, 7);
}

static void run_wrong_text(void)
{
    const char *title = "one";
    expect_text(title, "two");
}

static void run_no_text(void)
{
    const char *title = NULL;
    expect_text(title, "two");
}

static void run_long_failure(void)
{
    char text[2 * REPORT_TEXT];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    KIT_FAIL("%s", text);
}

static void run_skip(void)
{
    kit_skip("it has no clock");
}

/* A helper's failure is told with the line of the test that called it. */
static int helper_that_fails(void)
{
    kit_fail("/a/helper.c", 1, "not so");
}

static void run_from(void)
{
    WATCH_FROM(helper_that_fails());
}

static void run_helper_alone(void)
{
    helper_that_fails();
}

static void run_death(void)
{
    _exit(0); /* in the middle of it */
}

static void test_reports(void **state)
{
    (void)state;
    expect_report(run_nothing, REPORT_PASSED, "");
    expect_report(run_all_right, REPORT_PASSED, "");
    expect_report(run_wrong, REPORT_FAILED, "expected 1 + 1 == 3 (test_kit.c:");
    expect_report(run_wrong_number, REPORT_FAILED,
                  "pages is -9223372036854775808, 7 was expected (test_kit.c:");
    expect_report(run_wrong_text, REPORT_FAILED, "title is \"one\", \"two\" was expected");
    expect_report(run_no_text, REPORT_FAILED, "title is \"(null)\", \"two\" was expected");
    expect_report(run_long_failure, REPORT_FAILED, "x (test_kit.c:"); /* the place is never cut */
    expect_report(run_skip, REPORT_SKIPPED, "it has no clock");
    expect_report(run_from, REPORT_FAILED, "not so (test_kit.c:");
    expect_report(run_helper_alone, REPORT_FAILED, "not so (helper.c:1)");
    expect_report(run_death, REPORT_NOTHING, "");
}

/* --- dumps --- */

static const char *got_dump, *wanted_dump;

static void run_dumps(void)
{
    struct buf got = {0}, wanted = {0};
    if (got_dump[0] != '\0')
        buf_add_text(&got, got_dump);
    if (wanted_dump[0] != '\0')
        buf_add_text(&wanted, wanted_dump);
    kit_expect_same_dump(&got, &wanted, "afterwards");
    buf_fini(&got);
    buf_fini(&wanted);
}

/* words NULL: they are the same. */
static void expect_dumps(const char *got, const char *wanted, const char *words)
{
    got_dump = got;
    wanted_dump = wanted;
    expect_report(run_dumps, words == NULL ? REPORT_PASSED : REPORT_FAILED,
                  words == NULL ? "" : words);
}

static void test_dumps(void **state)
{
    (void)state;
    expect_dumps("", "", NULL);
    expect_dumps("a\nb\n", "a\nb\n", NULL);
    expect_dumps("a\nb\n", "a\nc\n", "afterwards it holds \"b\" where \"c\" was expected");
    expect_dumps("a\n", "a\nb\n", "holds \"\" where \"b\"");
    expect_dumps("a\nb\n", "a\n", "holds \"b\" where \"\"");
    expect_dumps("", "a\n", "holds \"\" where \"a\"");
    expect_dumps("ab\n", "a\n", "holds \"ab\" where \"a\"");
}

static void run_many_rows(void)
{
    static struct lines lines;
    for (int i = 0; i < 100000; i++)
        kit_lines_add(&lines, "a row of a list that never ends\n");
}

static void test_lists(void **state)
{
    static struct lines lines = {.stop_after = 2};
    (void)state;
    assert_int_equal(kit_lines_add(&lines, "%d\n", 1), 0);
    assert_int_equal(kit_lines_add(&lines, "%d\n", 2), 1); /* it asks the plugin to stop */
    assert_string_equal(lines.text, "1\n2\n");
    expect_report(run_many_rows, REPORT_FAILED, "a list delivers far more rows than there are");
}

/* --- records --- */

static void test_told(void **state)
{
    static const char *const without[] = {"use_count", NULL};
    struct hearth_pick pick = {
        .struct_size = sizeof(pick), .input = "a\nb", .page = -7, .use_count = 0.1, .used = 5};
    struct buf out = {0};
    (void)state;
    kit_record_print(&out, &plug_fields_pick, &pick, without);
    assert_string_equal(out.data, "pick input \"a\\nb\" page -7 used 5\n");
    pick.input = NULL;
    buf_reset(&out);
    kit_record_print(&out, &plug_fields_pick, &pick, NULL);
    assert_string_equal(out.data,
                        "pick input (null) page -7 use_count 0.10000000000000001 used 5\n");
    buf_fini(&out);
}

/* why: a part of it; NULL: they are the same. */
static void expect_same(const struct hearth_pick *wanted, const struct hearth_pick *got,
                        const char *why)
{
    char words[500] = "";
    bool same = kit_record_same(&plug_fields_pick, wanted, got, NULL, words, sizeof(words));
    assert_int_equal(same, why == NULL);
    if (why != NULL)
        assert_non_null(strstr(words, why));
}

static void test_compared(void **state)
{
    struct hearth_pick a = {.struct_size = sizeof(a), .input = "x", .page = 1, .use_count = 2};
    struct hearth_pick b = a;
    char same[] = "x", longer[500];
    (void)state;
    b.input = same; /* the text counts, not where it lies */
    expect_same(&a, &b, NULL);
    b.use_count = 2.0000000000000004;
    expect_same(&a, &b, "pick.use_count was put as 2 and comes back as 2.0000000000000004");
    b = a;
    b.input = "X";
    expect_same(&a, &b, "pick.input was put as \"x\" and comes back as \"X\"");
    assert_false(kit_record_same_key(&plug_fields_pick, &a, &b));
    b = a;
    b.used = 9;
    expect_same(&a, &b, "pick.used");
    assert_true(kit_record_same_key(&plug_fields_pick, &a, &b));
    memset(longer, 'y', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    b = a;
    b.input = longer;
    expect_same(&a, &b, "(499 bytes)"); /* a long text is told by its length */
}

static unsigned next_number(void *ctx, unsigned n)
{
    unsigned *seed = ctx;
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

union any_record {
    char bytes[1024];
    int64_t aligned;
};

/* Whatever is made up is within its field's table. */
static void check_record(const struct fields *fields, const void *record)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        if (field->role == HEARTH_FIELD_DERIVED)
            continue;
        if (field->kind == HEARTH_FIELD_TEXT) {
            const char *text = plug_fields_text(field, record);
            assert_true(text != NULL || field->role == HEARTH_FIELD_OPTIONAL);
            assert_true(text == NULL || (int64_t)strlen(text) >= field->least);
            assert_true(text == NULL || (int64_t)strlen(text) <= field->most);
        } else if (field->kind != HEARTH_FIELD_HASH && field->kind != HEARTH_FIELD_REAL) {
            int64_t number = plug_fields_number(field, record);
            assert_true(number >= field->least && number <= field->most);
        }
    }
}

/* The same seed makes the same records, another one others. */
static void test_made_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < plug_fields_record_count; i++) {
        const struct fields *fields = plug_fields_of_records[i];
        struct buf told[3] = {{0}, {0}, {0}};
        assert_true(fields->size <= sizeof(union any_record));
        for (unsigned k = 0; k < 3; k++) {
            unsigned seed = k < 2 ? 7 : 8;
            for (int n = 0; n < 200; n++) {
                union any_record record;
                kit_record_plain(fields, &record);
                kit_record_randomise(fields, &record, next_number, &seed);
                check_record(fields, &record);
                kit_record_print(&told[k], fields, &record, NULL);
            }
        }
        assert_string_equal(told[0].data, told[1].data);
        bool varies = false;
        for (size_t f = 0; f < fields->count; f++)
            varies = varies || (fields->list[f].role != HEARTH_FIELD_KEY &&
                                fields->list[f].role != HEARTH_FIELD_DERIVED);
        assert_true(!varies || strcmp(told[0].data, told[2].data) != 0);
        for (unsigned k = 0; k < 3; k++)
            buf_fini(&told[k]);
    }
}

/* Values at the borders end, are all different but for the field, and no table forbids them. */
static void test_borders(void **state)
{
    (void)state;
    for (size_t i = 0; i < plug_fields_record_count; i++) {
        const struct fields *fields = plug_fields_of_records[i];
        for (size_t f = 0; f < fields->count; f++) {
            union any_record record;
            enum record_border border = RECORD_BORDER_SET;
            size_t set = 0;
            for (size_t which = 0; border != RECORD_BORDER_END; which++) {
                assert_true(which < 100);
                kit_record_plain(fields, &record);
                border = kit_record_set_border(&fields->list[f], &record, which, NULL);
                set += border == RECORD_BORDER_SET;
                if (border == RECORD_BORDER_SET && fields->list[f].kind == HEARTH_FIELD_TEXT)
                    check_record(&(struct fields){.list = &fields->list[f], .count = 1}, &record);
            }
            assert_true(set > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),  cmocka_unit_test(test_dumps),
        cmocka_unit_test(test_lists),    cmocka_unit_test(test_told),
        cmocka_unit_test(test_compared), cmocka_unit_test(test_made_up),
        cmocka_unit_test(test_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
