/* A device that a person does not want to see: in a real storage, beside what its source says of
 * it. */
#include "giving.h"
#include "merge/hide_device.h"

static struct fixture *fixture;

static void sync_devices(const char *account, int32_t how, const char *ids)
{
    merge_sink_init(&sink, &fixture->storage, NULL, account, "file", fixture->directory, NULL);
    assert_int_equal(sink.hearth.begin(&sink, HEARTH_CLIENTS, how), 0);
    for (; *ids != '\0'; ids++) {
        const char id[] = {*ids, '\0'};
        struct hearth_device device = {
            .struct_size = sizeof(device), .id = id, .name = id, .type = "phone"};
        assert_int_equal(sink.hearth.device(&sink, &device), 0);
    }
    if (sink.hearth.commit(&sink, NULL) < 0)
        fail_msg("commit: %s", sink.err.text);
    merge_sink_fini(&sink);
}

static int begin_test(void **state)
{
    int r = fixture_setup(state);
    fixture = *state;
    if (r == 0) {
        sync_devices("a", HEARTH_COMPLETE, "de");
        sync_devices("b", HEARTH_COMPLETE, "f");
    }
    return r;
}

static int on_shown_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return add_line(ctx, "%s%s ", device->id, device->hidden ? " hidden" : "");
}

static void expect_devices(const char *account, const char *expected)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    OK(&fixture->storage, device_list, account, on_shown_device, lines);
    assert_string_equal(lines->text, expected);
    free(lines);
    assert_sound(&fixture->storage);
}

static int64_t hide(const char *device, bool hidden)
{
    struct err err = {0};
    int64_t generation = -1;
    if (merge_hide_device(&fixture->storage, "a", device, hidden, &generation, &err) < 0)
        fail_msg("%s: %s", device, err.text);
    return generation;
}

static int64_t generation_now(void)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    OK(&fixture->storage, account_get, "a", &account);
    return account.generation;
}

static void test_hidden_and_shown(void **state)
{
    (void)state;
    int64_t before = generation_now();
    assert_int_equal(hide("d", true), before + 1);
    assert_int_equal(generation_now(), before + 1);
    expect_devices("a", "d hidden e ");
    assert_int_equal(hide("d", false), before + 2);
    expect_devices("a", "d e ");
}

/* Nobody's copy of the answers is old by it. */
static void test_as_it_is(void **state)
{
    (void)state;
    int64_t before = generation_now();
    assert_int_equal(hide("d", false), 0);
    assert_int_equal(generation_now(), before);
    assert_int_equal(hide("d", true), before + 1);
    assert_int_equal(hide("d", true), 0);
    assert_int_equal(generation_now(), before + 1);
}

/* Whatever its source says of it, and when that says nothing of it any more. */
static void test_synced_again(void **state)
{
    (void)state;
    hide("d", true);
    sync_devices("a", HEARTH_INCREMENTAL, "d");
    for (int32_t how = HEARTH_COMPLETE; how <= HEARTH_SNAPSHOT; how++) {
        sync_devices("a", how, "ed");
        expect_devices("a", "d hidden e ");
        sync_devices("a", how, "e");
        expect_devices("a", "d hidden e ");
    }
    hide("d", false); /* it is gone with the next sync */
    expect_devices("a", "d e ");
    sync_devices("a", HEARTH_COMPLETE, "e");
    expect_devices("a", "e ");
}

static void test_of_somebody_else(void **state)
{
    static const char *const ids[] = {"f", "", "never heard of"};
    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct err err = {0};
        int64_t before = generation_now(), generation = -1;
        assert_int_equal(merge_hide_device(&fixture->storage, "a", ids[i], true, &generation, &err),
                         HEARTH_ERR_NOT_FOUND);
        assert_string_equal(err.text, "there is no such device");
        assert_int_equal(generation, -1);
        assert_int_equal(generation_now(), before);
    }
    expect_devices("b", "f ");
    hide("d", true); /* no batch was left open */
}

static int refuse_commit(void *handle, struct hearth_call *call, bool changed)
{
    (void)handle;
    (void)changed;
    snprintf(call->error, call->error_size, "the disk is full");
    return HEARTH_ERR_FULL;
}

static void test_a_storage_that_refuses(void **state)
{
    struct hearth_storage full = *fixture->storage.ops;
    const struct hearth_storage *inner = fixture->storage.ops;
    struct err err = {0};
    int64_t generation = -1;
    (void)state;
    full.batch_commit = refuse_commit;
    fixture->storage.ops = &full;
    assert_int_equal(merge_hide_device(&fixture->storage, "a", "d", true, &generation, &err),
                     HEARTH_ERR_FULL);
    fixture->storage.ops = inner;
    assert_int_equal(generation, -1);
    assert_non_null(strstr(err.text, "the disk is full"));
    expect_devices("a", "d e ");
    hide("d", true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_hidden_and_shown),       TEST(test_as_it_is),
        TEST(test_synced_again),           TEST(test_of_somebody_else),
        TEST(test_a_storage_that_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
