#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/removed_here.h"

static struct model_removed_here here;

static int begin_test(void **state)
{
    (void)state;
    model_removed_here_init(&here);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    model_removed_here_fini(&here);
    return 0;
}

static void add(struct hearth_removed_here removed)
{
    removed.struct_size = sizeof(removed);
    removed.id = "id";
    if (removed.host == NULL)
        removed.host = "";
    assert_true(model_removed_here_add(&here, &removed));
}
#define ADD(kind_, ...)                                                                            \
    add((struct hearth_removed_here){.kind = HEARTH_REMOVED_HERE_##kind_, __VA_ARGS__})

static bool has(int64_t page, const char *host, int64_t date, int64_t type)
{
    return model_removed_here_has_visit(&here, page, host, date, type);
}

static void test_nothing(void **state)
{
    (void)state;
    model_removed_here_sort(&here);
    assert_true(model_removed_here_is_empty(&here));
    assert_false(model_removed_here_asks_host(&here));
    assert_false(has(1, "a", 5, 1));
    assert_false(model_removed_here_has_page(&here, 1, "a"));
}

static void test_a_visit(void **state)
{
    (void)state;
    ADD(VISIT, .page = 7, .date = 50, .type = 1);
    ADD(VISIT, .page = 7, .date = INT64_MIN, .type = 1);
    ADD(VISIT, .page = 7, .date = HEARTH_DATE_MAX, .type = 1);
    model_removed_here_sort(&here);
    assert_false(model_removed_here_is_empty(&here));
    assert_true(has(7, "a", 50, 1));
    assert_true(has(7, "a", INT64_MIN, 1));
    assert_true(has(7, "a", HEARTH_DATE_MAX, 1));
    assert_false(has(7, "a", 50, 2));
    assert_false(has(7, "a", 51, 1));
    assert_false(has(7, "a", 49, 1));
    assert_false(has(8, "a", 50, 1));
    assert_false(model_removed_here_has_page(&here, 7, "a"));
}

static void test_a_page(void **state)
{
    (void)state;
    ADD(PAGE, .page = 7);
    ADD(PAGE, .page = 9, .from_date = 10, .to_date = 20);
    ADD(PAGE, .page = 9, .from_date = 15, .to_date = 30);
    ADD(PAGE, .page = 9, .from_date = -5, .to_date = -1);
    ADD(PAGE, .page = 11, .to_date = 20);
    ADD(PAGE, .page = INT64_MAX, .from_date = 20);
    model_removed_here_sort(&here);
    for (int64_t date = -100; date <= 100; date += 50)
        assert_true(has(7, "a", date, 4));
    static const struct {
        int64_t page, date;
        bool removed;
    } cases[] = {{9, 9, false},         {9, 10, true},
                 {9, 20, true},         {9, 29, true},
                 {9, 30, false},        {9, -5, true},
                 {9, -1, false},        {11, -9, true},
                 {11, 0, true},         {11, 19, true},
                 {11, 20, false},       {INT64_MAX, 19, false},
                 {INT64_MAX, 20, true}, {INT64_MAX, HEARTH_DATE_MAX, true},
                 {8, 15, false},        {10, 15, false},
                 {1, 15, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(has(cases[i].page, "", cases[i].date, 1), cases[i].removed);
    assert_true(model_removed_here_has_page(&here, 7, ""));
    assert_false(model_removed_here_has_page(&here, 9, "")); /* only at times */
    assert_false(model_removed_here_has_page(&here, 11, ""));
    assert_false(model_removed_here_has_page(&here, 8, ""));
}

static void test_a_site(void **state)
{
    (void)state;
    ADD(SITE, .host = "b.example");
    ADD(SITE, .host = "a.example", .from_date = 10);
    ADD(SITE, .host = "c.example", .to_date = 10);
    model_removed_here_sort(&here);
    assert_true(model_removed_here_asks_host(&here));
    assert_true(has(1, "b.example", 5, 1));
    assert_true(model_removed_here_has_page(&here, 1, "b.example"));
    assert_false(has(1, "www.b.example", 5, 1)); /* another host */
    assert_false(has(1, "", 5, 1));
    assert_false(has(1, "a.example", 9, 1));
    assert_true(has(1, "a.example", 10, 1));
    assert_true(has(1, "c.example", 9, 1));
    assert_false(has(1, "c.example", 10, 1));
    assert_false(model_removed_here_has_page(&here, 1, "a.example"));
}

static void test_spans(void **state)
{
    (void)state;
    ADD(SPAN, .from_date = 100, .to_date = 200);
    ADD(SPAN, .from_date = 150, .to_date = 180); /* within the one before */
    ADD(SPAN, .from_date = 200, .to_date = 250); /* touches it */
    ADD(SPAN, .from_date = 10, .to_date = 20);
    ADD(SPAN, .from_date = 1000);
    model_removed_here_sort(&here);
    assert_int_equal(here.spans.count, 3);
    for (int64_t date = 0; date < 1100; date++)
        assert_int_equal(has(1, "a", date, 1),
                         (date >= 10 && date < 20) || (date >= 100 && date < 250) || date >= 1000);
    assert_false(model_removed_here_has_page(&here, 1, "a"));
    ADD(SPAN, .to_date = 5000);
    model_removed_here_sort(&here);
    assert_int_equal(here.spans.count, 1);
    assert_true(model_removed_here_has_page(&here, 1, "a")); /* they are all times now */
}

static void test_a_kind_to_come(void **state)
{
    (void)state;
    add((struct hearth_removed_here){.kind = 99, .page = 1, .host = "a"});
    model_removed_here_sort(&here);
    assert_true(model_removed_here_is_empty(&here));
}

static int64_t next_random(int64_t below)
{
    static unsigned random = 1;
    random = random * 1664525u + 1013904223u;
    return (int64_t)(random >> 8) % below;
}

/* Against the rules as they are written down, one after the other. */
static void test_many(void **state)
{
    enum { RULES = 2000, ASKED = 20000 };
    static struct hearth_removed_here rules[RULES];
    static const char *const hosts[] = {"a", "ab", "b", ""};
    (void)state;
    for (size_t i = 0; i < RULES; i++) {
        struct hearth_removed_here rule = {.kind = 1 + next_random(3)};
        rule.page = 1 + next_random(500);
        rule.date = next_random(1000);
        rule.type = next_random(10);
        rule.host = hosts[next_random(3)];
        rules[i] = rule;
        rules[i].from_date =
            rules[i].kind == HEARTH_REMOVED_HERE_SITE ? 900 + next_random(90) : next_random(1000);
        rules[i].to_date = rules[i].from_date + 1 +
                           next_random(rules[i].kind == HEARTH_REMOVED_HERE_SITE ? 3 : 40);
        add(rules[i]);
    }
    model_removed_here_sort(&here);
    size_t removed = 0;
    for (size_t i = 0; i < ASKED; i++) {
        int64_t page = 1 + next_random(500);
        int64_t date = next_random(1000);
        int64_t type = next_random(10);
        const char *host = hosts[next_random(4)];
        bool expected = false;
        for (size_t k = 0; k < RULES; k++) {
            const struct hearth_removed_here *r = &rules[k];
            bool in_span = (r->from_date == 0 || r->from_date <= date) && date < r->to_date;
            expected |= r->kind == HEARTH_REMOVED_HERE_VISIT
                            ? r->page == page && r->date == date && r->type == type
                        : r->kind == HEARTH_REMOVED_HERE_PAGE
                            ? r->page == page && in_span
                            : strcmp(r->host, host) == 0 && in_span;
        }
        removed += expected;
        assert_int_equal(has(page, host, date, type), expected);
    }
    assert_in_range(removed, ASKED / 100, ASKED - ASKED / 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing), TEST(test_a_visit), TEST(test_a_page),         TEST(test_a_site),
        TEST(test_spans),   TEST(test_many),    TEST(test_a_kind_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
