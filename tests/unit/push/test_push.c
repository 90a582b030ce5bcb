/* What becomes of an endpoint, who a message is from, and what is kept of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/key_file.h"
#include "base/clock.h"
#include "plug/host.h"
#include "push/internal.h"

enum { DAY = 86400 * 1000 };

const struct hearth_plugin *mem_plugin(void);

/* --- outcomes --- */

static const struct push_pace of_a_minute = {.interval = 60000, .give_up = 7LL * DAY};

static void expect_pause(int status, int64_t retry_after, int64_t failures, int64_t wanted)
{
    struct hearth_push row = {.failures = failures, .generation = 9, .failing = failures > 0};
    assert_int_equal(push_settle(&of_a_minute, status, retry_after, 1000, 8, &row), PUSH_FAILED);
    assert_int_equal(row.not_before - 1000, wanted);
    assert_int_equal(row.failures, failures + 1);
    assert_int_equal(row.generation, 8);
}

static void test_outcomes(void **state)
{
    (void)state;
    struct hearth_push row = {.generation = 9, .failures = 3, .failing = 5, .not_before = 77};
    assert_int_equal(push_settle(&of_a_minute, 201, 0, 1000, 8, &row), PUSH_TAKEN);
    assert_int_equal(row.generation, 9);
    assert_int_equal(row.not_before, 77);
    assert_int_equal(row.last_sent, 1000);
    assert_int_equal(row.failures, 0);
    assert_int_equal(row.failing, 0);
    assert_int_equal(push_settle(&of_a_minute, 404, 0, 1000, 8, &row), PUSH_GONE);
    assert_int_equal(push_settle(&of_a_minute, 410, 0, 1000, 8, &row), PUSH_GONE);
    expect_pause(0, 0, 0, 2 * 60000);
    expect_pause(500, 0, 1, 4 * 60000);
    expect_pause(307, 0, 2, 8 * 60000);
    expect_pause(403, 3600000, 0, 2 * 60000); /* only two may ask for a pause */
    expect_pause(429, 3600000, 0, 3600000);
    expect_pause(503, 1000, 0, 2 * 60000);
    expect_pause(503, INT64_MAX, 0, DAY);
    expect_pause(0, 0, 1000, 6 * 3600 * 1000);
    expect_pause(0, 0, INT64_MAX - 1, 6 * 3600 * 1000);
}

static void test_given_up(void **state)
{
    (void)state;
    int64_t now = 1000LL * DAY;
    struct hearth_push row = {.failures = 4, .failing = now - 7LL * DAY};
    assert_int_equal(push_settle(&of_a_minute, 0, 0, now, 0, &row), PUSH_GIVEN_UP);
    row = (struct hearth_push){.failures = 4, .failing = now - 7LL * DAY + 1};
    assert_int_equal(push_settle(&of_a_minute, 0, 0, now, 0, &row), PUSH_FAILED);
    row = (struct hearth_push){.failures = 3, .failing = 1}; /* it was seldom asked */
    assert_int_equal(push_settle(&of_a_minute, 0, 0, now, 0, &row), PUSH_FAILED);
    row = (struct hearth_push){.failures = 9, .failing = now + 5}; /* by a clock that was wrong */
    assert_int_equal(push_settle(&of_a_minute, 0, 0, now, 0, &row), PUSH_FAILED);
    assert_int_equal(row.failing, now);
}

/* --- a database --- */

static char folder[64], key_file[96];
static struct vault *vault;
static struct host host;
static struct storage storage;
static struct opened_storage opened;
static struct push push;
static struct arena arena;

#define OK(...)                                                                                    \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        if (STORAGE(&storage, &err_, __VA_ARGS__) != 0)                                            \
            fail_msg("%s: %s", #__VA_ARGS__, err_.text);                                           \
    } while (0)

static void give_token(const char *id, uint32_t scope, int64_t created, int64_t expires)
{
    uint8_t hash[32] = {0};
    snprintf((char *)hash, sizeof(hash), "%s", id);
    struct hearth_token token = {.struct_size = sizeof(token),
                                 .id = id,
                                 .account = "a",
                                 .name = "n",
                                 .hash = hash,
                                 .scope = scope,
                                 .created = created,
                                 .expires = expires};
    OK(token_create, &token);
}

