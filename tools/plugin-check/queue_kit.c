#include "queue_kit.h"

#include <stdlib.h>

void line_open(struct kit *kit, struct line *line)
{
    *line = (struct line){.ops = kit->queue};
    call_init(&line->call, NULL, 0, 0);
    if (WATCHED("session_open", kit->queue->session_open(kit->self, &line->call.hearth, &line->session)) < 0)
        fail_msg("session_open: %s", line->call.error);
}

void line_close(struct line *line)
{
    line->ops->session_close(line->session);
    call_fini(&line->call);
}

int queue_put_job_of(struct line *line, const char *kind, const char *key, int priority, int64_t delay)
{
    struct hearth_job job = {.struct_size = sizeof(job), .kind = kind, .key = key, .payload = "p", .priority = priority};
    int32_t result = -1;
    int r = QUEUE(line, publish, &job, delay, &result);
    return r < 0 ? r : result;
}

int queue_put_job(struct line *line, const char *key, int priority, int64_t delay)
{
    return queue_put_job_of(line, KIND, key, priority, delay);
}

/* Waits without an end are ended by the test, which is patient itself. */
static int64_t queue_limit(int64_t wait)
{
    return wait > 2 * PATIENCE ? 2 * PATIENCE : wait;
}

int queue_take_job(struct line *line, int64_t wait, int64_t lease, struct hearth_job *ret_job)
{
    *ret_job = (struct hearth_job){.struct_size = sizeof(*ret_job)};
    return QUEUE_WAITS(line, queue_limit(wait), reserve, wait, lease, ret_job);
}

int queue_event_wait(struct line *line, int64_t wait, hearth_event_cb cb, void *ctx)
{
    return QUEUE_WAITS(line, queue_limit(wait), event_wait, wait, cb, ctx);
}

void queue_hears(struct line *line, int64_t wait, hearth_event_cb cb, void *ctx)
{
    int r = queue_event_wait(line, wait, cb, ctx);
    if (r != 0)
        fail_msg("event_wait failed with %s: %s", err_name(r), line->call.error);
}

void queue_takes(struct line *line, const char *key)
{
    struct hearth_job job;
    int r = queue_take_job(line, 0, LONG, &job);
    if (r < 0)
        fail_msg("reserve returned %s where the job %s was expected: %s", err_name(r), key, line->call.error);
    expect_text(job.key, key);
}

void queue_expect_empty(struct line *line)
{
    struct hearth_job job;
    int r = queue_take_job(line, 0, LONG, &job);
    if (r == 0)
        fail_msg("reserve gave the job %s where none was expected", job.key);
    expect_number(r, HEARTH_ERR_NOT_FOUND);
}

bool queue_set(struct kit *kit, const char *key, int64_t number)
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

static int note_key(void *ctx, const struct hearth_job *job)
{
    struct keys *keys = ctx;
    int n = snprintf(keys->text + keys->size, sizeof(keys->text) - keys->size, "%s:%s\n", job->kind, job->key);
    if ((size_t)n >= sizeof(keys->text) - keys->size)
        return 1;
    keys->size += (size_t)n;
    return 0;
}

/* A queue that outlives a test is emptied first, also of what a killed test had taken. */
void queue_prepare(struct kit *kit)
{
    struct line *line = &kit->line;
    QUEUE_OK(line, clear);
    for (;;) {
        struct keys *keys = calloc(1, sizeof(*keys));
        QUEUE_OK(line, peek, note_key, keys);
        size_t size = keys->size;
        for (char *key = keys->text, *end; size > 0 && (end = memchr(key, '\n', size)) != NULL; key = end + 1) {
            *end = '\0';
            size -= (size_t)(end + 1 - key);
            char *colon = strchr(key, ':'); /* a kind has none */
            *colon = '\0';
            QUEUE(line, remove, key, colon + 1);
        }
        call_reset(&line->call);
        bool empty = keys->size == 0;
        free(keys);
        if (empty)
            break;
    }
}

void queue_leave_empty(struct kit *kit)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    kit_open(kit);
    queue_prepare(kit);
    QUEUE_OK(&kit->line, counts, &counts);
    expect_number(counts.ready + counts.delayed + counts.in_work, 0);
    kit_close(kit);
}
