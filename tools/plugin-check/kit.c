#include "kit.h"

#include <time.h>

#include "queue_kit.h"
#include "report.h"
#include "sync_kit.h"

void kit_fail(const char *file, int line, const char *format, ...)
{
    va_list ap;
    kit_watch_came_from(&file, &line);
    const char *slash = strrchr(file, '/');
    va_start(ap, format);
    kit_report_failure(slash == NULL ? file : slash + 1, line, format, ap);
}

void kit_skip(const char *why)
{
    kit_report_skip(why);
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

static int instance_open(struct kit *kit, struct hearth_call *call)
{
    const struct hearth_host *host = &kit->host.hearth;
    if (kit->storage_ops != NULL)
        return WATCHED("open", kit->storage_ops->open(host, call, kit->values, &kit->self));
    if (kit->queue != NULL)
        return WATCHED("open", kit->queue->open(host, call, kit->values, &kit->self));
    return WATCHED("open", kit->sync->open(host, call, kit->values, &kit->self));
}

void kit_handle_of(struct kit *kit, void *self, struct storage *storage)
{
    struct err err = {0};
    /* the model has neither plug nor extensions */
    struct opened_storage opened = {.ops = kit->storage_ops, .self = self};
    if (kit->plug != NULL) {
        opened = plug_storage(kit->plug);
        opened.self = self;
        opened.ops = kit->storage_ops; /* the watched one */
    }
    if (WATCHED("handle_open", plug_storage_open(storage, &opened, NULL, &err)) < 0)
        fail_msg("handle_open: %s", err.text);
}

void kit_handle(struct kit *kit, struct storage *storage)
{
    kit_handle_of(kit, kit->self, storage);
}

void kit_open(struct kit *kit)
{
    plug_call_init(&kit->call, NULL, 0, 0);
    kit_sync_opened(true);
    if (instance_open(kit, &kit->call.hearth) < 0)
        fail_msg("open: %s", kit->call.error);
    expect(kit->self != NULL);
    if (kit->storage_ops != NULL)
        kit_handle(kit, &kit->storage);
    else if (kit->queue != NULL)
        kit_queue_handle_open(kit, &kit->queue_handle);
    else if (WATCHED("handle_open",
                     kit->sync->handle_open(kit->self, &kit->call.hearth, &kit->handle)) < 0)
        fail_msg("handle_open: %s", kit->call.error);
    plug_call_reset(&kit->call);
}

void kit_close(struct kit *kit)
{
    if (kit->storage_ops != NULL) {
        plug_storage_close(&kit->storage);
        kit->storage_ops->close(kit->self);
    } else if (kit->queue != NULL) {
        kit_queue_handle_close(&kit->queue_handle);
        kit->queue->close(kit->self);
    } else {
        kit->sync->handle_close(kit->handle);
        kit->sync->close(kit->self);
        kit_sync_opened(false);
    }
    kit->self = kit->handle = NULL;
    plug_call_fini(&kit->call);
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
        *ret_count = kit_storage_test_count;
        return kit_storage_tests;
    case HEARTH_QUEUE:
        *ret_count = kit_queue_test_count;
        return kit_queue_tests;
    default:
        *ret_count = kit_sync_test_count;
        return kit_sync_tests;
    }
}
