/* What proxies say of their clients: from whom it is believed, how far, and what becomes of the
 * rest. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"

enum { TEST_NETWORKS = 4, TEST_HEADERS = 8 };

static struct network trusted_networks[TEST_NETWORKS];

static struct http_server *server_trusting(const char *list)
{
    static struct http_server server;
    char copy[200], *rest = copy;
    server.proxies = trusted_networks;
    server.proxy_count = 0;
    snprintf(copy, sizeof(copy), "%s", list);
    for (char *text; (text = strsep(&rest, " ")) != NULL;)
        if (text[0] != '\0')
            assert_true(network_parse(text, &trusted_networks[server.proxy_count++]));
    return &server;
}

/* headers: lines "name: value", as the proxy at 10.0.0.1 sent them. want: the address, and "https"
 * or "http". */
static void expect_client(const char *forwarded_is_trusted, const char *headers, const char *want)
{
    struct http_request request = {.remote = "10.0.0.1"};
    h2o_header_t entries[TEST_HEADERS];
    h2o_iovec_t names[TEST_HEADERS];
    h2o_req_t req = {.headers = {.entries = entries}};
    char copy[1000], got[100], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", headers);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *colon = strstr(line, ": ");
        size_t i = req.headers.size;
        if (colon == NULL)
            continue;
        assert_true(req.headers.size++ < TEST_HEADERS);
        names[i] = h2o_iovec_init(line, (size_t)(colon - line));
        entries[i] = (h2o_header_t){.name = &names[i],
                                    .value = h2o_iovec_init(colon + 2, strlen(colon + 2))};
    }
    http_forwarded_apply(server_trusting(forwarded_is_trusted), &req, &request);
    snprintf(got, sizeof(got), "%s %s", request.remote, request.tls ? "https" : "http");
    if (strcmp(got, want) != 0)
        fail_msg("%s: got %s, wanted %s", headers, got, want);
}

#define FOR "x-forwarded-for: "
#define RFC "forwarded: "

static void test_x_forwarded(void **state)
{
    (void)state;
    expect_client("10.0.0.0/8", "", "10.0.0.1 http");
    expect_client("10.0.0.0/8", FOR "192.0.2.7", "192.0.2.7 http");
    expect_client("10.0.0.0/8", FOR "192.0.2.7\nx-forwarded-proto: https", "192.0.2.7 https");
    expect_client("10.0.0.0/8", "x-forwarded-proto: https", "10.0.0.1 https");
    expect_client("10.0.0.0/8", "x-forwarded-proto: HTTPS", "10.0.0.1 https");
    expect_client("10.0.0.0/8", "x-forwarded-proto: https, http", "10.0.0.1 http");
    expect_client("10.0.0.0/8", "x-forwarded-proto: httpsx", "10.0.0.1 http");
    expect_client("10.0.0.0/8", "x-forwarded-proto: ", "10.0.0.1 http");
    expect_client("10.0.0.0/8", FOR "  192.0.2.7\t", "192.0.2.7 http");
    /* The last one is of the nearest proxy. */
    expect_client("10.0.0.0/8", FOR "203.0.113.9\n" FOR "192.0.2.7", "192.0.2.7 http");
}

/* What stands left of the first address that is none of our proxies is what strangers wrote. */
static void test_how_far_it_is_believed(void **state)
{
    (void)state;
    expect_client("10.0.0.0/8", FOR "198.51.100.1, 192.0.2.7", "192.0.2.7 http");
    expect_client("10.0.0.0/8", FOR "192.0.2.7, 10.0.0.2, 10.0.0.3", "192.0.2.7 http");
    expect_client("10.0.0.0/8", FOR "10.9.9.9, 192.0.2.7, 10.0.0.2", "192.0.2.7 http");
    expect_client("10.0.0.0/8", FOR "10.0.0.3, 10.0.0.2", "10.0.0.3 http"); /* a client within */
    expect_client("10.0.0.0/8 192.0.2.7", FOR "203.0.113.9, 192.0.2.7", "203.0.113.9 http");
    expect_client("10.0.0.0/31", FOR "192.0.2.7, 10.0.0.2", "10.0.0.2 http");
    expect_client("", FOR "203.0.113.9, 192.0.2.7", "192.0.2.7 http");
}

