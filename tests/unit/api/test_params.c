/* Parameters, cursors and bodies of requests: what is taken, and how the rest is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/internal.h"

static struct http_request asked;
static struct http_reply replied;
static struct api_call asked_call = {.request = &asked, .reply = &replied};

/* One parameter; value NULL: none. */
static struct api_call *call_with(const char *name, const char *value)
{
    static const char *names[1], *values[1];
    buf_fini(&replied.body);
    arena_fini(&asked.arena);
    asked = (struct http_request){.names = names, .values = values};
    replied = (struct http_reply){0};
    arena_init(&asked.arena, 1 << 20);
    names[0] = name;
    values[0] = value;
    asked.parameter_count = value != NULL;
    return &asked_call;
}

static int end_call(void **state)
{
    (void)state;
    call_with("", NULL);
    arena_fini(&asked.arena);
    return 0;
}

/* The answer is a 400 that names the parameter. */
static void expect_refusal(bool taken, const char *name, const char *value)
{
    char words[64];
    snprintf(words, sizeof(words), "The parameter %s ", name);
    if (taken || replied.status != 400 || strstr(replied.body.data, words) == NULL)
        fail_msg("%s=%.60s: got %d", name, value, replied.status);
}

/* want 0: refused. */
static void expect_limit(const char *value, size_t want)
{
    size_t got = 0;
    bool taken = api_limit(call_with("limit", value), &got);
    if (want == 0)
        expect_refusal(taken, "limit", value);
    else
        assert_true(taken && got == want);
}

static void test_limits(void **state)
{
    (void)state;
    expect_limit(NULL, API_LIMIT_DEFAULT);
    expect_limit("", 0);
    expect_limit("1", 1);
    expect_limit("500", 500);
    expect_limit("0", 0);
    expect_limit("501", 0);
    expect_limit("-1", 0);
    expect_limit("1.5", 0);
    expect_limit("1 ", 0);
    expect_limit("0x10", 0);
    expect_limit("many", 0);
    expect_limit("9223372036854775808", 0);
}

static void expect_number(const char *value, bool is_taken, int64_t want)
{
    int64_t got = 0;
    bool taken = api_int_parameter(call_with("since", value), "since", 7, &got);
    if (!is_taken)
        expect_refusal(taken, "since", value);
    else
        assert_true(taken && got == want);
}

static void test_numbers(void **state)
{
    (void)state;
    expect_number(NULL, true, 7);
    expect_number("", false, 0);
    expect_number("-1", true, -1);
    expect_number("9223372036854775807", true, INT64_MAX);
    expect_number("-9223372036854775808", true, INT64_MIN);
    expect_number("-9223372036854775809", false, 0);
    expect_number("1e3", false, 0);
}

static void test_texts(void **state)
{
    char most[API_TEXT_MAX + 2];
    const char *got = "x";
    (void)state;
    assert_true(api_text_parameter(call_with("q", NULL), "q", &got) && got == NULL);
    assert_true(api_text_parameter(call_with("q", ""), "q", &got) && got == NULL);
    assert_true(api_text_parameter(call_with("q", "fox"), "q", &got));
    assert_string_equal(got, "fox");
    memset(most, 'x', sizeof(most));
    most[API_TEXT_MAX] = '\0';
    assert_true(api_text_parameter(call_with("q", most), "q", &got));
    most[API_TEXT_MAX] = 'x';
    most[API_TEXT_MAX + 1] = '\0';
    expect_refusal(api_text_parameter(call_with("q", most), "q", &got), "q", most);
}

/* --- cursors --- */

/* What is made is taken again, for the listing of this kind alone. */
static void expect_round(const int64_t *numbers, size_t count, const char *text, const char *want)
{
    int64_t again[4] = {0};
    const char *text_again = NULL;
    bool given;
    char *cursor = api_make_cursor(call_with("", NULL), 'v', numbers, count, text);
    assert_string_equal(cursor, want);
    cursor = strdup(cursor);
    const char **ret_text = text == NULL ? NULL : &text_again;
    assert_true(api_cursor(call_with("cursor", cursor), 'v', again, count, ret_text, &given));
    assert_true(given);
    assert_memory_equal(numbers, again, count * sizeof(*numbers));
    if (text != NULL)
        assert_string_equal(text_again, text);
    bool taken = api_cursor(call_with("cursor", cursor), 'b', again, count, ret_text, &given);
    expect_refusal(taken, "cursor", cursor);
    free(cursor);
}

static void test_cursors(void **state)
{
    static const int64_t numbers[] = {0, -1, INT64_MAX, INT64_MIN};
    char host[API_HOST_MAX + 1];
    (void)state;
    expect_round(numbers, 0, NULL, "v1");
    expect_round(numbers, 2, NULL, "v1.0.-1");
    expect_round(numbers, 4, NULL, "v1.0.-1.9223372036854775807.-9223372036854775808");
    expect_round(numbers, 1, "", "v1.0~");
    expect_round(numbers, 1, "a.\xc3\xa9", "v1.0~612ec3a9");
    memset(host, 'h', API_HOST_MAX);
    host[API_HOST_MAX] = '\0';
    char *cursor = strdup(api_make_cursor(call_with("", NULL), 'v', numbers, 4, host));
    expect_round(numbers, 4, host, cursor);
    free(cursor);
}

