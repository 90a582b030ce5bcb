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
#include "signin/pending.h"
#include "signin/shelf.h"

static struct vault *vault;
static char path[64] = "/tmp/hearth-attempts-XXXXXX", key_path[96];

static int set_up(void **state)
{
    struct err err = {0};
    (void)state;
    if (mkdtemp(path) == NULL)
        return -1;
    snprintf(key_path, sizeof(key_path), "%s/key", path);
    return auth_vault_open(key_path, true, &vault, &err);
}

static int tear_down(void **state)
{
    (void)state;
    auth_vault_close(vault);
    unlink(key_path);
    return rmdir(path);
}

static void test_life(void **state)
{
    (void)state;
    struct signin_pending_table *pending_signins = signin_pending_table_create(vault, 4, NULL);
    bool busy;
    struct signin_pending *pending = signin_pending_begin(pending_signins, "192.0.2.7");
    char secret[SIGNIN_PENDING_SECRET_SIZE];
    memcpy(secret, pending->secret, sizeof(secret));
    assert_null(signin_pending_take(pending_signins, secret, &busy));
    assert_true(busy); /* we have it */
    signin_pending_put(pending_signins, pending);
    assert_ptr_equal(signin_pending_take(pending_signins, secret, &busy), pending);
    assert_false(busy);
    signin_pending_drop(pending_signins, pending);
    assert_null(signin_pending_take(pending_signins, secret, &busy));
    assert_false(busy);
    const char *const strange[] = {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
        assert_null(signin_pending_take(pending_signins, strange[i], &busy));
    assert_null(signin_pending_take(pending_signins, NULL, &busy));
    signin_pending_drop(pending_signins, NULL);
    signin_pending_table_destroy(pending_signins);
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
    struct signin_pending_table *pending_signins = signin_pending_table_create(vault, 4, NULL);
    bool busy;
    char secret[SIGNIN_PENDING_SECRET_SIZE];
    struct signin_pending *pending = signin_pending_begin(pending_signins, "192.0.2.7"),
                          *held = signin_pending_begin(pending_signins, "192.0.2.8");
    memcpy(secret, pending->secret, sizeof(secret));
    signin_pending_put(pending_signins, pending);
    passed = SIGNIN_PENDING_LIFE - 60000;
    assert_ptr_equal(signin_pending_take(pending_signins, secret, &busy), pending);
    signin_pending_put(pending_signins, pending); /* which gives it no further half hour */
    passed = SIGNIN_PENDING_LIFE;
    assert_null(signin_pending_take(pending_signins, secret, &busy));
    assert_false(busy);
    memcpy(secret, held->secret, sizeof(secret));
    signin_pending_put(pending_signins, held);
    assert_null(signin_pending_take(pending_signins, secret, &busy));
    passed = 0;
    signin_pending_table_destroy(pending_signins);
}

/* Begins one and puts it back. */
static void begin(struct signin_pending_table *pending_signins, const char *address, bool worth,
                  char ret_secret[SIGNIN_PENDING_SECRET_SIZE])
{
    struct signin_pending *pending = signin_pending_begin(pending_signins, address);
    memcpy(ret_secret, pending->secret, SIGNIN_PENDING_SECRET_SIZE);
    pending->engaged = worth;
    signin_pending_put(pending_signins, pending);
}

static bool is_there(struct signin_pending_table *pending_signins, const char *secret)
{
    bool busy;
    struct signin_pending *pending = signin_pending_take(pending_signins, secret, &busy);
    if (pending != NULL)
        signin_pending_put(pending_signins, pending);
    return pending != NULL;
}

/* When there are too many one goes, also while somebody works on it. */
static void test_bounded(void **state)
{
    (void)state;
    struct signin_pending_table *pending_signins = signin_pending_table_create(vault, 16, NULL);
    char secrets[40][SIGNIN_PENDING_SECRET_SIZE], address[64];
    struct signin_pending *held = signin_pending_begin(pending_signins, "192.0.2.7");
    for (int i = 0; i < 40; i++) {
        snprintf(address, sizeof(address), "192.0.%d.7", 3 + i);
        begin(pending_signins, address, false, secrets[i]);
    }
    signin_pending_put(pending_signins, held);
    int alive = 0;
    for (int i = 0; i < 40; i++)
        alive += is_there(pending_signins, secrets[i]);
    assert_int_equal(alive, 16);
    /* of those who have one each the oldest goes */
    for (int i = 24; i < 40; i++)
        assert_true(is_there(pending_signins, secrets[i]));
    signin_pending_table_destroy(pending_signins);
}

/* Whoever begins very many ends their own: the oldest, and of these what is worth something
 * last. */
static void test_own_go_first(void **state)
{
    (void)state;
    struct signin_pending_table *pending_signins = signin_pending_table_create(vault, 1000, NULL);
    char ada[SIGNIN_PENDING_SECRET_SIZE], worth[SIGNIN_PENDING_SECRET_SIZE],
        first[SIGNIN_PENDING_SECRET_SIZE], last[SIGNIN_PENDING_SECRET_SIZE], address[64];
    begin(pending_signins, "203.0.113.7", false, ada);
    begin(pending_signins, "2001:db8:7::1", true, worth);
    begin(pending_signins, "2001:db8:7::1", false, first);
    for (int i = 0; i < 5000; i++) { /* one /48 */
        snprintf(address, sizeof(address), "2001:db8:7:%x::1", i);
        begin(pending_signins, address, false, last);
    }
    assert_true(is_there(pending_signins, ada));
    assert_true(is_there(pending_signins, worth));
    assert_false(is_there(pending_signins, first));
    assert_true(is_there(pending_signins, last));
    for (int i = 0; i < 300; i++)
        begin(pending_signins, "2001:db8:7::1", true, last);
    assert_false(is_there(pending_signins, worth)); /* its own, and nothing that is worth less */
    for (int i = 0; i < 300; i++)
        begin(pending_signins, "203.0.113.8", true, last); /* a neighbour */
    assert_true(is_there(pending_signins, ada));
    for (int i = 0; i < 4000; i++) { /* eight more networks */
        snprintf(address, sizeof(address), "198.51.%d.%d", i % 8, i % 250 / 8);
        begin(pending_signins, address, true, last);
    }
    assert_true(is_there(pending_signins, ada));
    signin_pending_table_destroy(pending_signins);
}

static void test_sealed(void **state)
{
    (void)state;
    struct signin_pending_table *pending_signins = signin_pending_table_create(vault, 4, NULL);
    struct signin_pending *pending = signin_pending_begin(pending_signins, "192.0.2.7");
    struct err err = {0};
    struct hearth_identity in = {.struct_size = sizeof(in),
                                 .email = "a@example.org",
                                 .uid = "u1",
                                 .credentials = "secret\0bytes",
                                 .credentials_size = 12},
                           out;
    void *bytes;
    size_t size;
    assert_int_equal(signin_pending_seal_identity(pending_signins, pending, &in, &err), 0);
    assert_null(memmem(pending->sealed, pending->sealed_size, "example", 7));
    assert_int_equal(
        signin_pending_open_identity(pending_signins, pending, &out, &bytes, &size, &err), 0);
    assert_string_equal(out.email, in.email);
    assert_string_equal(out.uid, in.uid);
    assert_null(out.name);
    assert_null(out.key);
    assert_int_equal(out.credentials_size, 12);
    assert_memory_equal(out.credentials, in.credentials, 12);
    auth_vault_free(bytes, size);
    assert_int_equal(signin_pending_seal_state(pending_signins, pending, "state", 5, &err), 0);
    assert_int_equal(signin_pending_open_state(pending_signins, pending, &bytes, &size, &err), 0);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "state", 5);
    auth_vault_free(bytes, size);
    signin_pending_drop(pending_signins, pending);
    signin_pending_table_destroy(pending_signins);
}