static void test_forwarded(void **state)
{
    (void)state;
    expect_client("10.0.0.0/8", RFC "for=192.0.2.7", "192.0.2.7 http");
    expect_client("10.0.0.0/8", RFC "FOR=192.0.2.7;Proto=https;by=10.0.0.1", "192.0.2.7 https");
    expect_client("10.0.0.0/8", RFC "proto=https ; for=\"192.0.2.7:4711\"", "192.0.2.7 https");
    expect_client("10.0.0.0/8", RFC "for=203.0.113.9, for=192.0.2.7", "192.0.2.7 http");
    expect_client("10.0.0.0/8", RFC "for=192.0.2.7;proto=https, for=10.0.0.2;proto=http",
                  "192.0.2.7 https");
    expect_client("10.0.0.0/8", RFC "for=\"[2001:db8::1]:4711\"", "2001:db8::1 http");
    expect_client("10.0.0.0/8", RFC "host=home.example.org", "10.0.0.1 http");
    /* A proxy that knows only X-Forwarded-* passes a client's own Forwarded on. */
    expect_client("10.0.0.0/8", RFC "for=203.0.113.9;proto=https\n" FOR "192.0.2.7",
                  "192.0.2.7 http");
    expect_client("10.0.0.0/8", RFC "for=203.0.113.9\nx-forwarded-proto: https", "10.0.0.1 https");
}

static void test_spellings_of_addresses(void **state)
{
    (void)state;
    expect_client("10.0.0.0/8", FOR "192.0.2.7:80", "192.0.2.7 http");
    expect_client("10.0.0.0/8", FOR "2001:DB8::A", "2001:db8::a http");
    expect_client("10.0.0.0/8", FOR "2001:0db8:0:0:0:0:0:1", "2001:db8::1 http");
    expect_client("10.0.0.0/8", FOR "[2001:db8::1]", "2001:db8::1 http");
    expect_client("10.0.0.0/8", FOR "[2001:db8::1]:65535", "2001:db8::1 http");
    expect_client("10.0.0.0/8", FOR "\"[2001:db8::1]\"", "2001:db8::1 http");
    expect_client("10.0.0.0/8", FOR "::ffff:192.0.2.7", "192.0.2.7 http");
    expect_client("10.0.0.0/8", FOR "[::ffff:192.0.2.7]:80", "192.0.2.7 http");
    /* By whichever spelling, a proxy is one. */
    expect_client("10.0.0.0/8", FOR "192.0.2.7, ::ffff:10.0.0.2", "192.0.2.7 http");
    expect_client("2001:db8::/32", FOR "192.0.2.7, 2001:DB8:9::1", "192.0.2.7 http");
}

static void test_malformed(void **state)
{
    static const char *const broken[] = {
        FOR,
        FOR ",",
        FOR "192.0.2.7,",
        FOR "203.0.113.9, unknown",
        FOR "192.0.2.256",
        FOR "192.0.2",
        FOR "0x7f.0.0.1",
        FOR "192.0.2.7 203.0.113.9",
        FOR "\"192.0.2.7",
        FOR "\"",
        FOR "[",
        FOR "[]",
        FOR "[2001:db8::1",
        FOR "]2001:db8::1[",
        FOR "2001:db8::1%eth0",
        FOR "2001:db8:::1",
        FOR "::1:2:3:4:5:6:7:8:9",
        FOR "_hidden",
        RFC "for=unknown",
        RFC "for=_secret",
        RFC "for",
        RFC "for=",
        RFC "=192.0.2.7",
        RFC "192.0.2.7",
        RFC ";;;,,,",
        RFC "for=\"192.0.2.7,203.0.113.9\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        expect_client("10.0.0.0/8", broken[i], "10.0.0.1 http");
    char longer[200];
    snprintf(longer, sizeof(longer), FOR "%0100d.0.2.7", 192);
    expect_client("10.0.0.0/8", longer, "10.0.0.1 http");
}

static bool matches(const char *forwarded_is_trusted, const char *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct http_server *server = server_trusting(forwarded_is_trusted);
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return http_forwarded_matches(server, (struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return http_forwarded_matches(server, (struct sockaddr *)&six);
}

static void test_who_is_a_proxy(void **state)
{
    (void)state;
    assert_true(matches("10.0.0.0/8", "10.255.255.255"));
    assert_false(matches("10.0.0.0/8", "11.0.0.0"));
    assert_true(matches("10.0.0.0/8", "::ffff:10.0.0.1")); /* of a socket that takes both */
    assert_false(matches("::/0", "::ffff:10.0.0.1"));
    assert_true(matches("::/0", "2001:db8::1"));
    assert_false(matches("0.0.0.0/0", "2001:db8::1"));
    assert_true(matches("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(matches("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(matches("127.0.0.1 ::1", "::1"));
    assert_false(matches("127.0.0.1 ::1", "127.0.0.2"));
    assert_false(matches("", "127.0.0.1"));
    const struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(http_forwarded_matches(server_trusting("0.0.0.0/0 ::/0"), &local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x_forwarded), cmocka_unit_test(test_how_far_it_is_believed),
        cmocka_unit_test(test_forwarded),   cmocka_unit_test(test_spellings_of_addresses),
        cmocka_unit_test(test_malformed),   cmocka_unit_test(test_who_is_a_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
