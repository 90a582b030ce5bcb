/* The extension for what processes hand each other for a while. */
#include "queue_kit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEP(queue_handle, operation, ...)                                                         \
    WATCHED(#operation, keep_of(kit)->operation((queue_handle)->handle,                            \
                                                &(queue_handle)->call.hearth, __VA_ARGS__))
#define KEEP_OK(queue_handle, ...) expect_number(KEEP(queue_handle, __VA_ARGS__), 0)
#define KEEP_FAILS(code, queue_handle, ...)                                                        \
    expect_number(KEEP(queue_handle, __VA_ARGS__), HEARTH_ERR_##code)

/* Or the test is skipped. */
static const struct hearth_queue_keep *keep_of(struct kit *kit)
{
    const struct hearth_queue_keep *keep = plug_extension(kit->plug, PLUG_QUEUE_KEEP);
    if (keep == NULL)
        kit_skip("the plugin has no " HEARTH_QUEUE_KEEP);
    return keep;
}

static void keep_expect(struct kit *kit, struct queue_handle *q, const char *name,
                        const void *wanted, size_t wanted_size)
{
    const void *bytes = NULL;
    size_t size = 0;
    KEEP_OK(q, keep_take, name, &bytes, &size);
    expect_number((long long)size, (long long)wanted_size);
    if (memcmp(bytes, wanted, size) != 0)
        fail_msg("other bytes came back than were kept");
}

static void keep_one_takes_it(struct kit *kit)
{
    static const char BYTES[] = "a\0b\r\n\xff";
    struct queue_handle other, *q = &kit->queue_handle;
    const void *bytes;
    size_t size;
    keep_of(kit);
    kit_queue_handle_open(kit, &other);
    KEEP_FAILS(NOT_FOUND, q, keep_take, "a1", &bytes, &size);
    KEEP_OK(q, keep_put, "a1", BYTES, sizeof(BYTES), LONG);
    KEEP_OK(q, keep_put, "b2", "2", 1, LONG);
    keep_expect(kit, &other, "a1", BYTES, sizeof(BYTES));
    KEEP_FAILS(CONFLICT, q, keep_take, "a1", &bytes, &size);
    KEEP_FAILS(CONFLICT, &other, keep_take, "a1", &bytes, &size);
    KEEP_OK(&other, keep_put, "a1", "new", 3, LONG);
    keep_expect(kit, q, "a1", "new", 3);
    KEEP_OK(&other, keep_remove, "a1"); /* though somebody has it */
    KEEP_FAILS(NOT_FOUND, q, keep_take, "a1", &bytes, &size);
    KEEP_OK(q, keep_remove, "a1");
    keep_expect(kit, q, "b2", "2", 1);
    kit_queue_handle_close(&other);
}

static void keep_ends(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    const void *bytes;
    size_t size;
    int r;
    keep_of(kit);
    KEEP_OK(q, keep_put, "a", "1", 1, 1);
    KEEP_OK(q, keep_put, "b", "1", 1, SOON);
    r = KEEP(q, keep_take, "b", &bytes, &size); /* its time goes on while somebody has it */
    if (r != 0 && r != HEARTH_ERR_NOT_FOUND)
        fail_msg("keep_take failed with %s: %s", err_name(r), q->call.error);
    for (int64_t until = kit_now() + PATIENCE; kit_now() < until;) {
        int a = KEEP(q, keep_take, "a", &bytes, &size), b = KEEP(q, keep_take, "b", &bytes, &size);
        if (a == HEARTH_ERR_NOT_FOUND && b == HEARTH_ERR_NOT_FOUND)
            return;
    }
    fail_msg("what was kept for %d ms is there after %d", SOON, PATIENCE);
}

static void keep_bounds(struct kit *kit)
{
    static char most[HEARTH_KEEP_MAX + 1];
    char name[66];
    struct queue_handle *q = &kit->queue_handle;
    const void *bytes;
    size_t size;
    keep_of(kit);
    memset(name, 'z', sizeof(name) - 1);
    name[65] = '\0';
    memset(most, 'm', sizeof(most));
    KEEP_FAILS(INVALID, q, keep_put, name, "1", 1, LONG);
    KEEP_FAILS(INVALID, q, keep_take, name, &bytes, &size);
    KEEP_FAILS(INVALID, q, keep_put, "", "1", 1, LONG);
    KEEP_FAILS(INVALID, q, keep_put, "a:b", "1", 1, LONG);
    KEEP_FAILS(INVALID, q, keep_put, "a", "", 0, LONG);
    KEEP_FAILS(INVALID, q, keep_put, "a", "1", 1, 0);
    KEEP_FAILS(INVALID, q, keep_put, "a", most, sizeof(most), LONG);
    name[64] = '\0';
    KEEP_OK(q, keep_put, name, most, HEARTH_KEEP_MAX, LONG);
    keep_expect(kit, q, name, most, HEARTH_KEEP_MAX);
}

static void keep_other_process(struct kit *kit)
{
    int status = 0;
    keep_of(kit);
    if ((kit->descriptor->capabilities & HEARTH_SHARED) == 0)
        kit_skip("the plugin is not SHARED");
    pid_t child = fork();
    if (child == 0) {
        kit_open(kit);
        KEEP_OK(&kit->queue_handle, keep_put, "there", "1", 1, LONG);
        _exit(0);
    }
    expect_number(waitpid(child, &status, 0), child);
    expect_number(status, 0);
    keep_expect(kit, &kit->queue_handle, "there", "1", 1);
}

const struct kit_test kit_queue_keep_tests[] = {
    {"keep: one takes it, until it is put back", keep_one_takes_it},
    {"keep: its time ends it", keep_ends},
    {"keep: names, sizes and times have bounds", keep_bounds},
    {"keep: it reaches other processes", keep_other_process},
    {NULL, NULL},
};