enum { ROUNDS = 2000 };

static void *hammer(void *arg)
{
    struct signin_pending_table *pending_signins = arg;
    bool busy;
    for (int i = 0; i < ROUNDS; i++) {
        struct signin_pending *pending = signin_pending_begin(pending_signins, "192.0.2.7");
        char secret[SIGNIN_PENDING_SECRET_SIZE];
        memcpy(secret, pending->secret, sizeof(secret));
        signin_pending_put(pending_signins, pending);
        pending = signin_pending_take(pending_signins, secret, &busy);
        if (i % 2 == 0)
            signin_pending_drop(pending_signins, pending);
        else if (pending != NULL)
            signin_pending_put(pending_signins, pending);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct signin_pending_table *pending_signins = signin_pending_table_create(vault, 4, NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, hammer, pending_signins);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    signin_pending_table_destroy(pending_signins);
}

/* A shelf of one place, as a queue makes one; `away`: it does not answer. */
static struct {
    char name[65];
    char bytes[8192];
    size_t size; /* 0: somebody has it */
    bool full, away;
} place;

static int place_put(void *self, const char *name, const void *bytes, size_t size, int64_t life,
                     struct err *err)
{
    (void)self;
    assert_in_range(life, 1, SIGNIN_PENDING_LIFE);
    assert_true(size <= sizeof(place.bytes));
    if (place.away)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "away");
    snprintf(place.name, sizeof(place.name), "%s", name);
    memcpy(place.bytes, bytes, size);
    place.size = size;
    place.full = true;
    return 0;
}

