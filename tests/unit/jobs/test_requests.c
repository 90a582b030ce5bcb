/* A request that comes at any moment of a sync: it is answered by an attempt that begins later,
 * and what somebody else writes into the row meanwhile stands. */
#include "../../plugins/storage-sqlite/fixture.h"

#include "auth/credentials.h"
#include "auth/vault.h"
#include "base/clock.h"
#include "hearth/sync.h"
#include "jobs/sync_account.h"
#include "plug/call.h"
#include "schedule_of_tests.h"

enum point { NEVER, PULL, BEFORE_READ, BETWEEN, AFTER, POINTS };

static struct {
    struct fixture *fixture;
    struct storage asker; /* a handle of somebody else */
    struct vault *vault;
    enum point when; /* to ask; NEVER: done */
    struct hearth_account what;
    uint64_t fields;
    bool pulled;
    int pulls, code;
} test;

static void ask_at(enum point now)
{
    if (test.when != now || !test.pulled)
        return;
    test.when = NEVER;
    OK(&test.asker, account_update, &test.what, test.fields);
    plug_storage_reset(&test.asker);
}

static int planting_get(void *handle, struct hearth_call *call, const char *account,
                        struct hearth_account *ret_account)
{
    ask_at(BEFORE_READ);
    return test.fixture->ops->account_get(handle, call, account, ret_account);
}

static int planting_update(void *handle, struct hearth_call *call,
                           const struct hearth_account *account, uint64_t fields)
{
    ask_at(BETWEEN);
    int r = test.fixture->ops->account_update(handle, call, account, fields);
    ask_at(AFTER);
    return r;
}

static int test_pull(void *handle, struct hearth_call *call, const struct hearth_pull *pull,
                     struct hearth_pull_result *ret_result)
{
    (void)handle;
    (void)pull;
    test.pulls++;
    test.pulled = true;
    ask_at(PULL);
    ret_result->state = test.code == 0 ? HEARTH_ACCOUNT_OK : HEARTH_ACCOUNT_ERROR;
    return test.code == 0 ? 0 : hearth_fail(call, test.code, "as the test wants it");
}

static const struct hearth_sync provider = {.struct_size = sizeof(provider), .pull = test_pull};

static struct hearth_account row(void)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    OK(&test.asker, account_get, "a", &account);
    return account;
}

static void sync_once(void)
{
    struct storage storage;
    struct hearth_storage ops = *test.fixture->ops;
    struct sync_context context = {.vault = test.vault,
                                   .spool_directory = test.fixture->directory,
                                   .schedule = schedule,
                                   .timeout = 60000};
    struct sync_outcome outcome;
    struct err err = {0};
    struct call call;
    fixture_handle(test.fixture, &storage);
    ops.account_get = planting_get;
    ops.account_update = planting_update;
    storage.ops = &ops;
    plug_call_init(&call, NULL, 60000, 0);
    test.pulled = false;
    int r = jobs_sync_account(&context, &storage, &provider, NULL, &call, "a", &outcome, &err);
    if (r < 0)
        fail_msg("%s: %s", err_name(r), err.text);
    plug_call_fini(&call);
    storage.ops = test.fixture->ops;
    plug_storage_close(&storage);
}

static int requests_setup(void **state)
{
    char path[128];
    struct err err = {0};
    fixture_setup(state);
    memset(&test, 0, sizeof(test));
    test.fixture = *state;
    fixture_handle(test.fixture, &test.asker);
    snprintf(path, sizeof(path), "%s/key", test.fixture->directory);
    assert_int_equal(auth_vault_open(path, true, &test.vault, &err), 0);
    struct hearth_account account = row();
    assert_int_equal(
        auth_credentials_put(test.vault, &test.asker, "a", 0, account.provider, "x", 1, &err), 0);
    account = (struct hearth_account){
        .struct_size = sizeof(account), .id = "a", .next_sync = 1, .last_seen = clock_now()};
    OK(&test.asker, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_LAST_SEEN);
    return 0;
}

