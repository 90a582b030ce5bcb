/* Requests of HTTP/1 that could be read in two ways are refused; names with ports; chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/strict.h"

enum { TEST_HEADERS = 16 };

/* Cuts as the parser does: at single spaces, and at the colons of lines; a line that begins with a
 * blank has no name. */
static void cut_request(const char *bytes, struct strict_header *headers,
                        struct strict_request *ret)
{
    const char *target = strchr(bytes, ' ') + 1, *version = strchr(target, ' ') + 1;
    *ret = (struct strict_request){.bytes = bytes,
                                   .size = strlen(bytes),
                                   .method = bytes,
                                   .target = target,
                                   .method_size = (size_t)(target - 1 - bytes),
                                   .target_size = (size_t)(version - 1 - target),
                                   .headers = headers};
    for (const char *line = strchr(version, '\n') + 1; *line != '\r' && *line != '\0';) {
        const char *end = strchr(line, '\n'), *colon = memchr(line, ':', (size_t)(end - line));
        bool continues = *line == ' ' || *line == '\t';
        assert_true(ret->count < TEST_HEADERS && (continues || colon != NULL));
        const char *value = continues ? line : colon + 1;
        const char *begin = value + strspn(value, " \t");
        headers[ret->count++] =
            (struct strict_header){.name = continues ? NULL : line,
                                   .name_size = continues ? 0 : (size_t)(value - 1 - line),
                                   .value = begin,
                                   .value_size = (size_t)(end - (end[-1] == '\r') - begin)};
        line = end + 1;
    }
}

/* want: what a refusal says, or a part of it; NULL: it may go on. */
static void expect_request(const char *bytes, const char *want)
{
    struct strict_header headers[TEST_HEADERS];
    struct strict_request request;
    cut_request(bytes, headers, &request);
    const char *got = http_strict_check(&request);
    if (want == NULL ? got != NULL : got == NULL || strstr(got, want) == NULL)
        fail_msg("%s: got %s", bytes, got == NULL ? "nothing" : got);
}

#define GET    "GET / HTTP/1.1\r\n"
#define HOST   "Host: a.example\r\n"
#define END    "\r\n"
#define LENGTH "Content-Length: "
#define CODING "Transfer-Encoding: "
#define OLD    "GET / HTTP/1.0\r\n"

static void test_lines(void **state)
{
    (void)state;
    expect_request(GET HOST END, NULL);
    expect_request(GET "Host: a.example\n" END, "line feed alone");
    expect_request("GET / HTTP/1.1\n" HOST END, "line feed alone");
    expect_request(OLD END, NULL);
    expect_request("GET / HTTP/1.2\r\n" HOST END, "HTTP/1.0 or HTTP/1.1");
    expect_request("GET / HTTP/2.0\r\n" HOST END, "HTTP/1.0 or HTTP/1.1");
    expect_request("GET / HTTP/1.1 \r\n" HOST END, "HTTP/1.0 or HTTP/1.1");
    expect_request("GET / HTTP/1.11\r\n" HOST END, "HTTP/1.0 or HTTP/1.1");
    expect_request("G(T / HTTP/1.1\r\n" HOST END, "request line");
    expect_request(" / HTTP/1.1\r\n" HOST END, "request line");
    expect_request("GET  HTTP/1.1\r\n" HOST END, "request line");
    expect_request("M-SEARCH / HTTP/1.1\r\n" HOST END,
                   NULL); /* a token; what it means is asked later */
}

static void test_headers(void **state)
{
    (void)state;
    expect_request(GET HOST "X-Y_z: 1\r\n" END, NULL);
    expect_request(GET HOST "X: 1\r\n 2\r\n" END, "second line");
    expect_request(GET HOST "X : 1\r\n" END, "name of a header");
    expect_request(GET HOST ": 1\r\n" END, "name of a header");
    expect_request(GET HOST "X(y): 1\r\n" END, "name of a header");
    expect_request(GET HOST "X\x80: 1\r\n" END, "name of a header");
    expect_request(GET HOST "X:\r\n" END, NULL);
}

