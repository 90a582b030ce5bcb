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
                     bool gzip, char ret[64])
{
    const struct http_request request = {.path = path, .query = query};
    api_validate_etag(&request, account, generation, gzip, ret);
    assert_true(ret[0] == '"' && ret[strlen(ret) - 1] == '"' && strlen(ret) < 64);
    assert_int_equal(strcspn(ret, ", \t"), strlen(ret)); /* what divides lists of them */
    return ret;
}

static void test_what_counts(void **state)
{
    char tags[9][64];
    (void)state;
    etag_of("/me", NULL, "ada", 7, false, tags[0]);
    etag_of("/me", NULL, "ada", 8, false, tags[1]);
    etag_of("/me", NULL, "eve", 7, false, tags[2]);
    etag_of("/tabs", NULL, "ada", 7, false, tags[3]);
    etag_of("/me", "q=1", "ada", 7, false, tags[4]);
    etag_of("/me", "q=2", "ada", 7, false, tags[5]);
    etag_of("/me", NULL, "ada", 7, true, tags[6]);
    etag_of("/me", NULL, "ada", INT64_MAX, true, tags[7]);
    etag_of("/me", NULL, "ada", -1, true, tags[8]);
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(tags[i], tags[k]);
    char again[64];
    assert_string_equal(etag_of("/me", "", "ada", 7, false, again), tags[0]); /* "/me?" is "/me" */
}

static struct api api;
static struct api_endpoint endpoint = {.api = &api, .flags = API_VALIDATED};

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

/* An answer of 2,000 bytes that was made at generation 7. */
static void keep_answer(bool gzip, int status)
{
    struct http_request request = {.path = "/me", .accepts_gzip = gzip};
    struct http_reply reply = {.status = status};
    struct api_call call = {
        .api = &api, .request = &request, .reply = &reply, .account = "ada", .generation = 7};
    arena_init(&request.arena, 0);
    for (int i = 0; i < 2000; i++)
        buf_add_char(&reply.body, 'x');
    api_validate_keep(&call);
    assert_int_equal(header_of(&reply, "etag") != NULL, status == 200);
    if (status == 200)
        assert_int_equal(header_of(&reply, "content-encoding") != NULL, gzip);
    buf_fini(&reply.body);
    arena_fini(&request.arena);
}

static void test_cache(void **state)
{
    struct http_request plain = {.path = "/me"}, gzip = {.path = "/me", .accepts_gzip = true};
    struct http_request other = {.path = "/me", .query = "q=1"};
    (void)state;
    keep_answer(false, 404); /* what went wrong is not kept */
    expect_cached(&plain, 7, 0);
    keep_answer(false, 200);
    expect_cached(&plain, 7, 200);
    expect_cached(&plain, 8, 0);
    expect_cached(&other, 7, 0);
    expect_cached(&gzip, 7, 0);
    keep_answer(true, 200);
    expect_cached(&gzip, 7, 200);
    api_response_cache_drop_account(api.cache, "ada");
    expect_cached(&plain, 7, 0);
    expect_cached(&gzip, 7, 0);
}

static void test_not_modified(void **state)
{
    char tag[64], list[200];
    struct http_request request = {.path = "/me", .if_none_match = list};
    (void)state;
    etag_of("/me", NULL, "ada", 7, false, tag);
    snprintf(list, sizeof(list), "\"x\", W/%s", tag);
    expect_cached(&request, 7, 304);
    expect_cached(&request, 8, 0);
    snprintf(list, sizeof(list), "*");
    expect_cached(&request, 8, 304);
    etag_of("/me", NULL, "ada", 7, true, list); /* of the compressed form */
    expect_cached(&request, 7, 0);
    etag_of("/me", NULL, "eve", 7, false, list);
    expect_cached(&request, 7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_counts),
        cmocka_unit_test_setup_teardown(test_cache, create_cache, destroy_cache),
        cmocka_unit_test_setup_teardown(test_not_modified, create_cache, destroy_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