static int requests_teardown(void **state)
{
    auth_vault_close(test.vault);
    plug_storage_close(&test.asker);
    return fixture_teardown(state);
}

static void plant(enum point when, struct hearth_account what, uint64_t fields)
{
    test.what = what;
    test.what.struct_size = sizeof(test.what);
    test.what.id = "a";
    test.fields = fields | HEARTH_ACCOUNT_ASKED;
    test.when = when;
}

/* When it is asked for does not matter, nor how the attempt ends. */
static void test_a_request_stands(void **state)
{
    (void)state;
    static const int ends[] = {0, HEARTH_ERR_UNAVAILABLE, HEARTH_ERR_IO};
    int64_t asked = 0;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        for (enum point when = PULL; when < POINTS; when++) {
            test.code = ends[i];
            plant(when, (struct hearth_account){.next_sync = 1}, HEARTH_ACCOUNT_NEXT_SYNC);
            sync_once();
            assert_int_equal(test.when, NEVER);
            struct hearth_account account = row();
            assert_int_equal(account.asked, asked + 1);
            assert_int_equal(account.answered, asked);
            assert_int_equal(account.next_sync, 1);
            assert_int_equal(account.state,
                             ends[i] == 0 ? HEARTH_ACCOUNT_OK : HEARTH_ACCOUNT_ERROR);
            sync_once();
            account = row();
            assert_int_equal(account.answered, ++asked);
            assert_true(account.next_sync > clock_now());
        }
    assert_int_equal(test.pulls, 2 * (POINTS - PULL) * 3);
}

/* An attempt that began before it does not use up the request to fetch everything anew. */
static void test_a_resync_stands(void **state)
{
    (void)state;
    for (enum point when = PULL; when < POINTS; when++) {
        plant(when, (struct hearth_account){.next_sync = 1, .resync = 1},
              HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_RESYNC);
        sync_once();
        assert_int_equal(row().resync, 1);
        assert_int_equal(row().next_sync, 1);
        sync_once();
        assert_int_equal(row().resync, 0);
    }
}

static void test_a_pause_stands(void **state)
{
    (void)state;
    for (enum point when = PULL; when < POINTS; when++) {
        plant(when, (struct hearth_account){.state = HEARTH_ACCOUNT_PAUSED},
              HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC);
        sync_once();
        assert_int_equal(row().state, HEARTH_ACCOUNT_PAUSED);
        assert_int_equal(row().next_sync, 0);
        struct hearth_account resumed = {.struct_size = sizeof(resumed), .id = "a", .next_sync = 1};
        OK(&test.asker, account_update, &resumed,
           HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED);
        sync_once();
        assert_int_equal(row().answered, row().asked);
        assert_true(row().next_sync > clock_now());
    }
}

/* What is interrupted goes on at once, and answers nobody; a pause holds it, too. */
static void test_an_interrupted_one(void **state)
{
    (void)state;
    test.code = HEARTH_ERR_CANCELLED;
    plant(BETWEEN, (struct hearth_account){.next_sync = 1}, HEARTH_ACCOUNT_NEXT_SYNC);
    sync_once();
    assert_int_equal(row().answered, 0);
    assert_in_range(row().next_sync, 1, clock_now());
    plant(BETWEEN, (struct hearth_account){.state = HEARTH_ACCOUNT_PAUSED},
          HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC);
    sync_once();
    assert_int_equal(row().state, HEARTH_ACCOUNT_PAUSED);
    assert_int_equal(row().next_sync, 0);
}

int main(void)
{
#define REQUESTS_TEST(function)                                                                    \
    cmocka_unit_test_setup_teardown(function, requests_setup, requests_teardown)
    const struct CMUnitTest tests[] = {
        REQUESTS_TEST(test_a_request_stands),
        REQUESTS_TEST(test_a_resync_stands),
        REQUESTS_TEST(test_a_pause_stands),
        REQUESTS_TEST(test_an_interrupted_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
