/* Queue plugins that break one rule each. */
#include "bad.h"

#include <pthread.h>
#include <stdio.h>

#include "hearth/queue.h"

static struct hearth_queue ops;
static const struct hearth_queue *good;

static int publish_copies(void *session, struct hearth_call *call, const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    static int count;
    char key[64];
    struct hearth_job copy = *job;
    if (job->key == NULL || strlen(job->key) > 32)
        return good->publish(session, call, job, delay, ret_result);
    snprintf(key, sizeof(key), "%s-%d", job->key, count++);
    copy.key = key;
    return good->publish(session, call, &copy, delay, ret_result);
}

static int one_kind(void *session, struct hearth_call *call, const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    struct hearth_job copy = *job;
    if (job->kind != NULL && strcmp(job->kind, "move") == 0)
        copy.kind = "sync";
    return good->publish(session, call, &copy, delay, ret_result);
}

static int one_priority(void *session, struct hearth_call *call, const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    struct hearth_job copy = *job;
    copy.priority = HEARTH_SCHEDULED;
    return good->publish(session, call, &copy, delay, ret_result);
}

static int no_delay(void *session, struct hearth_call *call, const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    return good->publish(session, call, job, delay > 0 ? 0 : delay, ret_result);
}

static int endless_lease(void *session, struct hearth_call *call, int64_t wait, int64_t lease, struct hearth_job *ret_job)
{
    (void)lease;
    return good->reserve(session, call, wait, 1000000000, ret_job);
}

static int impatient(void *session, struct hearth_call *call, int64_t wait, int64_t lease, struct hearth_job *ret_job)
{
    (void)wait;
    return good->reserve(session, call, 0, lease, ret_job);
}

static int any_receipt(void *session, struct hearth_call *call, const char *receipt, int32_t outcome, int64_t delay)
{
    int r = good->finish(session, call, receipt, outcome, delay);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

static void deaf(void *session)
{
    (void)session;
}

static int swallow(void *session, struct hearth_call *call, const char *channel, const char *text)
{
    static int count;
    return ++count % 7 == 0 ? 0 : good->event_publish(session, call, channel, text);
}

static int wrong_counts(void *session, struct hearth_call *call, struct hearth_queue_counts *ret_counts)
{
    int r = good->counts(session, call, ret_counts);
    ret_counts->in_work += ret_counts->delayed;
    ret_counts->delayed = 0;
    return r;
}

static int unchecked_memory(void *session, struct hearth_call *call, const char *channel, const char *text)
{
    char *copy = strdup(text);
    int r = strlen(copy) > 4096 ? hearth_fail(call, HEARTH_ERR_INVALID, "too long") : good->event_publish(session, call, channel, copy);
    free(copy);
    return r;
}

static void set_table(void)
{
    good = good_descriptor->operations;
}

#define RULES(X)                                                                                                                           \
    X(dedupe, publish, publish_copies)                                                                                                     \
    X(kind, publish, one_kind)                                                                                                             \
    X(priority, publish, one_priority)                                                                                                     \
    X(delay, publish, no_delay)                                                                                                            \
    X(lease, reserve, endless_lease)                                                                                                       \
    X(wait, reserve, impatient)                                                                                                            \
    X(receipt, finish, any_receipt)                                                                                                        \
    X(deaf, interrupt, deaf)                                                                                                               \
    X(swallow, event_publish, swallow)                                                                                                     \
    X(counts, counts, wrong_counts)                                                                                                        \
    X(memory, event_publish, unchecked_memory)

#define X(rule, operation, function)                                                                                                       \
    static void apply_##rule(void *table)                                                                                                  \
    {                                                                                                                                      \
        set_table();                                                                                                                       \
        ((struct hearth_queue *)table)->operation = function;                                                                              \
    }
RULES(X)
#undef X

/* The rules that are broken while loading. */
static void apply_capability(void *table)
{
    (void)table;
    bad_descriptor.capabilities |= 1 << 20;
}

static void apply_twolines(void *table)
{
    (void)table;
    bad_descriptor.description = "two\nlines";
}

static void *idle(void *arg)
{
    for (;;)
        pthread_testcancel();
    return arg;
}

static void apply_thread(void *table)
{
    pthread_t thread;
    (void)table;
    if (pthread_create(&thread, NULL, idle, NULL) != 0)
        abort();
}

static void apply_crash(void *table)
{
    (void)table;
    abort();
}

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, operation, function) {#rule, apply_##rule},
        RULES(X)
#undef X
            {"capability", apply_capability},
        {"twolines", apply_twolines},
        {"thread", apply_thread},
        {"crash", apply_crash},
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
