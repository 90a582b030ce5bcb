/* What is known of generations: by the storage, and by who speaks of new ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/internal.h"

enum { BOOKMARKS = MERGE_CHANGED(HEARTH_BOOKMARKS), HISTORY = MERGE_CHANGED(HEARTH_HISTORY) };

static void set(struct generations *known, const char *account, int64_t bookmarks, int64_t history)
{
    struct account_generations of = {
        .of = {[HEARTH_COLLECTION_NONE] = bookmarks > history ? bookmarks : history,
               [HEARTH_BOOKMARKS] = bookmarks,
               [HEARTH_HISTORY] = history}};
    api_generations_set(known, account, &of);
}

/* want: the newest of the history; -1: nothing is known. */
static void expect(struct generations *known, const char *account, int64_t want)
{
    struct account_generations of;
    bool sure = api_generations_get(known, account, &of);
    assert_int_equal(sure ? api_generations_newest(&of, HISTORY) : -1, want);
}

static void test_newest(void **state)
{
    struct account_generations of = {
        .of = {[HEARTH_COLLECTION_NONE] = 9, [HEARTH_BOOKMARKS] = 5, [HEARTH_HISTORY] = 3}};
    (void)state;
    assert_int_equal(api_generations_newest(&of, HISTORY), 3);
    assert_int_equal(api_generations_newest(&of, BOOKMARKS | HISTORY), 5);
    assert_int_equal(api_generations_newest(&of, MERGE_CHANGED(HEARTH_TABS)), 0);
    assert_int_equal(api_generations_newest(&of, 0), 0);
}

static void test_outdated(void **state)
{
    struct generations *known = api_generations_create();
    (void)state;
    assert_non_null(known);
    expect(known, "ada", -1);
    set(known, "ada", 2, 3);
    expect(known, "ada", 3);
    expect(known, "eve", -1);
    api_generations_outdate(known, "ada", 3); /* it was read already */
    expect(known, "ada", 3);
    api_generations_outdate(known, "ada", 5);
    expect(known, "ada", -1);
    set(known, "ada", 2, 3); /* by a reader that began before */
    expect(known, "ada", -1);
    set(known, "ada", 4, 5);
    expect(known, "ada", 5);
    set(known, "ada", 2, 3);
    expect(known, "ada", 5);
    api_generations_forget(known, "eve");
    expect(known, "ada", 5);
    api_generations_forget(known, "ada");
    expect(known, "ada", -1);
    set(known, "ada", 1, 1); /* of a restored database */
    expect(known, "ada", 1);
    api_generations_forget(known, NULL);
    expect(known, "ada", -1);
    api_generations_destroy(known);
}

/* A new one of an account of which nothing is known keeps what older readers say out, too. */
static void test_heard_first(void **state)
{
    struct generations *known = api_generations_create();
    (void)state;
    api_generations_outdate(known, "ada", 7);
    set(known, "ada", 6, 6);
    expect(known, "ada", -1);
    set(known, "ada", 6, 7);
    expect(known, "ada", 7);
    api_generations_destroy(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_outdated),
        cmocka_unit_test(test_heard_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