static int open_database(void **state)
{
    (void)state;
    struct err err = {0};
    struct call call;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "a",
                                     .email = "a@b.c",
                                     .uid = "u",
                                     .provider = "p",
                                     .node = ""};
    snprintf(folder, sizeof(folder), "/tmp/hearth-push-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(key_file, sizeof(key_file), "%s/key", folder);
    assert_int_equal(auth_vault_open(key_file, true, &vault, &err), 0);
    plug_host_init(&host, "storage-mem", NULL, NULL);
    opened = (struct opened_storage){.ops = mem_plugin()->operations,
                                     .push = mem_plugin()->extension(HEARTH_STORAGE_PUSH)};
    plug_call_init(&call, NULL, 0, 0);
    assert_int_equal(opened.ops->open(&host.hearth, &call.hearth, NULL, &opened.self), 0);
    plug_call_fini(&call);
    assert_int_equal(plug_storage_open(&storage, &opened, NULL, &err), 0);
    OK(migrate);
    OK(account_create, &account);
    give_token("app", HEARTH_TOKEN_READ, 1, 0);
    push = (struct push){.options = {.vault = vault,
                                     .pace = {.interval = 60000},
                                     .sessions = {.idle = DAY, .life = 2LL * DAY}}};
    arena_init(&arena, 0);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    arena_fini(&arena);
    plug_storage_close(&storage);
    opened.ops->close(opened.self);
    auth_vault_close(vault);
    unlink(key_file);
    return rmdir(folder);
}

/* --- keys --- */