static int place_take(void *self, const char *name, void **ret_bytes, size_t *ret_size,
                      struct err *err)
{
    (void)self;
    if (place.away)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "away");
    if (!place.full || strcmp(name, place.name) != 0)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "none");
    if (place.size == 0)
        return err_set(err, HEARTH_ERR_CONFLICT, "taken");
    *ret_bytes = malloc(place.size);
    memcpy(*ret_bytes, place.bytes, place.size);
    *ret_size = place.size;
    place.size = 0;
    return 0;
}

static int place_remove(void *self, const char *name, struct err *err)
{
    (void)self;
    if (place.away)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "away");
    if (strcmp(name, place.name) == 0)
        place.full = false;
    return 0;
}

static const struct signin_shelf shelf = {NULL, "one", place_put, place_take, place_remove},
                                 other_shelf = {NULL, "other", place_put, place_take, place_remove};

/* Begun at the first process: all of it is there at the second, and back. */
static void test_two_processes(void **state)
{
    (void)state;
    struct signin_pending_table *one = signin_pending_table_create(vault, 4, &shelf),
                                *two = signin_pending_table_create(vault, 4, &shelf);
    struct err err = {0};
    bool busy;
    void *opened;
    size_t size;
    char secret[SIGNIN_PENDING_SECRET_SIZE];
    struct signin_pending *pending = signin_pending_begin(one, "192.0.2.7");
    memcpy(secret, pending->secret, sizeof(secret));
    snprintf(pending->email, sizeof(pending->email), "ada@example.org");
    snprintf(pending->next, sizeof(pending->next), "/tabs");
    pending->provider = 3;
    pending->engaged = pending->waits = true;
    pending->look_at = pending->until - 1000;
    int64_t until = pending->until;
    buf_add_text(&pending->page, "<p>the page");
    assert_int_equal(signin_pending_seal_state(one, pending, "the state", 9, &err), 0);
    signin_pending_put(one, pending);
    assert_null(memmem(place.bytes, place.size, "ada@example.org", 15)); /* sealed */
    for (int i = 0; i < 3; i++) {
        struct signin_pending_table *at = i % 2 == 0 ? two : one;
        pending = signin_pending_take(at, secret, &busy);
        assert_non_null(pending);
        assert_null(signin_pending_take(one, secret, &busy));
        assert_true(busy);
        assert_null(signin_pending_take(two, secret, &busy));
        assert_true(busy);
        assert_string_equal(pending->email, "ada@example.org");
        assert_string_equal(pending->next, "/tabs");
        assert_int_equal(pending->provider, 3);
        assert_true(pending->engaged && pending->waits && !pending->sso && !pending->deciding);
        assert_in_range(pending->until, until - 50, until + 50);
        assert_in_range(pending->look_at, until - 1050, until - 950);
        assert_memory_equal(pending->page.data, "<p>the page", pending->page.size);
        assert_int_equal(signin_pending_open_state(at, pending, &opened, &size, &err), 0);
        assert_memory_equal(opened, "the state", size);
        auth_vault_free(opened, size);
        signin_pending_put(at, pending);
    }
    signin_pending_drop(two, signin_pending_take(two, secret, &busy));
    assert_false(place.full);
    assert_null(signin_pending_take(one, secret, &busy));
    assert_false(busy);
    signin_pending_table_destroy(one);
    signin_pending_table_destroy(two);
}

