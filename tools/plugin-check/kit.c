#include "kit.h"

#include <time.h>

#include "queue_kit.h"
#include "report.h"
#include "sync_kit.h"

void kit_fail(const char *file, int line, const char *format, ...)
{
    va_list ap;
    watch_came_from(&file, &line);
    const char *slash = strrchr(file, '/');
    va_start(ap, format);
    report_failure(slash == NULL ? file : slash + 1, line, format, ap);
}

void kit_skip(const char *why)
{
    report_skip(why);
}

int64_t kit_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void kit_pause(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int open_instance(struct kit *kit, struct hearth_call *call)
{
    const struct hearth_host *host = &kit->host.hearth;
    if (kit->storage_ops != NULL)
        return WATCHED("open", kit->storage_ops->open(host, call, kit->values, &kit->self));
    if (kit->queue != NULL)
        return WATCHED("open", kit->queue->open(host, call, kit->values, &kit->self));
    return WATCHED("open", kit->sync->open(host, call, kit->values, &kit->self));
}

void kit_session_of(struct kit *kit, void *self, struct store *store)
{
    struct err err = {0};
    struct opened_storage opened = {.ops = kit->storage_ops, .self = self}; /* the model has neither plug nor extensions */
    if (kit->plug != NULL) {
        opened = plug_storage(kit->plug);
        opened.self = self;
        opened.ops = kit->storage_ops; /* the watched one */
    }
    if (WATCHED("session_open", store_open(store, &opened, NULL, &err)) < 0)
        fail_msg("session_open: %s", err.text);
}

void kit_session(struct kit *kit, struct store *store)
{
    kit_session_of(kit, kit->self, store);
}

void kit_open(struct kit *kit)
{
    call_init(&kit->call, NULL, 0, 0);
    sync_kit_opened(true);
    if (open_instance(kit, &kit->call.hearth) < 0)
        fail_msg("open: %s", kit->call.error);
    expect(kit->self != NULL);
    if (kit->storage_ops != NULL)
        kit_session(kit, &kit->store);
    else if (kit->queue != NULL)
        line_open(kit, &kit->line);
    else if (WATCHED("session_open", kit->sync->session_open(kit->self, &kit->call.hearth, &kit->session)) < 0)
        fail_msg("session_open: %s", kit->call.error);
    call_reset(&kit->call);
}

void kit_close(struct kit *kit)
{
    if (kit->storage_ops != NULL) {
        store_close(&kit->store);
        kit->storage_ops->close(kit->self);
    } else if (kit->queue != NULL) {
        line_close(&kit->line);
        kit->queue->close(kit->self);
    } else {
        kit->sync->session_close(kit->session);
        kit->sync->close(kit->self);
        sync_kit_opened(false);
    }
    kit->self = kit->session = NULL;
    call_fini(&kit->call);
}

void kit_reopen(void *kit)
{
    kit_open(kit);
    kit_close(kit);
}

const struct kit_test *const *kit_tests(int kind, size_t *ret_count)
{
    switch (kind) {
    case HEARTH_STORAGE:
        *ret_count = storage_test_count;
        return storage_tests;
    case HEARTH_QUEUE:
        *ret_count = queue_test_count;
        return queue_tests;
    default:
        *ret_count = sync_test_count;
        return sync_tests;
    }
}
