/* Forms, cookies, and whose page a request is from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/http.h"

/* want: the field "a"; NULL: no form. */
static void expect_form(const char *type, const char *body, const char *want)
{
    struct http_request request = {
        .content_type = type, .body = body, .body_size = body == NULL ? 0 : strlen(body)};
    arena_init(&request.arena, 0);
    assert_int_equal(http_form(&request), want != NULL);
    if (want != NULL && want[0] != '\0')
        assert_string_equal(http_parameter(&request, "a"), want);
    arena_fini(&request.arena);
}

#define URLENCODED "application/x-www-form-urlencoded"

static void test_forms(void **state)
{
    (void)state;
    expect_form(URLENCODED, "a=1&b=2", "1");
    expect_form(URLENCODED "; charset=UTF-8", "a=1", "1");
    expect_form("Application/X-WWW-Form-URLEncoded;charset=x", "a=1", "1");
    expect_form(URLENCODED, "a=a+b%26c", "a b&c");
    expect_form(URLENCODED, NULL, "");
    expect_form(URLENCODED "x", "a=1", NULL);
    expect_form("multipart/form-data; boundary=a", "a=1", NULL);
    expect_form("application/json", "a=1", NULL);
    expect_form("text/plain", "a=1", NULL);
    expect_form("", "a=1", NULL);
    expect_form(NULL, "a=1", NULL);
    expect_form(URLENCODED, "a=%00", NULL);
    expect_form(URLENCODED, "a=%fe", NULL);
}

/* Its fields come instead of the query's. */
static void test_form_hides_the_query(void **state)
{
    const char *names[] = {"a", "q"}, *values[] = {"query", "query"};
    struct http_request request = {.content_type = URLENCODED,
                                   .body = "a=form",
                                   .body_size = 6,
                                   .names = names,
                                   .values = values,
                                   .parameter_count = 2};
    (void)state;
    arena_init(&request.arena, 0);
    assert_true(http_form(&request));
    assert_string_equal(http_parameter(&request, "a"), "form");
    assert_null(http_parameter(&request, "q"));
    arena_fini(&request.arena);
}

static void expect_cookie(const char *header, const char *want)
{
    struct http_request request = {.cookie = header};
    arena_init(&request.arena, 0);
    const char *got = http_cookie(&request, "s");
    if (want == NULL ? got != NULL : got == NULL || strcmp(got, want) != 0)
        fail_msg("Cookie: %s: got %s", header == NULL ? "(none)" : header, got == NULL ? "-" : got);
    arena_fini(&request.arena);
}

static void test_cookies(void **state)
{
    (void)state;
    expect_cookie(NULL, NULL);
    expect_cookie("", NULL);
    expect_cookie("s=1", "1");
    expect_cookie("s=", "");
    expect_cookie("a=0; s=1; b=2", "1");
    expect_cookie("a=0;s=1 ; b=2", "1");
    expect_cookie("s=1; s=2", "1");
    expect_cookie("S=1", NULL);
    expect_cookie("ss=1", NULL);
    expect_cookie("as=1", NULL);
    expect_cookie("a=s=1", NULL);
    expect_cookie("s", NULL);
    expect_cookie("s=a=b", "a=b");
    expect_cookie(";;; s=1", "1");
    expect_cookie("s =1", NULL);
}

/* want: as http_same_origin(). */
static void expect_origin(const char *fetch_site, const char *origin, bool tls, int want)
{
    struct http_request request = {
        .sec_fetch_site = fetch_site, .origin = origin, .tls = tls, .host = "home.example:8080"};
    int got = http_same_origin(&request, "https://public.example/");
    if (got != want)
        fail_msg("%s %s: got %d", fetch_site == NULL ? "-" : fetch_site,
                 origin == NULL ? "-" : origin, got);
}

static void test_origins(void **state)
{
    (void)state;
    expect_origin("same-origin", NULL, false, 1);
    expect_origin("same-origin", "https://evil.example", false, 1); /* browsers cannot lie there */
    expect_origin("same-site", "http://home.example:8080", false, 0);
    expect_origin("cross-site", NULL, false, 0);
    expect_origin("none", NULL, false, 0);
    expect_origin("", NULL, false, 0);
    expect_origin(NULL, NULL, false, -1);
    expect_origin(NULL, "http://home.example:8080", false, 1);
    expect_origin(NULL, "http://HOME.example:8080", false, 1);
    expect_origin(NULL, "https://home.example:8080", true, 1);
    expect_origin(NULL, "http://home.example:8080", true, 0);
    expect_origin(NULL, "https://home.example:8080", false, 0);
    expect_origin(NULL, "http://home.example", false, 0);
    expect_origin(NULL, "http://home.example:8080.evil.example", false, 0);
    expect_origin(NULL, "https://public.example", false, 1);
    expect_origin(NULL, "https://public.example.evil.example", false, 0);
    expect_origin(NULL, "https://public", false, 0);
    expect_origin(NULL, "https://", false, 0);
    expect_origin(NULL, "https:", false, 0);
    expect_origin(NULL, "null", false, 0);
    expect_origin(NULL, "", false, 0);
}

static void expect_base(const char *configured, const char *host, bool tls, const char *want)
{
    struct http_request request = {.host = host, .tls = tls};
    arena_init(&request.arena, 0);
    assert_string_equal(http_base_url(&request, configured), want);
    arena_fini(&request.arena);
}

static void test_base_url(void **state)
{
    (void)state;
    expect_base(NULL, "home.example:8080", false, "http://home.example:8080");
    expect_base("", "home.example", true, "https://home.example");
    expect_base(NULL, NULL, false, "http://localhost");
    expect_base("https://public.example//", "home.example", false, "https://public.example");
}

static void expect_set(bool tls, const char *base_path, const char *want)
{
    struct http_request request = {.tls = tls, .base_path = base_path};
    struct http_reply reply = {0};
    arena_init(&request.arena, 0);
    http_set_cookie(&request, &reply, "s", "1", 60, "Strict");
    assert_string_equal(reply.headers[0].name, "set-cookie");
    assert_string_equal(reply.headers[0].value, want);
    request.cookie = arena_strndup(&request.arena, want, strcspn(want, ";"));
    assert_string_equal(http_cookie(&request, "s"), "1");
    request.tls = !tls; /* it is known by another name there */
    assert_null(http_cookie(&request, "s"));
    http_clear_site(&request, &reply);
    assert_int_equal(reply.header_count, base_path == NULL || base_path[0] == '\0' ? 2 : 1);
    assert_string_equal(http_path(&request, "/a"),
                        base_path == NULL || base_path[0] == '\0' ? "/a" : "/hearth/a");
    arena_fini(&request.arena);
}

static void test_under_a_path(void **state)
{
    (void)state;
    expect_set(false, NULL, "s=1; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
    expect_set(true, "", "__Host-s=1; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure");
    expect_set(false, "/hearth", "s=1; Path=/hearth/; Max-Age=60; HttpOnly; SameSite=Strict");
    expect_set(true, "/hearth",
               "__Secure-s=1; Path=/hearth/; Max-Age=60; HttpOnly; SameSite=Strict; Secure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),    cmocka_unit_test(test_form_hides_the_query),
        cmocka_unit_test(test_cookies),  cmocka_unit_test(test_origins),
        cmocka_unit_test(test_base_url), cmocka_unit_test(test_under_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
