/* Validators: what makes two answers differ, 304, and answers from the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/internal.h"

static char *etag_of(const char *path, const char *query, const char *account, int64_t generation,
                     bool gzip, char ret[API_VALIDATOR_SIZE])
{
    const struct http_request request = {
        .path = path, .query = query, .coding = gzip ? HTTP_GZIP : HTTP_IDENTITY};
    struct validator validator = api_validator(&request, account, generation);
    api_validator_format(&validator, ret);
    assert_true(ret[0] == '"' && ret[strlen(ret) - 1] == '"' && strlen(ret) < API_VALIDATOR_SIZE);
    assert_int_equal(strcspn(ret, ", \t"), strlen(ret)); /* what divides lists of them */
    return ret;
}

static void test_what_counts(void **state)
{
    char tags[9][API_VALIDATOR_SIZE];
    (void)state;
    etag_of("/me", NULL, "ada", 7, false, tags[0]);
    etag_of("/me", NULL, "ada", 8, false, tags[1]);
    etag_of("/me", NULL, "eve", 7, false, tags[2]);
    etag_of("/tabs", NULL, "ada", 7, false, tags[3]);
    etag_of("/me", "q=1", "ada", 7, false, tags[4]);
    etag_of("/me", "q=2", "ada", 7, false, tags[5]);
    etag_of("/me", NULL, "ada", 7, true, tags[6]);
    etag_of("/me", NULL, "ada", INT64_MAX, true, tags[7]);
    etag_of("/me", NULL, "ada", API_NO_GENERATION, true, tags[8]);
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(tags[i], tags[k]);
    char again[API_VALIDATOR_SIZE];
    assert_string_equal(etag_of("/me", "", "ada", 7, false, again), tags[0]); /* "/me?" is "/me" */
}

static struct api api;
static struct api_endpoint endpoint = {.api = &api, .reads = 1};

static void *shared_ref(void *shared)
{
    return http_shared_ref(shared);
}

static void shared_unref(void *shared)
{
    http_shared_unref(shared);
}

static int create_cache(void **state)
{
    (void)state;
    api.cache = api_response_cache_create(100000, shared_ref, shared_unref);
    return api.cache == NULL;
}

static int destroy_cache(void **state)
{
    (void)state;
    api_response_cache_destroy(api.cache);
    return 0;
}

static const char *header_of(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}

/* want: the status; 0: not from the cache. */
static void expect_cached(struct http_request *request, int64_t generation, int want)
{
    struct http_reply reply = {0};
    arena_init(&request->arena, 0);
    bool found = api_validate_from_cache(&endpoint, request, "ada", generation, &reply);
    assert_int_equal(found, want != 0);
    assert_int_equal(reply.status, want);
    if (found) {
        assert_non_null(header_of(&reply, "etag"));
        assert_string_equal(header_of(&reply, "cache-control"), "private, no-cache");
        assert_int_equal(reply.shared != NULL, want == 200);
    }
    http_shared_unref(reply.shared);
    arena_fini(&request->arena);
}

/* An answer of 2,000 bytes `what` that is made at a generation. had: If-None-Match. want: what it
 * becomes. */
static void keep_answer(bool gzip, int status, char what, int64_t generation, const char *had,
                        int want)
{
    struct http_request request = {
        .path = "/me", .coding = gzip ? HTTP_GZIP : HTTP_IDENTITY, .if_none_match = had};
    struct http_reply reply = {.status = status};
    struct api_call call = {
        .api = &api, .request = &request, .reply = &reply, .account = "ada", .newest = generation};
    arena_init(&request.arena, 0);
    for (int i = 0; i < 2000; i++)
        buf_add_char(&reply.body, what);
    api_validate_keep(&call, &endpoint);
    assert_int_equal(reply.status, want);
    assert_int_equal(header_of(&reply, "etag") != NULL, status == 200);
    if (want == 304)
        assert_int_equal(reply.body.size, 0);
    if (want == 304 && had[0] != '*')
        assert_string_equal(header_of(&reply, "etag"), had);
    if (want == 200)
        assert_int_equal(header_of(&reply, "content-encoding") != NULL, gzip);
    buf_fini(&reply.body);
    arena_fini(&request.arena);
}