static void test_lengths(void **state)
{
    (void)state;
    expect_request(GET HOST LENGTH "0\r\n" END, NULL);
    expect_request(GET HOST LENGTH "5 \t\r\n" END, NULL);
    expect_request(GET HOST LENGTH "+5\r\n" END, "not a number");
    expect_request(GET HOST LENGTH "-1\r\n" END, "not a number");
    expect_request(GET HOST LENGTH "0x5\r\n" END, "not a number");
    expect_request(GET HOST LENGTH "5, 5\r\n" END, "not a number");
    expect_request(GET HOST LENGTH "\r\n" END, "not a number");
    expect_request(GET HOST LENGTH "999999999999999999\r\n" END, NULL);
    expect_request(GET HOST LENGTH "1000000000000000000\r\n" END, "not a number");
    expect_request(GET HOST LENGTH "5\r\ncontent-length: 5\r\n" END,
                   "more than one Content-Length");
    expect_request(GET HOST LENGTH "5\r\n" CODING "chunked\r\n" END, "both");
    expect_request(GET HOST CODING "chunked\r\n" END, NULL);
    expect_request(GET HOST CODING "Chunked\r\n" END, NULL);
    expect_request(GET HOST CODING "gzip, chunked\r\n" END, "only Transfer-Encoding");
    expect_request(GET HOST CODING "identity\r\n" END, "only Transfer-Encoding");
    expect_request(GET HOST CODING "\r\n" END, "only Transfer-Encoding");
    expect_request(GET HOST CODING "chunked\r\n" CODING "chunked\r\n" END,
                   "more than one Transfer-Encoding");
    expect_request(OLD CODING "chunked\r\n" END, "HTTP/1.0 has no");
}

static void test_hosts_and_targets(void **state)
{
    (void)state;
    expect_request(GET END, "There is no Host");
    expect_request(GET HOST "host: a.example\r\n" END, "more than one Host");
    expect_request(GET "Host: a b\r\n" END, "Host is malformed");
    expect_request("GET /#top HTTP/1.1\r\n" HOST END, "fragment");
    expect_request("OPTIONS * HTTP/1.1\r\n" HOST END, NULL);
    expect_request("GET a HTTP/1.1\r\n" HOST END, "address is malformed");
    expect_request("GET ftp://a.example/ HTTP/1.1\r\n" HOST END, "address is malformed");
    expect_request("GET http:///x HTTP/1.1\r\n" HOST END, "address is malformed");
    expect_request("GET http://u@a.example/ HTTP/1.1\r\n" HOST END, "address is malformed");
    expect_request("GET http://b.example/ HTTP/1.1\r\n" HOST END, "different servers");
    expect_request("GET http://a.example:80/ HTTP/1.1\r\n" HOST END, "different servers");
    expect_request("GET HTTPS://A.example/x HTTP/1.1\r\n" HOST END, NULL);
}

/* What was cut changes: absolute addresses become paths, Upgrade goes, values are trimmed. */
static void test_what_it_changes(void **state)
{
    struct strict_header headers[TEST_HEADERS];
    struct strict_request request;
    (void)state;
    cut_request(
        "GET http://a.example/x?y HTTP/1.1\r\nHost: a.example \t\r\nUpgrade: h2c\r\nX: 1\r\n\r\n",
        headers, &request);
    assert_null(http_strict_check(&request));
    assert_int_equal(request.target_size, 4);
    assert_memory_equal(request.target, "/x?y", 4);
    assert_int_equal(request.count, 2);
    assert_int_equal(headers[0].value_size, strlen("a.example"));
    assert_memory_equal(headers[1].name, "X", 1);
    cut_request("GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", headers, &request);
    assert_null(http_strict_check(&request));
    assert_int_equal(request.target_size, 1);
    assert_memory_equal(request.target, "/", 1);
}

/* want: the host; NULL: none. */
static void expect_authority(const char *text, const char *want)
{
    const char *host;
    size_t size;
    bool got = http_strict_authority(text, strlen(text), &host, &size);
    if (got != (want != NULL) || (got && (size != strlen(want) || memcmp(host, want, size) != 0)))
        fail_msg("%s: got %.*s", text, got ? (int)size : 1, got ? host : "-");
}