static void test_key_is_made_once(void **state)
{
    (void)state;
    struct jose_ec_key first, again, got;
    struct err err = {0};
    assert_int_equal(push_key_get(vault, &storage, &got, &err), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(push_key_make(vault, &storage, false, &first, &err), 0);
    assert_int_equal(push_key_make(vault, &storage, false, &again, &err), 0); /* as another one */
    assert_int_equal(push_key_get(vault, &storage, &got, &err), 0);
    assert_memory_equal(&first, &again, sizeof(first));
    assert_memory_equal(&first, &got, sizeof(first));
    /* with another key file nobody opens it */
    struct vault *other;
    char path[120];
    snprintf(path, sizeof(path), "%s.other", key_file);
    assert_int_equal(auth_vault_open(path, true, &other, &err), 0);
    assert_int_equal(push_key_get(other, &storage, &got, &err), HEARTH_ERR_DENIED);
    assert_int_equal(push_key_make(other, &storage, true, &again, &err), 0);
    assert_memory_not_equal(&first, &again, sizeof(first));
    assert_int_equal(push_key_get(other, &storage, &got, &err), 0);
    auth_vault_close(other);
    unlink(path);
}

static void test_key_is_sealed_anew(void **state)
{
    (void)state;
    struct jose_ec_key first, got;
    struct err err = {0};
    char before[512];
    const char *text;
    assert_int_equal(push_key_make(vault, &storage, false, &first, &err), 0);
    OK(property_get, "push_key", &text);
    snprintf(before, sizeof(before), "%s", text);
    assert_int_equal(push_key_look_after(vault, &storage, &got, &err), 0);
    OK(property_get, "push_key", &text);
    assert_string_equal(text, before);
    assert_int_equal(auth_key_file_extend(key_file, 2, &err), 0);
    auth_vault_close(vault);
    assert_int_equal(auth_vault_open(key_file, false, &vault, &err), 0);
    assert_int_equal(push_key_look_after(vault, &storage, &got, &err), 0);
    assert_memory_equal(&first, &got, sizeof(first));
    OK(property_get, "push_key", &text);
    assert_string_not_equal(text, before);
    snprintf(before, sizeof(before), "%s", text);
    assert_int_equal(push_key_look_after(vault, &storage, &got, &err), 0);
    assert_memory_equal(&first, &got, sizeof(first));
    OK(property_get, "push_key", &text);
    assert_string_equal(text, before);
}

static void test_damaged_key(void **state)
{
    (void)state;
    struct jose_ec_key got;
    struct err err = {0};
    OK(property_put, "push_key", "!", true);
    assert_int_equal(push_key_get(vault, &storage, &got, &err), HEARTH_ERR_CORRUPT);
    OK(property_put, "push_key", "", true);
    assert_int_equal(push_key_get(vault, &storage, &got, &err), HEARTH_ERR_CORRUPT);
}

static void test_authorization(void **state)
{
    (void)state;
    struct jose_ec_key key;
    struct jose_jws jws;
    struct err err = {0};
    char text[PUSH_AUTHORIZATION_SIZE], jwk[JOSE_EC_JWK_SIZE], point[JOSE_EC_POINT_SIZE];
    const char *reason, *contact = "mailto:admin@example.org";
    assert_int_equal(jose_ec_make(&key), 0);
    assert_int_equal(push_authorization(&key, "https://push.example.org:8443", contact,
                                        1795176000999, text, &err),
                     0);
    char *token = strstr(text, "vapid t="), *comma = strstr(text, ", k=");
    assert_ptr_equal(token, text);
    assert_non_null(comma);
    jose_ec_point(&key, point);
    assert_string_equal(comma + 4, point);
    *comma = '\0';
    token += 8;
    assert_int_equal(jose_jws_read(token, strlen(token), &jws, &reason), 0);
    jose_ec_jwk(&key, jwk);
    json_t *keys = json_pack("{s:[o]}", "keys", json_loads(jwk, 0, NULL));
    assert_int_equal(jose_jws_verify(&jws, keys), 0);
    json_decref(keys);
    assert_string_equal((const char *)jws.payload,
                        "{\"aud\":\"https://push.example.org:8443\",\"exp\":1795219200,\"sub\":"
                        "\"mailto:admin@example.org\"}");
    jose_jws_fini(&jws);
    assert_int_equal(push_authorization(&key, "https://p", NULL, 0, text, &err), 0);
    /* the longest of both has room */
    char origin[NET_OUTSIDE_HOST_MAX + 16], longest[256];
    memset(origin, 'o', sizeof(origin) - 1);
    memset(longest, 'c', sizeof(longest) - 1);
    origin[sizeof(origin) - 1] = longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(push_authorization(&key, origin, longest, INT64_MAX / 2, text, &err), 0);
}

/* --- endpoints --- */

static int add(const char *url, const char *token, struct hearth_push *ret_row, bool *ret_new)
{
    struct err err = {0};
    return push_register(&push, &storage, "a", 5, token, url, &arena, ret_row, ret_new, &err);
}

static size_t count_rows(void)
{
    static struct push_rows rows;
    struct err err = {0};
    assert_int_equal(push_list(&push, &storage, "a", &arena, &rows, &err), 0);
    return rows.count;
}

static void test_registering(void **state)
{
    (void)state;
    struct hearth_push row, again, other;
    struct err err = {0};
    bool is_new;
    const char *url;
    give_token("later", HEARTH_TOKEN_FULL, 2, 0);
    assert_int_equal(add("https://p/1", "app", &row, &is_new), 0);
    assert_true(is_new);
    assert_null(strstr(row.endpoint, "https"));
    assert_int_equal(row.generation, 5);
    assert_int_equal(row.not_before - row.created, 60000);
    assert_int_equal(push_open_endpoint(&push, "a", &row, &arena, &url, &err), 0);
    assert_string_equal(url, "https://p/1");
    /* where it is moved to it opens nothing */
    assert_int_equal(push_open_endpoint(&push, "b", &row, &arena, &url, &err), HEARTH_ERR_DENIED);
    assert_int_equal(add("https://p/2", "app", &other, &is_new), 0);
    assert_string_not_equal(row.id, other.id);
    assert_int_equal(
        push_open_endpoint(&push, "a",
                           &(struct hearth_push){.id = other.id, .endpoint = row.endpoint}, &arena,
                           &url, &err),
        HEARTH_ERR_DENIED);
    /* the same again is the other token's, and what is under way to it is of before */
    assert_int_equal(add("https://p/1", "later", &again, &is_new), 0);
    assert_false(is_new);
    assert_string_equal(again.id, row.id);
    assert_string_equal(again.token, "later");
    assert_int_equal(again.created, row.created);
    assert_int_not_equal(again.not_before, row.not_before);
    assert_int_equal(count_rows(), 2);
    /* one that failed is tried soon */
    again.failures = 8;
    again.not_before = clock_now() + DAY;
    assert_int_equal(STORAGE_OF(&storage, push, &err, push_put, "a", &again), 0);
    assert_int_equal(add("https://p/1", "later", &again, &is_new), 0);
    assert_int_equal(again.failures, 0);
    assert_true(again.not_before <= clock_now() + 60000);
    OK(token_remove, "a", "app");
    assert_int_equal(count_rows(), 1);
}

static void test_as_many_as_there_may_be(void **state)
{
    (void)state;
    struct hearth_push row;
    bool is_new;
    char url[32];
    int64_t now = clock_now();
    give_token("browser", HEARTH_TOKEN_BROWSER, now - DAY + 3600000, now + DAY);
    for (int i = 0; i < PUSH_MOST; i++) {
        snprintf(url, sizeof(url), "https://p/%d", i);
        assert_int_equal(add(url, i < 2 ? "browser" : "app", &row, &is_new), 0);
    }
    assert_int_equal(add("https://p/x", "app", &row, &is_new), HEARTH_ERR_CONFLICT);
    assert_int_equal(add("https://p/3", "app", &row, &is_new), 0);
    assert_int_equal(count_rows(), PUSH_MOST);
    push.options.sessions.idle = 1000; /* nobody was here for so long */
    assert_int_equal(count_rows(), PUSH_MOST - 2);
    assert_int_equal(add("https://p/x", "app", &row, &is_new), 0);
    push.options.sessions.idle = DAY;
    assert_int_equal(count_rows(), PUSH_MOST - 1); /* the two were removed */
}

static void test_what_nothing_opens_is_removed(void **state)
{
    (void)state;
    struct hearth_push row;
    struct err err = {0};
    static struct push_rows rows;
    bool is_new;
    assert_int_equal(add("https://p/1", "app", &row, &is_new), 0);
    row.id = "lost";
    assert_int_equal(STORAGE_OF(&storage, push, &err, push_put, "a", &row), 0);
    row.id = "broken";
    row.endpoint = "https://p/2";
    assert_int_equal(STORAGE_OF(&storage, push, &err, push_put, "a", &row), 0);
    assert_int_equal(count_rows(), 3);
    assert_int_equal(push_list_swept(&push, &storage, "a", &arena, &rows, &err), 0);
    assert_int_equal(rows.count, 1);
    assert_int_equal(count_rows(), 1);
}

/* --- notes --- */

static void test_notes(void **state)
{
    (void)state;
    static struct push noting;
    char account[PUSH_ACCOUNT_SIZE], name[32];
    pthread_mutex_init(&noting.lock, NULL);
    pthread_cond_init(&noting.changed, NULL);
    noting.dropped = METRIC(PUSH_NOTES, "dropped");
    int64_t dropped = metrics_value(noting.dropped);
    push_note(NULL, "a");
    push_wait_until(&noting, "", 1);
    push_wait_until(&noting, "a name that is longer than those of accounts are", 1);
    assert_int_equal(push_next_due(&noting), INT64_MAX);
    push_wait_until(&noting, "a", 50);
    push_wait_until(&noting, "a", 70);
    push_wait_until(&noting, "b", 60);
    assert_int_equal(noting.waiting_count, 2);
    assert_int_equal(push_next_due(&noting), 50);
    push_wait_until(&noting, "a", 30);
    assert_int_equal(push_next_due(&noting), 30);
    assert_false(push_take_due(&noting, 29, account));
    assert_true(push_take_due(&noting, 59, account));
    assert_string_equal(account, "a");
    assert_false(push_take_due(&noting, 59, account));
    for (int i = 0; i < PUSH_NOTES + 9; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        push_wait_until(&noting, name, 90);
    }
    assert_int_equal(noting.waiting_count, PUSH_NOTES);
    assert_int_equal(metrics_value(noting.dropped) - dropped, 10);
    push_wait_until(&noting, "b", 10); /* it has its place */
    assert_int_equal(push_next_due(&noting), 10);
    pthread_cond_destroy(&noting.changed);
    pthread_mutex_destroy(&noting.lock);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_authorization),
        cmocka_unit_test(test_notes),
        WITH(test_key_is_made_once),
        WITH(test_key_is_sealed_anew),
        WITH(test_damaged_key),
        WITH(test_registering),
        WITH(test_as_many_as_there_may_be),
        WITH(test_what_nothing_opens_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
