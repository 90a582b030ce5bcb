#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/vault.h"
#include "signin/attempts.h"

static struct vault *vault;
static char path[64] = "/tmp/hearth-attempts-XXXXXX", key_path[96];

static int set_up(void **state)
{
    struct err err = {0};
    (void)state;
    if (mkdtemp(path) == NULL)
        return -1;
    snprintf(key_path, sizeof(key_path), "%s/key", path);
    return vault_open(key_path, true, &vault, &err);
}

static int tear_down(void **state)
{
    (void)state;
    vault_close(vault);
    unlink(key_path);
    return rmdir(path);
}

static void test_life(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 4);
    bool busy;
    struct attempt *attempt = attempt_begin(attempts, "192.0.2.7");
    char secret[ATTEMPT_SECRET_SIZE];
    memcpy(secret, attempt->secret, sizeof(secret));
    assert_null(attempt_take(attempts, secret, &busy));
    assert_true(busy); /* we have it */
    attempt_put(attempts, attempt);
    assert_ptr_equal(attempt_take(attempts, secret, &busy), attempt);
    assert_false(busy);
    attempt_drop(attempts, attempt);
    assert_null(attempt_take(attempts, secret, &busy));
    assert_false(busy);
    const char *const strange[] = {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
        assert_null(attempt_take(attempts, strange[i], &busy));
    assert_null(attempt_take(attempts, NULL, &busy));
    attempt_drop(attempts, NULL);
    attempts_destroy(attempts);
}

/* Time passes when the test says so. */
static int64_t passed;
int64_t __real_clock_monotonic(void);
int64_t __wrap_clock_monotonic(void);

int64_t __wrap_clock_monotonic(void)
{
    return __real_clock_monotonic() + passed;
}

/* After half an hour it is over, whoever has it. */
static void test_over(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 4);
    bool busy;
    char secret[ATTEMPT_SECRET_SIZE];
    struct attempt *attempt = attempt_begin(attempts, "192.0.2.7"), *held = attempt_begin(attempts, "192.0.2.8");
    memcpy(secret, attempt->secret, sizeof(secret));
    attempt_put(attempts, attempt);
    passed = ATTEMPT_LIFE - 60000;
    assert_ptr_equal(attempt_take(attempts, secret, &busy), attempt);
    attempt_put(attempts, attempt); /* which gives it no further half hour */
    passed = ATTEMPT_LIFE;
    assert_null(attempt_take(attempts, secret, &busy));
    assert_false(busy);
    memcpy(secret, held->secret, sizeof(secret));
    attempt_put(attempts, held);
    assert_null(attempt_take(attempts, secret, &busy));
    passed = 0;
    attempts_destroy(attempts);
}

/* Begins one and puts it back. */
static void begin(struct attempts *attempts, const char *address, bool worth, char ret_secret[ATTEMPT_SECRET_SIZE])
{
    struct attempt *attempt = attempt_begin(attempts, address);
    memcpy(ret_secret, attempt->secret, ATTEMPT_SECRET_SIZE);
    attempt->worth = worth;
    attempt_put(attempts, attempt);
}

static bool is_there(struct attempts *attempts, const char *secret)
{
    bool busy;
    struct attempt *attempt = attempt_take(attempts, secret, &busy);
    if (attempt != NULL)
        attempt_put(attempts, attempt);
    return attempt != NULL;
}

/* When there are too many one goes, also while somebody works on it. */
static void test_bounded(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 16);
    char secrets[40][ATTEMPT_SECRET_SIZE], address[64];
    struct attempt *held = attempt_begin(attempts, "192.0.2.7");
    for (int i = 0; i < 40; i++) {
        snprintf(address, sizeof(address), "192.0.%d.7", 3 + i);
        begin(attempts, address, false, secrets[i]);
    }
    attempt_put(attempts, held);
    int alive = 0;
    for (int i = 0; i < 40; i++)
        alive += is_there(attempts, secrets[i]);
    assert_int_equal(alive, 16);
    for (int i = 24; i < 40; i++)
        assert_true(is_there(attempts, secrets[i])); /* of those who have one each the oldest goes */
    attempts_destroy(attempts);
}

