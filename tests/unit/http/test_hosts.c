/* Names of this server: what Host may say, and what whoever says something else is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"

static const char *const known_hosts[] = {"home.example.org", "box"};

/* want: the status of the refusal; 0: it may go on. */
static void expect_host(const char *host, int want)
{
    static struct http_server server;
    struct http_request request = {.host = host, .version = 11};
    struct http_reply reply = {0};
    server.options.hosts = known_hosts;
    server.options.host_count = 2;
    snprintf(server.own_name, sizeof(server.own_name), "alder");
    bool known = http_hosts_check(&server, &request, &reply);
    assert_int_equal(known, reply.status == 0);
    if (reply.status != want)
        fail_msg("%s: got %d, wanted %d", host == NULL ? "(none)" : host, reply.status, want);
    buf_fini(&reply.body);
}

static void test_known(void **state)
{
    (void)state;
    expect_host("home.example.org", 0);
    expect_host("HOME.Example.org:8080", 0);
    expect_host("home.example.org.", 0); /* absolute */
    expect_host("home.example.org.:443", 0);
    expect_host("box", 0);
    expect_host("localhost", 0);
    expect_host("LOCALHOST:1", 0);
    expect_host("hearth.localhost:8080", 0);
    expect_host("192.0.2.7", 0);
    expect_host("192.0.2.7:8080", 0);
    expect_host("[2001:db8::1]", 0);
    expect_host("[2001:DB8::1]:443", 0);
    expect_host("alder", 0);
    expect_host("ALDER.local", 0);
}

static void test_unknown(void **state)
{
    (void)state;
    expect_host("evil.example", 421);
    expect_host("home.example.org.evil.example", 421);
    expect_host("evilhome.example.org", 421);
    expect_host("example.org", 421);
    expect_host("notlocalhost", 421);
    expect_host("localhost.evil.example", 421);
    expect_host("alder.example", 421);
    expect_host("alder.locals", 421);
    expect_host("alde", 421);
    expect_host("127.1", 421); /* browsers write it out */
    expect_host("2130706433", 421);
    expect_host("[::1::]", 421);
    expect_host("home.example.org..", 421);
    expect_host("", 421);
    expect_host(".", 421);
    expect_host(NULL, 421);
}

static void test_malformed(void **state)
{
    char longest[300];
    (void)state;
    expect_host("home.example.org:port", 400);
    expect_host("home.example.org:123456", 400);
    expect_host("home.example.org@evil.example", 400);
    expect_host("home.example.org/", 400);
    expect_host("home example", 400);
    expect_host("<script>", 400);
    expect_host("[::1", 400);
    expect_host("::1", 400);
    expect_host("h\xc3\xb6me", 400);
    memset(longest, 'a', sizeof(longest));
    longest[253] = '\0';
    expect_host(longest, 421);
    longest[253] = 'a';
    longest[254] = '\0';
    expect_host(longest, 400);
}

/* HTTP/1.0 may leave it out: no browser does. */
static void test_without_host(void **state)
{
    static struct http_server server;
    struct http_request request = {.version = 10};
    struct http_reply reply = {0};
    (void)state;
    assert_true(http_hosts_check(&server, &request, &reply));
    request.version = 20;
    assert_false(http_hosts_check(&server, &request, &reply));
    assert_int_equal(reply.status, 421);
    buf_fini(&reply.body);
}

static void expect_words(const char *accept, const char *type, const char *words)
{
    static struct http_server server;
    struct http_request request = {.version = 11, .host = "other.example:1", .accept = accept};
    struct http_reply reply = {0};
    assert_false(http_hosts_check(&server, &request, &reply));
    assert_string_equal(reply.content_type, type);
    buf_add_char(&reply.body, '\0');
    assert_non_null(strstr(reply.body.data, words));
    buf_fini(&reply.body);
}

static void test_says_what_to_do(void **state)
{
    (void)state;
    expect_words(NULL, "application/problem+json", "[web] hosts = other.example;");
    expect_words("*/*", "application/problem+json", "\"code\":\"unknown_host\"");
    expect_words("text/html,*/*", "text/html; charset=utf-8", "[web] hosts = other.example;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),           cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_malformed),       cmocka_unit_test(test_without_host),
        cmocka_unit_test(test_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
