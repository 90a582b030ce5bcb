#include "queue_kit.h"

#include <stdlib.h>

void kit_queue_handle_open(struct kit *kit, struct queue_handle *queue_handle)
{
    *queue_handle = (struct queue_handle){.ops = kit->queue};
    plug_call_init(&queue_handle->call, NULL, 0, 0);
    if (WATCHED("handle_open", kit->queue->handle_open(kit->self, &queue_handle->call.hearth,
                                                       &queue_handle->handle)) < 0)
        fail_msg("handle_open: %s", queue_handle->call.error);
}

void kit_queue_handle_close(struct queue_handle *queue_handle)
{
    queue_handle->ops->handle_close(queue_handle->handle);
    plug_call_fini(&queue_handle->call);
}

int kit_queue_put_job_of(struct queue_handle *queue_handle, const char *kind, const char *key,
                         int priority, int64_t delay)
{
    struct hearth_job job = {
        .struct_size = sizeof(job), .kind = kind, .key = key, .payload = "p", .priority = priority};
    int32_t result = -1;
    int r = QUEUE(queue_handle, publish, &job, delay, &result);
    return r < 0 ? r : result;
}

int kit_queue_put_job(struct queue_handle *queue_handle, const char *key, int priority,
                      int64_t delay)
{
    return kit_queue_put_job_of(queue_handle, KIND, key, priority, delay);
}

/* Waits without an end are ended by the test, which is patient itself. */
static int64_t queue_limit(int64_t wait)
{
    return wait > 2 * PATIENCE ? 2 * PATIENCE : wait;
}

int kit_queue_take_job(struct queue_handle *queue_handle, int64_t wait, int64_t lease,
                       struct hearth_job *ret_job)
{
    *ret_job = (struct hearth_job){.struct_size = sizeof(*ret_job)};
    return QUEUE_WAITS(queue_handle, queue_limit(wait), reserve, wait, lease, ret_job);
}

int kit_queue_event_wait(struct queue_handle *queue_handle, int64_t wait, hearth_event_cb cb,
                         void *ctx)
{
    return QUEUE_WAITS(queue_handle, queue_limit(wait), event_wait, wait, cb, ctx);
}

void kit_queue_hears(struct queue_handle *queue_handle, int64_t wait, hearth_event_cb cb, void *ctx)
{
    int r = kit_queue_event_wait(queue_handle, wait, cb, ctx);
    if (r != 0)
        fail_msg("event_wait failed with %s: %s", err_name(r), queue_handle->call.error);
}

void kit_queue_takes(struct queue_handle *queue_handle, const char *key)
{
    struct hearth_job job;
    int r = kit_queue_take_job(queue_handle, 0, LONG, &job);
    if (r < 0)
        fail_msg("reserve returned %s where the job %s was expected: %s", err_name(r), key,
                 queue_handle->call.error);
    expect_text(job.key, key);
}

void kit_queue_expect_empty(struct queue_handle *queue_handle)
{
    struct hearth_job job;
    int r = kit_queue_take_job(queue_handle, 0, LONG, &job);
    if (r == 0)
        fail_msg("reserve gave the job %s where none was expected", job.key);
    expect_number(r, HEARTH_ERR_NOT_FOUND);
}

bool kit_queue_set(struct kit *kit, const char *key, int64_t number)
{
    for (size_t i = 0; i < kit->descriptor->config_count; i++) {
        if (strcmp(HEARTH_AT(kit->descriptor->config, i)->name, key) != 0)
            continue;
        struct hearth_config_value *values = calloc(kit->descriptor->config_count, sizeof(*values));
        expect(values != NULL);
        memcpy(values, kit->values, kit->descriptor->config_count * sizeof(*values));
        values[i].number = number;
        kit->values = values;
        return true;
    }
    return false;
}

/* What peek showed, "kind:key" by line. */
struct keys {
    char text[65536];
    size_t size;
};

static int queue_note_key(void *ctx, const struct hearth_job *job)
{
    struct keys *keys = ctx;
    int n = snprintf(keys->text + keys->size, sizeof(keys->text) - keys->size, "%s:%s\n", job->kind,
                     job->key);
    if ((size_t)n >= sizeof(keys->text) - keys->size)
        return 1;
    keys->size += (size_t)n;
    return 0;
}

/* A queue that outlives a test is emptied first, also of what a killed test had taken. */
void kit_queue_prepare(struct kit *kit)
{
    struct queue_handle *queue_handle = &kit->queue_handle;
    QUEUE_OK(queue_handle, clear);
    for (;;) {
        struct keys *keys = calloc(1, sizeof(*keys));
        QUEUE_OK(queue_handle, peek, queue_note_key, keys);
        size_t size = keys->size;
        for (char *key = keys->text, *end; size > 0 && (end = memchr(key, '\n', size)) != NULL;
             key = end + 1) {
            *end = '\0';
            size -= (size_t)(end + 1 - key);
            char *colon = strchr(key, ':'); /* a kind has none */
            *colon = '\0';
            QUEUE(queue_handle, remove, key, colon + 1);
        }
        plug_call_reset(&queue_handle->call);
        bool empty = keys->size == 0;
        free(keys);
        if (empty)
            break;
    }
}

void kit_queue_leave_empty(struct kit *kit)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    kit_open(kit);
    kit_queue_prepare(kit);
    QUEUE_OK(&kit->queue_handle, counts, &counts);
    expect_number(counts.ready + counts.delayed + counts.in_work, 0);
    kit_close(kit);
}