/* Whoever begins very many ends their own: the oldest, and of these what is worth something last. */
static void test_own_go_first(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 1000);
    char ada[ATTEMPT_SECRET_SIZE], worth[ATTEMPT_SECRET_SIZE], first[ATTEMPT_SECRET_SIZE], last[ATTEMPT_SECRET_SIZE], address[64];
    begin(attempts, "203.0.113.7", false, ada);
    begin(attempts, "2001:db8:7::1", true, worth);
    begin(attempts, "2001:db8:7::1", false, first);
    for (int i = 0; i < 5000; i++) { /* one /48 */
        snprintf(address, sizeof(address), "2001:db8:7:%x::1", i);
        begin(attempts, address, false, last);
    }
    assert_true(is_there(attempts, ada));
    assert_true(is_there(attempts, worth));
    assert_false(is_there(attempts, first));
    assert_true(is_there(attempts, last));
    for (int i = 0; i < 300; i++)
        begin(attempts, "2001:db8:7::1", true, last);
    assert_false(is_there(attempts, worth)); /* its own, and nothing that is worth less */
    for (int i = 0; i < 300; i++)
        begin(attempts, "203.0.113.8", true, last); /* a neighbour */
    assert_true(is_there(attempts, ada));
    for (int i = 0; i < 4000; i++) { /* eight more networks */
        snprintf(address, sizeof(address), "198.51.%d.%d", i % 8, i % 250 / 8);
        begin(attempts, address, true, last);
    }
    assert_true(is_there(attempts, ada));
    attempts_destroy(attempts);
}

static void test_sealed(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 4);
    struct attempt *attempt = attempt_begin(attempts, "192.0.2.7");
    struct err err = {0};
    struct hearth_identity in = {.struct_size = sizeof(in),
                                 .email = "a@example.org",
                                 .uid = "u1",
                                 .credentials = "secret\0bytes",
                                 .credentials_size = 12},
                           out;
    void *bytes;
    size_t size;
    assert_int_equal(attempt_seal_identity(attempts, attempt, &in, &err), 0);
    assert_null(memmem(attempt->sealed, attempt->sealed_size, "example", 7));
    assert_int_equal(attempt_open_identity(attempts, attempt, &out, &bytes, &size, &err), 0);
    assert_string_equal(out.email, in.email);
    assert_string_equal(out.uid, in.uid);
    assert_null(out.name);
    assert_null(out.key);
    assert_int_equal(out.credentials_size, 12);
    assert_memory_equal(out.credentials, in.credentials, 12);
    vault_free(bytes, size);
    assert_int_equal(attempt_seal_state(attempts, attempt, "state", 5, &err), 0);
    assert_int_equal(attempt_open_state(attempts, attempt, &bytes, &size, &err), 0);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "state", 5);
    vault_free(bytes, size);
    attempt_drop(attempts, attempt);
    attempts_destroy(attempts);
}

enum { ROUNDS = 2000 };

static void *hammer(void *arg)
{
    struct attempts *attempts = arg;
    bool busy;
    for (int i = 0; i < ROUNDS; i++) {
        struct attempt *attempt = attempt_begin(attempts, "192.0.2.7");
        char secret[ATTEMPT_SECRET_SIZE];
        memcpy(secret, attempt->secret, sizeof(secret));
        attempt_put(attempts, attempt);
        attempt = attempt_take(attempts, secret, &busy);
        if (i % 2 == 0)
            attempt_drop(attempts, attempt);
        else if (attempt != NULL)
            attempt_put(attempts, attempt);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 4);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, hammer, attempts);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    attempts_destroy(attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life),
        cmocka_unit_test(test_over), cmocka_unit_test(test_bounded), cmocka_unit_test(test_own_go_first),
                                       cmocka_unit_test(test_sealed), cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
