#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "api/internal.h"

enum { LONG = 60000 };

static const uint8_t hash[TOKEN_HASH_SIZE] = {1, 2, 3};
static const struct identity ada = {.account = "ada", .token = "t", .kind = PROOF_TOKEN};

static void test_keeps(void **state)
{
    (void)state;
    struct token_cache *cache = api_token_cache_create();
    struct identity found;
    assert_false(api_token_cache_get(cache, hash, &found));
    api_token_cache_put(cache, api_token_cache_begin(cache), hash, &ada, LONG);
    assert_true(api_token_cache_get(cache, hash, &found));
    assert_string_equal(found.account, "ada");
    api_token_cache_clear(cache);
    assert_false(api_token_cache_get(cache, hash, &found));
    api_token_cache_destroy(cache);
}

/* Looked up before the token was revoked, put after that was told: it would be known for ten
 * seconds more. */
static void test_a_look_that_was_overtaken(void **state)
{
    (void)state;
    struct token_cache *cache = api_token_cache_create();
    struct identity found;
    uint64_t begun = api_token_cache_begin(cache);
    api_token_cache_clear(cache);
    api_token_cache_put(cache, begun, hash, &ada, LONG);
    assert_false(api_token_cache_get(cache, hash, &found));
    api_token_cache_put(cache, api_token_cache_begin(cache), hash, &ada, LONG);
    assert_true(api_token_cache_get(cache, hash, &found));
    api_token_cache_destroy(cache);
}

/* A token that is over in a moment is remembered for no longer. */
static void test_no_longer_than_it_lives(void **state)
{
    (void)state;
    struct token_cache *cache = api_token_cache_create();
    struct identity found;
    api_token_cache_put(cache, api_token_cache_begin(cache), hash, &ada, 0);
    assert_false(api_token_cache_get(cache, hash, &found));
    api_token_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps),
                                       cmocka_unit_test(test_a_look_that_was_overtaken),
                                       cmocka_unit_test(test_no_longer_than_it_lives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
