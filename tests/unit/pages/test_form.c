/* Forms are this site's own, and lead to its own pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pages/internal.h"

#define TOKEN "AAAAAAAAAAAAAAAAAAAAAA"
#define OTHER "AAAAAAAAAAAAAAAAAAAAAB"

static struct pages pages;
static struct http_request request;
static struct http_reply reply;
static struct view_call call;

static int begin_call(void **state)
{
    (void)state;
    request = (struct http_request){.host = "home.example",
                                    .content_type = "application/x-www-form-urlencoded"};
    reply = (struct http_reply){0};
    call = (struct view_call){.pages = &pages, .request = &request, .reply = &reply};
    arena_init(&request.arena, 0);
    return 0;
}

static int end_call(void **state)
{
    (void)state;
    buf_fini(&call.html);
    buf_fini(&reply.body);
    arena_fini(&request.arena);
    return 0;
}

static void expect_next(const char *text, const char *want)
{
    assert_string_equal(pages_form_next(text), want);
}

static void test_where_it_goes_on(void **state)
{
    char longer[SIGNIN_PENDING_NEXT_SIZE + 1];
    (void)state;
    expect_next("/", "/");
    expect_next("/history?q=a%20b&day=1", "/history?q=a%20b&day=1");
    expect_next("/basic/", "/basic/");
    expect_next("/authors", "/authors");
    expect_next(NULL, "/");
    expect_next("", "/");
    expect_next("history", "/");
    expect_next("https://evil.example/", "/");
    expect_next("//evil.example/", "/");
    expect_next("/\\evil.example/", "/");
    expect_next("/a\\b", "/");
    expect_next("\\/evil.example", "/");
    expect_next(" /a", "/");
    expect_next("/\t/evil.example", "/");
    expect_next("/\n/evil.example", "/");
    expect_next("/a b", "/");
    expect_next("/\x7f", "/");
    expect_next("/\xc3\xa9", "/");
    expect_next("/auth/signout", "/");
    expect_next("/api/v1/me", "/");
    memset(longer, 'a', sizeof(longer));
    longer[0] = '/';
    longer[SIGNIN_PENDING_NEXT_SIZE - 1] = '\0';
    expect_next(longer, longer);
    longer[SIGNIN_PENDING_NEXT_SIZE - 1] = 'a';
    longer[SIGNIN_PENDING_NEXT_SIZE] = '\0';
    expect_next(longer, "/");
}

/* want: the status of the refusal; 0: it is ours. */
static void expect_read(const char *cookie, const char *field, const char *site, int want)
{
    char body[100];
    begin_call(NULL);
    snprintf(body, sizeof(body), "form=%s&x=1", field);
    request.cookie = cookie;
    request.body = body;
    request.body_size = strlen(body);
    request.sec_fetch_site = site;
    bool ours = pages_form_read(&call);
    if (ours != (want == 0) || reply.status != want)
        fail_msg("%s, %s, %s: got %d", cookie == NULL ? "-" : cookie, field,
                 site == NULL ? "-" : site, reply.status);
    end_call(NULL);
}

static void test_whose_it_is(void **state)
{
    (void)state;
    expect_read("hearth_form=" TOKEN, TOKEN, "same-origin", 0);
    expect_read("hearth_form=" TOKEN, TOKEN, NULL, 0); /* an old browser says nothing */
    expect_read("a=b; hearth_form=" TOKEN, TOKEN, "same-origin", 0);
    expect_read("hearth_form=" TOKEN, TOKEN, "cross-site", 403);
    expect_read("hearth_form=" TOKEN, TOKEN, "same-site", 403);
    expect_read("hearth_form=" TOKEN, OTHER, "same-origin", 403);
    expect_read("hearth_form=" TOKEN, "", "same-origin", 403);
    expect_read("hearth_form=" TOKEN, TOKEN "A", "same-origin", 403);
    expect_read(NULL, TOKEN, "same-origin", 403);
    expect_read("hearth_form=", "", "same-origin", 403);
    expect_read("hearth_form=A", "A", "same-origin", 403);
    expect_read("__Host-hearth_form=" TOKEN, TOKEN, "same-origin", 403); /* that is for TLS */
    expect_read("hearth_form=" TOKEN, "%", "same-origin", 400);
}

static void test_no_form(void **state)
{
    (void)state;
    request.content_type = "application/json";
    request.body = "{}";
    request.body_size = 2;
    assert_false(pages_form_read(&call));
    assert_int_equal(reply.status, 400);
    assert_int_equal(reply.header_count, 3);
}

/* The first form of a browser brings the cookie; all forms of a page repeat the same value. */
static void test_marks(void **state)
{
    char field[60], value[FORM_TOKEN_SIZE];
    (void)state;
    request.tls = true;
    assert_false(pages_form_is_marked(&call));
    pages_form_begin(&call, "/auth/step?a=1&b=\"", "/history?q=\"<b>\"");
    pages_form_end(&call, "Go <on>");
    assert_true(pages_form_is_marked(&call));
    assert_int_equal(reply.header_count, 1);
    assert_string_equal(reply.headers[0].name, "set-cookie");
    const char *set = reply.headers[0].value;
    assert_memory_equal(set, "__Host-hearth_form=", 19);
    memcpy(value, set + 19, FORM_TOKEN_SIZE - 1);
    value[FORM_TOKEN_SIZE - 1] = '\0';
    assert_int_equal(value[strcspn(value, "; ")], '\0');
    assert_non_null(strstr(set, "SameSite=Strict"));
    assert_non_null(strstr(set, "HttpOnly"));
    assert_non_null(strstr(set, "Secure"));
    snprintf(field, sizeof(field), "name=\"form\" value=\"%s\"", value);
    assert_non_null(strstr(call.html.data, field));
    assert_non_null(strstr(call.html.data, "action=\"/auth/step?a=1&amp;b=&quot;\""));
    assert_non_null(strstr(call.html.data, "value=\"/history?q=&quot;&lt;b&gt;&quot;\""));
    assert_non_null(strstr(call.html.data, "Go &lt;on&gt;"));
    pages_form_mark(&call);
    pages_form_begin(&call, "/auth/step", "/");
    assert_int_equal(reply.header_count, 1);
    assert_non_null(strstr(strstr(call.html.data, field) + 1, field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_it_goes_on),
        cmocka_unit_test(test_whose_it_is),
        cmocka_unit_test_setup_teardown(test_no_form, begin_call, end_call),
        cmocka_unit_test_setup_teardown(test_marks, begin_call, end_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
