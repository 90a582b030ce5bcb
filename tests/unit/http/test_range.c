/* Parts of downloads: what of an answer a client asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"

/* Of an answer of 1,000 bytes: "FROM-END", "outside", or "" for all of it. */
static void expect(const char *range, const char *if_range, const char *etag, const char *want)
{
    const struct http_request request = {.range = range, .if_range = if_range};
    char got[64] = "";
    int64_t from, end;
    enum http_range found = http_range_find(&request, etag, 1000, &from, &end);
    if (found == HTTP_RANGE_PART)
        snprintf(got, sizeof(got), "%lld-%lld", (long long)from, (long long)end);
    if (found == HTTP_RANGE_OUTSIDE)
        snprintf(got, sizeof(got), "outside");
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s", range, got, want);
}

static void test_ranges(void **state)
{
    static const char *const cases[][2] = {
        {NULL, ""},
        {"bytes=0-0", "0-1"},
        {"bytes=0-", "0-1000"},
        {"bytes=0-999", "0-1000"},
        {"bytes=10-99999999999", "10-1000"},
        {"bytes=999-", "999-1000"},
        {"bytes=-1", "999-1000"},
        {"bytes=-1000", "0-1000"},
        {"bytes=-99999", "0-1000"},
        {"bytes=1000-", "outside"},
        {"bytes=1000-2000", "outside"},
        {"bytes=-0", "outside"},
        {"bytes=5-4", ""},
        {"bytes=", ""},
        {"bytes=-", ""},
        {"bytes=5", ""},
        {"bytes=a-b", ""},
        {"bytes=--5", ""},
        {"bytes=-5-", ""},
        {"bytes=5-6x", ""},
        {"bytes= 5-6", ""},
        {"bytes=+5-6", ""},
        {"bytes=0-1,5-6", ""},
        {"lines=0-1", ""},
        {"", ""},
        {"bytes=9223372036854775808-", ""},
        {"bytes=0-9223372036854775808", ""},
        {"bytes=111111111111111111111111111111-", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(cases[i][0], NULL, "\"a\"", cases[i][1]);
}

static void test_if_range(void **state)
{
    (void)state;
    expect("bytes=0-1", "\"a\"", "\"a\"", "0-2");
    expect("bytes=0-1", "\"b\"", "\"a\"", "");
    expect("bytes=0-1", "W/\"a\"", "\"a\"", "");
    expect("bytes=0-1", "Mon, 30 Nov 2026 10:00:00 GMT", "\"a\"", "");
    expect("bytes=0-1", "\"a\"", NULL, "");
    expect("bytes=0-1", "*", "\"a\"", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_if_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
