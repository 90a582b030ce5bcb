/* What the daemon knows of its backends: probes for every storage and for the queue, what
 * happens when one hangs, and /readyz. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "main/backup_note.h"
#include "main/serve.h"
#include "main/version.h"

static void interrupt_node_of_web(void *worker, void *ctx)
{
    nodes_storages_interrupt_node(worker, *(size_t *)ctx);
}

static void interrupt_node_of_signin(void *worker, void *ctx)
{
    nodes_storages_interrupt_node(&((struct pages_worker *)worker)->storages, *(size_t *)ctx);
}

/* On a thread of the probes. Whoever waits for that database is sent away, so that nobody of
 * another one waits behind them. */
static void storage_hangs(void *ctx, size_t node)
{
    struct daemon *d = ctx;
    pool_each_running(d->pool, interrupt_node_of_web, &node);
    if (d->export_pool != NULL)
        pool_each_running(d->export_pool, interrupt_node_of_web, &node);
    if (d->signin_pool != NULL)
        pool_each_running(d->signin_pool, interrupt_node_of_signin, &node);
    push_interrupt_node(d->push, node);
    jobs_interrupt_node(d->jobs, node);
}

static void queue_hangs(void *ctx, size_t index)
{
    (void)index;
    jobs_interrupt_queue(((struct daemon *)ctx)->jobs);
}

/* One stat() of a local file, whenever somebody reads /metrics. */
static void refresh_backup(void *ctx)
{
    struct daemon *d = ctx;
    metrics_set(METRIC(BACKUP), main_backup_noted(d->app.state_dir));
}

void main_serve_measure(struct daemon *d)
{
    metrics_start(d->roles, HEARTH_VERSION);
    metrics_refresh_with(refresh_backup, d);
}

/* "storage-sqlite" */
static const char *plugin_name(const struct plug *plug, char ret_name[96])
{
    const struct hearth_plugin *plugin = plug_descriptor(plug);
    snprintf(ret_name, 96, "%s-%s", plug_kind_name(plugin->kind), plugin->name);
    return ret_name;
}

void main_serve_measure_backends(struct daemon *d)
{
    char name[96];
    for (size_t i = 0; i < d->app.nodes.count; i++) {
        struct node *node = &d->app.nodes.items[i];
        plug_breaker_measure(&node->breaker, "storage", node->name,
                             plugin_name(node->storage, name));
    }
    plug_breaker_measure(&d->queue_breaker, "queue", "", plugin_name(d->app.queue, name));
}

int main_serve_start_probes(struct daemon *d, struct err *err)
{
    struct nodes *nodes = &d->app.nodes;
    const struct conf_section *hearth = conf_section(d->app.conf, "hearth", 0);
    struct probe_options options = {.interval = conf_number(hearth, "probe_interval"),
                                    .timeout = conf_number(hearth, "probe_timeout")};
    struct probe_backend *backends = calloc(nodes->count + 1, sizeof(*backends));
    if (backends == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < nodes->count; i++) {
        const struct hearth_storage *ops = nodes_node_ops(&nodes->items[i]);
        backends[i] = (struct probe_backend){.breaker = &nodes->items[i].breaker,
                                             .self = plug_self(nodes->items[i].storage),
                                             .handle_open = ops->handle_open,
                                             .handle_close = ops->handle_close,
                                             .interrupt = ops->interrupt,
                                             .ping = ops->ping,
                                             .hangs = storage_hangs,
                                             .ctx = d,
                                             .index = i};
    }
    const struct hearth_queue *queue = plug_ops(d->app.queue);
    backends[nodes->count] = (struct probe_backend){.breaker = &d->queue_breaker,
                                                    .self = plug_self(d->app.queue),
                                                    .handle_open = queue->handle_open,
                                                    .handle_close = queue->handle_close,
                                                    .interrupt = queue->interrupt,
                                                    .ping = queue->ping,
                                                    .hangs = queue_hangs,
                                                    .ctx = d};
    int r = plug_probes_start(&options, backends, nodes->count + 1, &d->probes, err);
    if (r == 0)
        plug_probes_await_first(d->probes);
    free(backends);
    return r;
}

/* "" when it can be used in full; else what is the matter, in a sentence that begins with
 * `what`. For strangers' eyes: /readyz is public. */
static bool describe_health(struct breaker *breaker, const char *what, struct buf *out)
{
    struct breaker_view view;
    plug_breaker_allows(breaker, NULL); /* who asks whether it is well wants it looked at */
    plug_breaker_look(breaker, &view);
    const char *gap = out->size > 0 ? " " : "";
    if (view.state == BREAKER_OPEN)
        buf_printf(out, "%s%s does not answer (%s).", gap, what, err_text(view.code));
    else if (view.code != 0)
        buf_printf(out, "%s%s cannot be written (%s).", gap, what, err_text(view.code));
    else if (view.good == 0)
        buf_printf(out, "%s%s has not answered yet.", gap, what);
    else
        return true;
    return false;
}

/* People of a node need its database, to read and to write; without the queue their home is a
 * little late. Workers and schedulers need the queue, serve all nodes, and are of use while one
 * database answers. */
void main_serve_readiness(void *ctx, struct buf *reasons, struct buf *queue)
{
    struct daemon *d = ctx;
    struct nodes *nodes = &d->app.nodes;
    bool is_web = (d->roles & ROLE_WEB) != 0, any = false;
    if (is_web) {
        describe_health(&nodes->items[nodes->own].breaker, "The storage", reasons);
    } else {
        struct buf all = {0};
        for (size_t i = 0; i < nodes->count; i++)
            any |= describe_health(&nodes->items[i].breaker, "The storage", &all);
        buf_fini(&all);
        if (!any)
            describe_health(&nodes->items[nodes->own].breaker, "The storage", reasons);
    }
    describe_health(&d->queue_breaker, "The queue", is_web ? queue : reasons);
}