static void test_cache(void **state)
{
    struct http_request plain = {.path = "/me"}, gzip = {.path = "/me", .coding = HTTP_GZIP};
    struct http_request other = {.path = "/me", .query = "q=1"};
    (void)state;
    keep_answer(false, 404, 'x', 7, NULL, 404); /* what went wrong is not kept */
    expect_cached(&plain, 7, 0);
    keep_answer(false, 200, 'x', 7, NULL, 200);
    expect_cached(&plain, 7, 200);
    expect_cached(&plain, 8, 0);
    expect_cached(&other, 7, 0);
    expect_cached(&gzip, 7, 0);
    keep_answer(true, 200, 'x', 7, NULL, 200);
    expect_cached(&gzip, 7, 200);
    api_response_cache_drop_account(api.cache, "ada");
    expect_cached(&plain, 7, 0);
    expect_cached(&gzip, 7, 0);
}

static void test_not_modified(void **state)
{
    char tag[API_VALIDATOR_SIZE], list[200];
    struct http_request request = {.path = "/me", .if_none_match = list};
    (void)state;
    etag_of("/me", NULL, "ada", 7, false, tag);
    snprintf(list, sizeof(list), "\"x\", W/%s", tag);
    expect_cached(&request, 7, 304);
    expect_cached(&request, 8, 0);
    snprintf(list, sizeof(list), "*"); /* it may become 404 */
    expect_cached(&request, 8, 0);
    keep_answer(false, 200, 'x', 8, NULL, 200);
    expect_cached(&request, 8, 304);
    keep_answer(false, 404, 'x', 9, list, 404);
    keep_answer(false, 200, 'x', 9, list, 304);
    etag_of("/me", NULL, "ada", 7, true, list); /* of the compressed form */
    expect_cached(&request, 7, 0);
    etag_of("/me", NULL, "eve", 7, false, list);
    expect_cached(&request, 7, 0);
}

/* Whatever its hashes end with. */
static void test_every_content(void **state)
{
    char had[API_VALIDATOR_SIZE];
    (void)state;
    for (int coding = HTTP_IDENTITY; coding <= HTTP_BROTLI; coding++)
        for (uint64_t content = 1; content < 64; content++) {
            struct http_request request = {
                .path = "/me", .coding = (enum http_coding)coding, .if_none_match = had};
            struct http_reply reply = {0};
            struct validator validator = api_validator(&request, "ada", API_NO_GENERATION);
            validator.content = content;
            api_validator_format(&validator, had);
            arena_init(&request.arena, 0);
            assert_true(api_validate_compare(&request, &validator, &reply));
            arena_fini(&request.arena);
        }
}

/* A sync brought something else: what it says is what it said. */
static void test_content(void **state)
{
    char had[API_VALIDATOR_SIZE], other[API_VALIDATOR_SIZE], text[2001] = "";
    struct http_request request = {.path = "/me", .if_none_match = had};
    (void)state;
    memset(text, 'x', 2000);
    struct validator validator = api_validator(&request, "ada", 7);
    validator.content = api_validator_content(text, 2000);
    api_validator_format(&validator, had);
    validator.content++;
    api_validator_format(&validator, other);
    expect_cached(&request, 7, 304);
    expect_cached(&request, 8, 0);
    keep_answer(false, 200, 'x', 8, had, 304);
    expect_cached(&request, 8, 304);
    request.if_none_match = NULL;
    expect_cached(&request, 8, 200); /* it was kept all the same */
    request.if_none_match = other;
    expect_cached(&request, 8, 200);
    keep_answer(false, 200, 'y', 9, had, 200);
    keep_answer(true, 200, 'x', 9, had, 200); /* in another coding it is another one */
    static const char long_one[] =
        "\"00000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000\"";
    const char *const odd[] = {"\"\"",
                               "\"7\"",
                               "\"-7-0-0\"",
                               "\"7-0-0-g",
                               "7-0000000000000000-0000000000000000",
                               "\"7-0000000000000000-0000000000000000-x\"",
                               long_one,
                               ",",
                               "",
                               "W/"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        keep_answer(false, 200, 'x', 9, odd[i], 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_counts),
        cmocka_unit_test_setup_teardown(test_cache, create_cache, destroy_cache),
        cmocka_unit_test_setup_teardown(test_not_modified, create_cache, destroy_cache),
        cmocka_unit_test_setup_teardown(test_content, create_cache, destroy_cache),
        cmocka_unit_test(test_every_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
