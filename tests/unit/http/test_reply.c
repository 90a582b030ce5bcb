/* What replies are made of: validators, problems, compression, shared bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <brotli/decode.h>
#include <cmocka.h>
#include <zlib.h>

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
    reply.coded = true;
    http_reply_problem(&reply, 404, http_says_not_found());
    assert_string_equal(reply.body.data,
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\","
                        "\"status\":404,"
                        "\"detail\":\"There is nothing at this address.\",\"code\":\"not_found\","
                        "\"message\":{\"id\":\"problem.not_found\",\"parameters\":{}}}");
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.content_type, "application/problem+json");
    assert_false(reply.coded);
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

/* What comes out of `size` letters is what was in, and smaller. */
static void expect_back(const struct buf *body, enum http_coding coding, const struct buf *want)
{
    size_t size = want->size + 1;
    uint8_t *out = malloc(size);
    assert_non_null(out);
    if (coding == HTTP_BROTLI) {
        assert_int_equal(
            BrotliDecoderDecompress(body->size, (const uint8_t *)body->data, &size, out),
            BROTLI_DECODER_RESULT_SUCCESS);
    } else {
        z_stream z = {.next_in = (unsigned char *)body->data,
                      .avail_in = (uInt)body->size,
                      .next_out = out,
                      .avail_out = (uInt)size};
        assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        size = z.total_out;
        inflateEnd(&z);
    }
    assert_int_equal(size, want->size);
    assert_memory_equal(out, want->data, size);
    free(out);
}

static int gather(void *ctx, const void *bytes, size_t size)
{
    buf_add(ctx, bytes, size);
    return 0;
}

/* In pieces of every size up to 2,000. */
static void expect_stream(enum http_coding coding, const struct buf *whole)
{
    struct compressor *compressor = http_compressor_create(coding, 0);
    struct buf out = {0};
    size_t at = 0;
    for (size_t piece = 0; at < whole->size; at += piece) {
        piece = piece % 2000 + 1 < whole->size - at ? piece % 2000 + 1 : whole->size - at;
        assert_int_equal(
            http_compressor_write(compressor, whole->data + at, piece, false, gather, &out), 0);
    }
    assert_int_equal(http_compressor_write(compressor, "", 0, true, gather, &out), 0);
    http_compressor_destroy(compressor);
    expect_back(&out, coding, whole);
    buf_fini(&out);
}

static void expect_coded(const char *letters, size_t size, enum http_coding coding, bool want)
{
    struct http_reply reply = {0};
    struct buf whole = {0};
    unsigned random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        buf_add_char(&reply.body, letters[(random >> 24) % strlen(letters)]);
    }
    buf_add(&whole, reply.body.data, reply.body.size);
    assert_int_equal(http_reply_compress(&reply, coding), want);
    assert_int_equal(reply.header_count, want);
    assert_true(want ? reply.body.size < size : reply.body.size == size);
    if (want) {
        assert_string_equal(reply.headers[0].value, http_coding_name(coding));
        expect_back(&reply.body, coding, &whole);
        assert_false(http_reply_compress(&reply, coding)); /* once */
    }
    if (coding != HTTP_IDENTITY)
        expect_stream(coding, &whole);
    buf_fini(&reply.body);
    buf_fini(&whole);
}

static void test_compression(void **state)
{
    char every[256];
    (void)state;
    for (size_t i = 0; i < 255; i++)
        every[i] = (char)(i + 1);
    every[255] = '\0';
    for (enum http_coding coding = HTTP_IDENTITY; coding <= HTTP_BROTLI; coding++) {
        bool coded = coding != HTTP_IDENTITY;
        expect_coded("a", 1025, coding, coded);
        expect_coded("a", 1024, coding, false); /* too small to be worth it */
        expect_coded("ab", 1000000, coding, coded);
        expect_coded(every, 2000, coding, false); /* nothing is gained */
    }
    assert_null(http_coding_name(HTTP_IDENTITY));
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
