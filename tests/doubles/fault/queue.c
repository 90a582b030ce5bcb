/* queue-fault: every operation of a queue plugin. */
#include "fault.h"
#include "hearth/queue.h"

#define INNER(s) ((const struct hearth_queue *)(s)->fault->table)

#define CALLS(X)                                                                                   \
    X(ping, 0, NULL, (), ())                                                                       \
    X(extend, FAULT_CHANGES, NULL, (const char *receipt, int64_t lease), (receipt, lease))         \
    X(finish, FAULT_CHANGES, NULL, (const char *receipt, int32_t outcome, int64_t delay),          \
      (receipt, outcome, delay))                                                                   \
    X(counts, 0, NULL, (struct hearth_queue_counts * ret_counts), (ret_counts))                    \
    X(remove, FAULT_CHANGES, key, (const char *kind, const char *key), (kind, key))                \
    X(clear, FAULT_CHANGES, NULL, (), ())                                                          \
    X(event_publish, FAULT_CHANGES, channel, (const char *channel, const char *text),              \
      (channel, text))

#define LISTS(X)                                                                                   \
    X(peek, 0, NULL, job, (), ())                                                                  \
    X(event_wait, 0, NULL, event, (int64_t wait), (wait))

static int row_job(void *ctx, const struct hearth_job *job)
{
    struct fault_rows *rows = ctx;
    FAULT_ROW(rows, 0, ((hearth_job_cb)rows->cb)(rows->ctx, job));
}

static int row_event(void *ctx, const char *channel, const char *text)
{
    struct fault_rows *rows = ctx;
    FAULT_ROW(rows, 0, ((hearth_event_cb)rows->cb)(rows->ctx, channel, text));
}

CALLS(FAULT_CALL)
LISTS(FAULT_LIST)

/* The two that change something and answer more than a code: of a lost answer nothing may be
 * seen. */
static int publish(void *handle, struct hearth_call *call, const struct hearth_job *job,
                   int64_t delay, int32_t *ret_result)
{
    struct fault_handle *s = handle;
    struct fault_strike strike;
    int32_t result = 0;
    int r = fault_before(s->fault, s, call, "publish", job->key, &strike);
    if (r == 0)
        r = fault_after(call, INNER(s)->publish(s->inner, call, job, delay, &result), &strike);
    if (r == 0)
        *ret_result = result;
    return r;
}

static int reserve(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                   struct hearth_job *ret_job)
{
    struct fault_handle *s = handle;
    struct fault_strike strike;
    struct hearth_job unseen = {.struct_size = sizeof(unseen)};
    int r = fault_before(s->fault, s, call, "reserve", NULL, &strike);
    if (r < 0)
        return r;
    return fault_after(
        call, INNER(s)->reserve(s->inner, call, wait, lease, strike.lost ? &unseen : ret_job),
        &strike);
}

static struct hearth_queue table = {.struct_size = sizeof(table),
                                    FAULT_LIFE,
                                    CALLS(FAULT_ENTRY) LISTS(FAULT_ENTRY).publish = publish,
                                    .reserve = reserve};

static const struct fault_operation operations[] = {{"open", 0},
                                                    {"handle_open", 0},
                                                    {"publish", FAULT_CHANGES},
                                                    {"reserve", FAULT_CHANGES},
                                                    CALLS(FAULT_CALL_NAME) LISTS(FAULT_LIST_NAME)};

const struct fault_kind fault_kind = {
    .kind = HEARTH_QUEUE,
    .capabilities = "HEARTH_FAULT_QUEUE",
    .table = &table,
    .table_size = sizeof(table),
    .operations = operations,
    .count = sizeof(operations) / sizeof(operations[0]),
};