/* While the shelf does not answer it lies where it began. */
static void test_a_shelf_that_is_away(void **state)
{
    (void)state;
    struct signin_pending_table *one = signin_pending_table_create(vault, 4, &shelf),
                                *two = signin_pending_table_create(vault, 4, &shelf);
    bool busy;
    char secret[SIGNIN_PENDING_SECRET_SIZE];
    struct signin_pending *pending = signin_pending_begin(one, "192.0.2.7");
    memcpy(secret, pending->secret, sizeof(secret));
    place.away = true;
    signin_pending_put(one, pending);
    assert_ptr_equal(signin_pending_take(one, secret, &busy), pending);
    assert_null(signin_pending_take(two, secret, &busy));
    assert_true(busy); /* who knows */
    place.away = false;
    signin_pending_put(one, pending);
    pending = signin_pending_take(two, secret, &busy);
    assert_non_null(pending);
    signin_pending_put(two, pending);
    /* its place at the first is needed: it ends everywhere */
    for (int i = 0; i < 4; i++)
        signin_pending_put(one, signin_pending_begin(one, "192.0.2.7"));
    assert_null(signin_pending_take(two, secret, &busy));
    assert_false(busy);
    signin_pending_table_destroy(one);
    signin_pending_table_destroy(two);
}

/* A process with other sections, or of another release, finds nothing of this one's, and what
 * cannot be opened is over, and not something to wait for. */
static void test_others_on_the_shelf(void **state)
{
    (void)state;
    struct signin_pending_table *one = signin_pending_table_create(vault, 4, &shelf),
                                *other = signin_pending_table_create(vault, 4, &other_shelf);
    bool busy;
    char secret[SIGNIN_PENDING_SECRET_SIZE];
    struct signin_pending *pending = signin_pending_begin(one, "192.0.2.7");
    memcpy(secret, pending->secret, sizeof(secret));
    signin_pending_put(one, pending);
    assert_null(signin_pending_take(other, secret, &busy));
    assert_false(busy);
    pending = signin_pending_take(one, secret, &busy); /* untouched */
    assert_non_null(pending);
    signin_pending_put(one, pending);
    place.bytes[place.size - 1] ^= 1;
    for (int i = 0; i < 2; i++) {
        assert_null(signin_pending_take(one, secret, &busy));
        assert_false(busy);
    }
    signin_pending_table_destroy(one);
    signin_pending_table_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life),
                                       cmocka_unit_test(test_over),
                                       cmocka_unit_test(test_bounded),
                                       cmocka_unit_test(test_own_go_first),
                                       cmocka_unit_test(test_sealed),
                                       cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_two_processes),
                                       cmocka_unit_test(test_a_shelf_that_is_away),
                                       cmocka_unit_test(test_others_on_the_shelf)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
