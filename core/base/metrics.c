#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/lock.h"

enum { METRICS_MAX = 512 };

struct metric {
    char name[64], help[160];
    enum metric_kind kind;
    atomic_llong value;
};

static struct metric metrics[METRICS_MAX];
static atomic_size_t count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf: taken to add a metric */

static struct metric *metrics_find(const char *name)
{
    size_t n = atomic_load_explicit(&count, memory_order_acquire);
    for (size_t i = 0; i < n; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

struct metric *metrics_register(enum metric_kind kind, const char *name, const char *help)
{
    struct metric *m = metrics_find(name);
    if (m != NULL)
        return m;
    lock_take(&lock);
    m = metrics_find(name);
    size_t n = atomic_load(&count);
    if (m == NULL && n < METRICS_MAX) {
        m = &metrics[n];
        snprintf(m->name, sizeof(m->name), "%s", name);
        snprintf(m->help, sizeof(m->help), "%s", help == NULL ? "" : help);
        m->kind = kind;
        atomic_store_explicit(&count, n + 1, memory_order_release);
    }
    lock_release(&lock);
    return m;
}

void metrics_add(struct metric *metric, int64_t amount)
{
    if (metric != NULL)
        atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

int64_t metrics_value(const struct metric *metric)
{
    return metric == NULL ? 0 : atomic_load_explicit(&metric->value, memory_order_relaxed);
}

void metrics_write(struct buf *ret_text)
{
    size_t n = atomic_load_explicit(&count, memory_order_acquire);
    for (size_t i = 0; i < n; i++) {
        const struct metric *m = &metrics[i];
        if (m->help[0] != '\0')
            buf_printf(ret_text, "# HELP hearth_%s %s\n", m->name, m->help);
        buf_printf(ret_text, "# TYPE hearth_%s %s\n", m->name,
                   m->kind == METRIC_COUNTER ? "counter" : "gauge");
        buf_printf(ret_text, "hearth_%s %lld\n", m->name, (long long)metrics_value(m));
    }
}
