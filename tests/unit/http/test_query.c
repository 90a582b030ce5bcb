/* Paths, query strings and codings: what strangers write, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/query.h"

/* want NULL: refused. */
static void expect_path(const char *target, const char *want)
{
    struct arena arena;
    arena_init(&arena, 0);
    const char *got = http_query_path(&arena, target, strlen(target));
    if (want == NULL ? got != NULL : got == NULL || strcmp(got, want) != 0)
        fail_msg("%s: got %s, wanted %s", target, got == NULL ? "-" : got,
                 want == NULL ? "-" : want);
    arena_fini(&arena);
}

static void test_paths(void **state)
{
    (void)state;
    expect_path("/", "/");
    expect_path("/a/b", "/a/b");
    expect_path("/a/b/", "/a/b/");
    expect_path("//a///b", "/a/b");
    expect_path("/a/./b", "/a/b");
    expect_path("/a/../b", "/b");
    expect_path("/a/b/..", "/a");
    expect_path("/..", "/");
    expect_path("/../../etc/passwd", "/etc/passwd");
    expect_path("/a/%2e%2e/b", "/b");
    expect_path("/a%2f..%2fb", "/b");
    expect_path("/a/.../b", "/a/.../b");
    expect_path("/caf%C3%A9", "/caf\xc3\xa9");
    expect_path("/a+b", "/a+b"); /* a space in queries alone */
    expect_path("/%41%62", "/Ab");
}

static void test_refused_paths(void **state)
{
    (void)state;
    expect_path("", NULL);
    expect_path("a", NULL);
    expect_path("*", NULL);
    expect_path("/%", NULL);
    expect_path("/%4", NULL);
    expect_path("/%4g", NULL);
    expect_path("/%g4", NULL);
    expect_path("/%00", NULL);
    expect_path("/%0a", NULL);
    expect_path("/%7f", NULL);
    expect_path("/%c3", NULL);          /* half a character */
    expect_path("/%c0%af", NULL);       /* a slash in two bytes */
    expect_path("/%ed%a0%80", NULL);    /* half of a pair of UTF-16 */
    expect_path("/%f4%90%80%80", NULL); /* beyond Unicode */
}

/* want: "name=value|…"; NULL: refused. */
static void expect_parameters(const char *query, const char *want)
{
    struct http_request request = {0};
    struct buf got = {0};
    arena_init(&request.arena, 0);
    bool read = http_query_parameters(&request, query, strlen(query));
    buf_add_text(&got, "");
    for (size_t i = 0; i < request.parameter_count; i++)
        buf_printf(&got, "%s=%s|", request.names[i], request.values[i]);
    if (read != (want != NULL) || (read && got.size > 0 && strcmp(got.data, want) != 0) ||
        (read && got.size == 0 && want[0] != '\0'))
        fail_msg("%s: got %s", query, read ? got.data : "-");
    buf_fini(&got);
    arena_fini(&request.arena);
}

static void test_parameters(void **state)
{
    (void)state;
    expect_parameters("", "");
    expect_parameters("q=fox", "q=fox|");
    expect_parameters("q=fox&limit=3", "q=fox|limit=3|");
    expect_parameters("q", "q=|");
    expect_parameters("=x", "=x|");
    expect_parameters("&&q=1&&", "q=1|");
    expect_parameters("q=a=b", "q=a=b|");
    expect_parameters("q=a+b%2Bc", "q=a b+c|");
    expect_parameters("a+b=1", "a b=1|");
    expect_parameters("q=1;r=2", "q=1;r=2|"); /* no separator since HTML 5 */
    expect_parameters("q=%26%3d", "q=&=|");
    expect_parameters("q=1&q=2", "q=1|q=2|");
    expect_parameters("q=%0a", "q=\n|");
    expect_parameters("q=%", NULL);
    expect_parameters("q=%00", NULL);
    expect_parameters("%ff=1", NULL);
    expect_parameters("q=%c3", NULL);
}

static void test_the_first_counts(void **state)
{
    struct http_request request = {0};
    (void)state;
    arena_init(&request.arena, 0);
    assert_true(http_query_parameters(&request, "q=1&q=2&r", 9));
    assert_string_equal(http_parameter(&request, "q"), "1");
    assert_string_equal(http_parameter(&request, "r"), "");
    assert_null(http_parameter(&request, "Q"));
    assert_null(http_parameter(&request, ""));
    arena_fini(&request.arena);
}

static void test_how_many(void **state)
{
    char text[2 * QUERY_PARAMETERS_MAX + 3];
    struct http_request request = {0};
    (void)state;
    arena_init(&request.arena, 0);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 == 0 ? 'a' : '&';
    assert_true(http_query_parameters(&request, text, 2 * QUERY_PARAMETERS_MAX));
    assert_int_equal(request.parameter_count, QUERY_PARAMETERS_MAX);
    assert_false(http_query_parameters(&request, text, 2 * QUERY_PARAMETERS_MAX + 1));
    arena_fini(&request.arena);
}

static void expect_coding(const char *accept, const char *coding, bool want)
{
    if (http_query_accepts(accept, coding) != want)
        fail_msg("Accept-Encoding: %s, %s", accept == NULL ? "(none)" : accept, coding);
}

static void test_codings(void **state)
{
    (void)state;
    expect_coding(NULL, "gzip", false);
    expect_coding("", "gzip", false);
    expect_coding("gzip", "gzip", true);
    expect_coding("GZip", "gzip", true);
    expect_coding("x-gzip", "gzip", true);
    expect_coding("gzip, deflate, br", "br", true);
    expect_coding("deflate", "gzip", false);
    expect_coding("gzipped", "gzip", false);
    expect_coding("identity", "gzip", false);
    expect_coding("*", "br", true);
    expect_coding("*;q=0", "gzip", false);
    expect_coding("gzip;q=0", "gzip", false);
    expect_coding("gzip; q=0.000", "gzip", false);
    expect_coding("gzip;Q=0", "gzip", false);
    expect_coding("gzip;q=0.001", "gzip", true);
    expect_coding("gzip;q=1", "gzip", true);
    expect_coding("*;q=0, gzip", "gzip", true);
    expect_coding("gzip;q=0, *", "gzip", false);
    expect_coding("br;q=0 , gzip ;q=0.5", "gzip", true);
    expect_coding(",,gzip", "gzip", true);
    expect_coding(";", "gzip", false);
    expect_coding("gzip;seq=0", "gzip", true); /* another parameter, whose name ends so */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),      cmocka_unit_test(test_refused_paths),
        cmocka_unit_test(test_parameters), cmocka_unit_test(test_the_first_counts),
        cmocka_unit_test(test_how_many),   cmocka_unit_test(test_codings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
