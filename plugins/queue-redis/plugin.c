/* Descriptor, configuration, and the lives of instances and handles. */
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "queue.h"

#include "support/call.h"
#include "support/config.h"
#include "support/wait.h"

enum { REPLY_SIZE = 65536, MESSAGE_SIZE = 8192, PREFIX_MAX = 64 };

/* Braces would end or move the hash tag that keeps all keys in one slot of a cluster; the rest
 * mean something in patterns of ACLs. */
static bool is_prefix(const char *prefix)
{
    size_t size = strlen(prefix);
    if (size < 1 || size > PREFIX_MAX || strpbrk(prefix, "{}*?[]\\ \"'") != NULL)
        return false;
    for (const char *p = prefix; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

static int redis_open(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_config_value *values, void **ret_self)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL)
        return support_no_memory(call);
    const char *why = redis_url_parse(support_config_text(values, CONFIG_URL), &queue->url),
               *prefix = support_config_text(values, CONFIG_PREFIX);
    int r = 0;
    if (why != NULL)
        r = hearth_fail(
            call, HEARTH_ERR_INVALID,
            "url is not redis://[user[:password]@]host[:port][/db] or unix:/path[?db=n]: %s", why);
    else if (!is_prefix(prefix))
        r = hearth_fail(call, HEARTH_ERR_INVALID,
                        "prefix has 1 to %d characters, without spaces, quotes and any of {}*?[]\\",
                        PREFIX_MAX);
    if (r < 0) {
        free(queue);
        return r;
    }
    queue->host = host;
    snprintf(queue->keys, sizeof(queue->keys), "{%s}:", prefix);
    queue->connect_timeout = support_config_number(values, CONFIG_CONNECT_TIMEOUT);
    queue->command_timeout = support_config_number(values, CONFIG_COMMAND_TIMEOUT);
    queue->max_jobs = support_config_number(values, CONFIG_MAX_JOBS);
    support_backoff_init(&queue->backoff, host, 1);
    *ret_self = queue;
    return 0;
}

static void redis_close(void *self)
{
    struct queue *queue = self;
    if (queue == NULL)
        return;
    support_backoff_fini(&queue->backoff);
    explicit_bzero(queue, sizeof(*queue));
    free(queue);
}

static void redis_handle_close(void *s)
{
    struct handle *handle = s;
    redis_conn_fini(&handle->main);
    redis_conn_fini(&handle->wake);
    redis_conn_fini(&handle->event);
    support_interrupt_fini(&handle->interrupt);
    free(handle);
}

/* Is there a server that lets us in? */
static int ping_greet(struct handle *handle, struct hearth_call *call)
{
    struct args args = {.count = 0};
    redisReply *reply;
    int r = redis_handle_enter(handle, call);
    redis_args_text(&args, "PING");
    if (r == 0)
        r = redis_handle_command(handle, call, &handle->main, READS, &args, REDIS_REPLY_STATUS,
                                 &reply);
    return redis_handle_leave(handle, r);
}

/* Is the queue of use? A replica, a full server, one that cannot save, and one whose keys are
 * somebody else's answer PING, and take no job. The counter of arrivals may skip numbers. */
static int redis_ping(void *s, struct hearth_call *call)
{
    struct handle *handle = s;
    struct args args = {.count = 0};
    redisReply *reply;
    char key[sizeof(handle->queue->keys) + 8];
    snprintf(key, sizeof(key), "%sorder", handle->queue->keys);
    int r = redis_handle_enter(handle, call);
    redis_args_text(&args, "INCR");
    redis_args_text(&args, key);
    if (r == 0)
        r = redis_handle_command(handle, call, &handle->main, READS, &args, REDIS_REPLY_INTEGER,
                                 &reply);
    return redis_handle_leave(handle, r);
}

static int redis_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return support_no_memory(call);
    if (!support_interrupt_init(&handle->interrupt)) {
        free(handle);
        return hearth_fail(
            call, HEARTH_ERR_UNAVAILABLE,
            "no descriptor is left for a handle of the queue; raise the limit of open files");
    }
    handle->queue = self;
    uint64_t id;
    handle->queue->host->random(handle->queue->host, &id, sizeof(id));
    snprintf(handle->id, sizeof(handle->id), "%016llx", (unsigned long long)id);
    bool room = redis_conn_init(&handle->main, REPLY_SIZE);
    room = redis_conn_init(&handle->wake, MESSAGE_SIZE) && room;
    room = redis_conn_init(&handle->event, MESSAGE_SIZE) && room;
    int r = room ? 0 : support_no_memory(call);
    if (r == 0 && !redis_breaker_is_open(self))
        r = ping_greet(handle, call);
    bool late = support_is_late(handle->queue->host, call);
    /* whoever opens the next one, also who had less patience than we have, gets it without a
     * greeting */
    if (r == HEARTH_ERR_TIMEOUT)
        redis_breaker_trip(self);
    if (r == HEARTH_ERR_TIMEOUT && !late)
        r = 0;
    /* a server that is away comes back: whoever uses the handle is told until then */
    if (r == HEARTH_ERR_UNAVAILABLE)
        r = 0;
    if (r < 0) {
        redis_handle_close(handle);
        return r;
    }
    *ret_handle = handle;
    return 0;
}

static void redis_interrupt(void *s)
{
    struct handle *handle = s;
    support_interrupt_raise(&handle->interrupt);
}

static const struct hearth_queue operations = {
    .struct_size = sizeof(operations),
    .open = redis_open,
    .close = redis_close,
    .handle_open = redis_handle_open,
    .handle_close = redis_handle_close,
    .interrupt = redis_interrupt,
    .ping = redis_ping,
    .publish = redis_jobs_publish,
    .reserve = redis_jobs_reserve,
    .extend = redis_jobs_extend,
    .finish = redis_jobs_finish,
    .counts = redis_jobs_counts,
    .peek = redis_jobs_peek,
    .remove = redis_jobs_remove,
    .clear = redis_jobs_clear,
    .event_publish = redis_events_publish,
    .event_wait = redis_events_wait,
};

static const struct hearth_plugin plugin = {
    .struct_size = sizeof(plugin),
    .abi_epoch = HEARTH_ABI_EPOCH,
    .abi_version = HEARTH_ABI_VERSION,
    .kind = HEARTH_QUEUE,
    .name = "redis",
    .version = HEARTH_VERSION,
    .description = "jobs and events in a Redis server, for several processes and machines",
    .config = redis_config_keys,
    .config_count = sizeof(redis_config_keys) / sizeof(redis_config_keys[0]),
    .capabilities = HEARTH_SHARED | HEARTH_ORDERED,
    .operations = &operations,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    return &plugin;
}
