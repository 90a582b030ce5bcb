#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "api/response_cache.h"

struct value {
    atomic_int refs;
    int number;
};

static atomic_int alive;

static struct value *make(int number)
{
    struct value *v = malloc(sizeof(*v));
    assert_non_null(v);
    v->refs = 1;
    v->number = number;
    alive++;
    return v;
}

static void *ref(void *p)
{
    ((struct value *)p)->refs++;
    return p;
}

static void unref(void *p)
{
    if (--((struct value *)p)->refs == 0) {
        alive--;
        free(p);
    }
}

static void put(struct response_cache *cache, const char *key, int number, size_t size)
{
    struct value *v = make(number);
    api_response_cache_put(cache, key, v, size);
    unref(v);
}

static int get(struct response_cache *cache, const char *key)
{
    struct value *v = api_response_cache_get(cache, key);
    if (v == NULL)
        return -1;
    int number = v->number;
    unref(v);
    return number;
}

static void test_keeps_and_replaces(void **state)
{
    (void)state;
    struct response_cache *cache = api_response_cache_create(100000, ref, unref);
    put(cache, "ada\n/me", 1, 100);
    put(cache, "ada\n/me", 2, 100);
    put(cache, "eve\n/me", 3, 100);
    assert_int_equal(get(cache, "ada\n/me"), 2);
    assert_int_equal(get(cache, "ada\n/tabs"), -1);
    api_response_cache_drop_account(cache, "ad"); /* not a prefix match */
    assert_int_equal(get(cache, "ada\n/me"), 2);
    api_response_cache_drop_account(cache, "ada");
    assert_int_equal(get(cache, "ada\n/me"), -1);
    assert_int_equal(get(cache, "eve\n/me"), 3);
    put(cache, "eve\n/big", 4, 50000); /* over an eighth of the budget */
    assert_int_equal(get(cache, "eve\n/big"), -1);
    api_response_cache_destroy(cache);
    assert_int_equal(alive, 0);
}

static void test_least_recently_used_goes(void **state)
{
    (void)state;
    struct response_cache *cache = api_response_cache_create(20000, ref, unref);
    put(cache, "a\nkeep", 1, 1000);
    for (int i = 0; i < 100; i++) {
        char key[32];
        snprintf(key, sizeof(key), "a\n%d", i);
        put(cache, key, i, 1000);
        assert_int_equal(get(cache, "a\nkeep"), 1); /* used all the time */
        assert_true(api_response_cache_size_for_test(cache) <= 20000);
    }
    assert_int_equal(get(cache, "a\n0"), -1);
    assert_int_equal(get(cache, "a\n99"), 99);
    api_response_cache_destroy(cache);
    assert_int_equal(alive, 0);
}

static struct response_cache *shared;

static void *hammer(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < 20000; i++) {
        char key[32];
        seed = seed * 1103515245u + 12345u;
        snprintf(key, sizeof(key), "a%u\n%u", seed >> 16 & 3, seed >> 20 & 63);
        if (i % 100 == 0)
            api_response_cache_drop_account(shared, "a1");
        else if (i % 3 == 0)
            put(shared, key, i, 500);
        else
            get(shared, key);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    shared = api_response_cache_create(50000, ref, unref);
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    api_response_cache_destroy(shared);
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_and_replaces),
        cmocka_unit_test(test_least_recently_used_goes),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
