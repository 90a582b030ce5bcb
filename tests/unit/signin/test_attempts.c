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
    struct attempt *attempt = attempt_begin(attempts);
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

/* When there are too many the one that would end first goes, also while somebody works on it. */
static void test_bounded(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 4);
    char secrets[8][ATTEMPT_SECRET_SIZE];
    struct attempt *held = attempt_begin(attempts);
    bool busy;
    held->until = 1; /* its slot stays as it was made */
    for (int i = 0; i < 8; i++) {
        struct attempt *attempt = attempt_begin(attempts);
        memcpy(secrets[i], attempt->secret, ATTEMPT_SECRET_SIZE);
        attempt_put(attempts, attempt);
    }
    attempt_put(attempts, held);
    int alive = 0;
    for (int i = 0; i < 8; i++) {
        struct attempt *attempt = attempt_take(attempts, secrets[i], &busy);
        alive += attempt != NULL;
        attempt_drop(attempts, attempt);
    }
    assert_int_equal(alive, 4);
    attempts_destroy(attempts);
}

static void test_sealed(void **state)
{
    (void)state;
    struct attempts *attempts = attempts_create(vault, 4);
    struct attempt *attempt = attempt_begin(attempts);
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
        struct attempt *attempt = attempt_begin(attempts);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life), cmocka_unit_test(test_bounded), cmocka_unit_test(test_sealed),
                                       cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