static void test_authorities(void **state)
{
    (void)state;
    expect_authority("a.example", "a.example");
    expect_authority("a.example:80", "a.example");
    expect_authority("a.example:", "a.example"); /* RFC 3986, 3.2.3 */
    expect_authority("a.example:99999", "a.example");
    expect_authority("a.example:999999", NULL);
    expect_authority("a.example:8a", NULL);
    expect_authority("a.example:-1", NULL);
    expect_authority("a_b-c", "a_b-c");
    expect_authority("192.0.2.7:1", "192.0.2.7");
    expect_authority("[::1]", "::1");
    expect_authority("[::1]:80", "::1");
    expect_authority("[::ffff:192.0.2.7]", "::ffff:192.0.2.7");
    expect_authority("[]", NULL);
    expect_authority("[::1", NULL);
    expect_authority("[::1]x", NULL);
    expect_authority("[::1]80", NULL);
    expect_authority("[fe80::1%eth0]", NULL);
    expect_authority("::1", NULL);
    expect_authority("", "");
    expect_authority(":80", NULL);
    expect_authority("u@a", NULL);
    expect_authority("a/b", NULL);
    expect_authority("a b", NULL);
    expect_authority("a\t", NULL);
}

/* In one piece and byte by byte. want: the body; NULL: malformed. rest: what is behind it; -2: more
 * is to come. */
static void expect_chunks(const char *bytes, const char *want, int rest)
{
    for (size_t piece = 1; piece <= strlen(bytes); piece = piece == 1 ? strlen(bytes) : piece + 1) {
        struct strict_chunks chunks = {0};
        char body[400];
        size_t size = 0, at = 0;
        ssize_t r = -2;
        while (at < strlen(bytes) && r == -2) {
            size_t n = strlen(bytes) - at < piece ? strlen(bytes) - at : piece;
            memcpy(body + size, bytes + at, n);
            at += n;
            r = http_strict_chunked(&chunks, body + size, &n);
            size += n;
        }
        if (r >= 0)
            r += (ssize_t)(strlen(bytes) - at);
        assert_int_equal(r, want == NULL ? -1 : rest);
        if (want != NULL) {
            assert_int_equal(size, strlen(want));
            assert_memory_equal(body, want, size);
        }
    }
}

static void test_chunks(void **state)
{
    char longer[300];
    (void)state;
    expect_chunks("0\r\n\r\n", "", 0);
    expect_chunks("3\r\nabc\r\n0\r\n\r\n", "abc", 0);
    expect_chunks("3\r\nabc\r\n0\r\n\r\nGET", "abc", 3);
    expect_chunks("03;x=\"y\"\r\nabc\r\nA \r\n0123456789\r\n00\r\n\r\n", "abc0123456789", 0);
    expect_chunks("1\r\na\r\n0\r\nX: y\r\n\r\n", "a", 0);
    expect_chunks("3\r\nab", "ab", -2);
    expect_chunks("\r\n", NULL, 0);
    expect_chunks("g\r\n", NULL, 0);
    expect_chunks("0x3\r\n", NULL, 0);
    expect_chunks("-1\r\n", NULL, 0);
    expect_chunks("+1\r\n", NULL, 0);
    expect_chunks(" 1\r\n", NULL, 0);
    expect_chunks("1\n", NULL, 0);
    expect_chunks("1\r\r\n", NULL, 0);
    expect_chunks("1\r\nab", NULL, 0);
    expect_chunks("1\r\na\n", NULL, 0);
    expect_chunks("0000000000000001\r\n", NULL, 0);  /* 16 digits */
    expect_chunks("ffffffffffffffff0\r\n", NULL, 0); /* would not fit */
    expect_chunks("1;\x01\r\n", NULL, 0);
    expect_chunks("0\r\n X: y\r\n", NULL, 0);
    memset(longer, 'x', sizeof(longer));
    memcpy(longer, "1;", 2);
    longer[sizeof(longer) - 1] = '\0';
    expect_chunks(longer, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),           cmocka_unit_test(test_headers),
        cmocka_unit_test(test_lengths),         cmocka_unit_test(test_hosts_and_targets),
        cmocka_unit_test(test_what_it_changes), cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
