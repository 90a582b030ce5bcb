/* What replies are made of: validators, problems, compression, shared bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"
#include "http/messages.h"

#define ETAG "\"1a-00ff\""

static void expect_match(const char *if_none_match, bool want)
{
    const struct http_request request = {.if_none_match = if_none_match};
    if (http_etag_matches(&request, ETAG) != want)
        fail_msg("If-None-Match: %s", if_none_match == NULL ? "(none)" : if_none_match);
}

static void test_if_none_match(void **state)
{
    (void)state;
    expect_match(NULL, false);
    expect_match("", false);
    expect_match(ETAG, true);
    expect_match("W/" ETAG, true); /* compared weakly */
    expect_match("*", true);
    expect_match("\"x\", " ETAG, true);
    expect_match("\"x\"," ETAG ",\"y\"", true);
    expect_match(" \t" ETAG " , \"y\"", true);
    expect_match(ETAG "\t, \"y\"", true);
    expect_match("\"x\", W/\"y\"", false);
    expect_match("1a-00ff", false);
    expect_match("\"1a-00ff", false);
    expect_match("\"1a-00ff\"x", false);
    expect_match("w/" ETAG, false); /* it has case: RFC 9110, 8.8.3 */
    expect_match("\"1A-00FF\"", false);
    expect_match(",,,", false);
    expect_match("*x", false);
    expect_match("\"*\"", false);
}

static void test_problems(void **state)
{
    struct http_reply reply = {0};
    (void)state;
    buf_add_text(&reply.body, "half an answer");
    reply.gzip = true;
    http_reply_problem(&reply, 404, http_says_not_found());
    assert_string_equal(reply.body.data,
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\","
                        "\"status\":404,"
                        "\"detail\":\"There is nothing at this address.\",\"code\":\"not_found\","
                        "\"message\":{\"id\":\"problem.not_found\",\"parameters\":{}}}");
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.content_type, "application/problem+json");
    assert_false(reply.gzip);
    http_reply_operator_problem(&reply, 400, "bad_request", "a \"b\" \\ \n\x01 \xc3\xa9");
    assert_non_null(
        strstr(reply.body.data, "\"detail\":\"a \\\"b\\\" \\\\ \\u000a\\u0001 \xc3\xa9\""));
    buf_fini(&reply.body);
    assert_string_equal(http_reply_reason(431), "Request Header Fields Too Large");
    assert_string_equal(http_reply_reason(299), "Other");
}

static void test_headers(void **state)
{
    struct http_reply reply = {0};
    (void)state;
    http_reply_header(&reply, "etag", NULL); /* memory was short */
    assert_int_equal(reply.header_count, 0);
    http_reply_header(&reply, "etag", ETAG);
    assert_int_equal(reply.header_count, 1);
    assert_string_equal(reply.headers[0].value, ETAG);
}

static void expect_gzip(const char *letters, size_t size, bool want)
{
    struct http_reply reply = {0};
    unsigned random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        buf_add_char(&reply.body, letters[(random >> 24) % strlen(letters)]);
    }
    assert_int_equal(http_reply_gzip(&reply), want);
    assert_int_equal(reply.header_count, want);
    assert_true(want ? reply.body.size < size : reply.body.size == size);
    if (want) {
        assert_memory_equal(reply.body.data, "\x1f\x8b", 2);
        assert_false(http_reply_gzip(&reply)); /* once */
    }
    buf_fini(&reply.body);
}

static void test_compression(void **state)
{
    char every[256];
    (void)state;
    for (size_t i = 0; i < 255; i++)
        every[i] = (char)(i + 1);
    every[255] = '\0';
    expect_gzip("a", 1025, true);
    expect_gzip("a", 1024, false); /* too small to be worth it */
    expect_gzip("ab", 100000, true);
    expect_gzip(every, 2000, false); /* nothing is gained */
}

static void test_shared_bytes(void **state)
{
    struct http_shared *shared = http_shared_create("abc", 3);
    (void)state;
    assert_memory_equal(shared->bytes, "abc", 3);
    assert_ptr_equal(http_shared_ref(shared), shared);
    http_shared_unref(shared);
    assert_memory_equal(shared->bytes, "abc", 3);
    http_shared_unref(shared);
    http_shared_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_if_none_match), cmocka_unit_test(test_problems),
        cmocka_unit_test(test_headers),       cmocka_unit_test(test_compression),
        cmocka_unit_test(test_shared_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