/* Without a cursor an answer would say that it is the last one. */
static void test_cursors_without_memory(void **state)
{
    static const int64_t numbers[] = {1};
    (void)state;
    struct api_call *call = call_with("", NULL);
    assert_false(buf_failed(&call->reply->body));
    call->request->arena.limit = call->request->arena.used + 1;
    assert_null(api_make_cursor(call, 'v', numbers, 1, NULL));
    assert_true(buf_failed(&call->reply->body));
    call->request->arena.limit = 0;
}

static void expect_no_cursor(const char *cursor, size_t count, bool with_text)
{
    int64_t numbers[4];
    const char *text;
    bool given;
    bool taken = api_cursor(call_with("cursor", cursor), 'v', numbers, count,
                            with_text ? &text : NULL, &given);
    expect_refusal(taken, "cursor", cursor);
}

static void test_foreign_cursors(void **state)
{
    char longer[2000];
    bool given = true;
    (void)state;
    assert_true(api_cursor(call_with("cursor", NULL), 'v', NULL, 0, NULL, &given) && !given);
    assert_true(api_cursor(call_with("cursor", ""), 'v', NULL, 0, NULL, &given) && !given);
    expect_no_cursor("v", 0, false);
    expect_no_cursor("v2", 0, false);
    expect_no_cursor("V1", 0, false);
    expect_no_cursor("v1.", 0, false);
    expect_no_cursor("v1.0", 0, false);
    expect_no_cursor("v1.0", 2, false);
    expect_no_cursor("v1.0.", 2, false);
    expect_no_cursor("v1..0", 2, false);
    expect_no_cursor("v10.0", 1, false);
    expect_no_cursor("v1.1x", 1, false);
    expect_no_cursor("v1.9223372036854775808", 1, false);
    expect_no_cursor("v1.0~61", 1, false);
    expect_no_cursor("v1.0", 1, true);
    expect_no_cursor("v1.0~6", 1, true);
    expect_no_cursor("v1.0~6g", 1, true);
    expect_no_cursor("v1.0~6100", 1, true); /* a NUL */
    expect_no_cursor("v1.0~c3", 1, true);   /* half a character */
    expect_no_cursor("v1.0~61~61", 1, true);
    expect_no_cursor("v1~61.0", 1, true);
    memset(longer, '6', sizeof(longer));
    memcpy(longer, "v1.0~", 5);
    longer[5 + 2 * (API_HOST_MAX + 1)] = '\0';
    expect_no_cursor(longer, 1, true);
    memset(longer, '6', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    expect_no_cursor(longer, 1, true);
}

/* --- bodies --- */

/* want: the status of the refusal; 0: it is taken. */
static void expect_body(const char *type, const char *body, int want)
{
    struct api_call *call = call_with("", NULL);
    asked.content_type = type;
    asked.body = body;
    asked.body_size = body == NULL ? 0 : strlen(body);
    json_t *got = api_body(call);
    if ((got != NULL) != (want == 0) || replied.status != want)
        fail_msg("%s: %.60s: got %d", type, body, replied.status);
    json_decref(got);
}

#define JSON "application/json"

static void test_bodies(void **state)
{
    char deep[600];
    (void)state;
    expect_body(JSON, "{}", 0);
    expect_body(JSON "; charset=utf-8", "{\"a\":[1,{\"b\":null}]}", 0);
    expect_body("application/merge-patch+json", "{}", 0);
    expect_body(NULL, "{}", 415);
    expect_body("", "{}", 415);
    expect_body("text/json", "{}", 415);
    expect_body("text/plain", "{}", 415);
    expect_body("application/x-www-form-urlencoded", "a=1", 415);
    expect_body(JSON, NULL, 400);
    expect_body(JSON, "", 400);
    expect_body(JSON, "[]", 400);
    expect_body(JSON, "1", 400);
    expect_body(JSON, "null", 400);
    expect_body(JSON, "{", 400);
    expect_body(JSON, "{} {}", 400);
    expect_body(JSON, "{\"a\":1,\"a\":2}", 400);
    expect_body(JSON, "{\"a\":\"\xff\"}", 400);
    memset(deep, '[', sizeof(deep));
    memcpy(deep, "{\"a\":", 5);
    memset(deep + 5 + 199, ']', 199);
    memcpy(deep + 5 + 2 * 199, "}", 2);
    expect_body(JSON, deep, 0);
    memset(deep + 5, '[', 594);
    memset(deep + 5 + 200, ']', 200);
    memcpy(deep + 5 + 2 * 200, "}", 2);
    expect_body(JSON, deep, 400);
}

static void test_lower_case(void **state)
{
    (void)state;
    assert_string_equal(api_lower(call_with("", NULL), "WWW.Example-1.\xc3\x89"),
                        "www.example-1.\xc3\x89");
    assert_null(api_lower(&asked_call, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_cursors),
        cmocka_unit_test(test_cursors_without_memory),
        cmocka_unit_test(test_foreign_cursors),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, end_call);
}
