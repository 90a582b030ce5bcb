#include "plug/host.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/metrics.h"
#include "base/str.h"
#include "plug/call.h"

enum { HOST_MAGIC = 0x40570001 };

struct host *plug_host_of(const struct hearth_host *hearth)
{
    struct host *host;
    MAGIC_CAST(host, hearth->data, HOST_MAGIC);
    return host;
}

static void on_log(const struct hearth_host *hearth, int level, const char *text)
{
    if (level < HEARTH_LOG_ERROR || level > HEARTH_LOG_DEBUG)
        level = HEARTH_LOG_ERROR;
    const struct call *call = plug_call_current();
    log_event((enum hearth_log_level)level, plug_host_of(hearth)->module, "plugin says",
              LOG_TEXT("account", call == NULL ? NULL : call->account), LOG_TEXT("text", text));
}

static bool on_log_wants(const struct hearth_host *hearth, int level)
{
    (void)hearth;
    return level >= HEARTH_LOG_ERROR && level <= HEARTH_LOG_DEBUG &&
           log_wants((enum hearth_log_level)level);
}

static int64_t on_now(const struct hearth_host *hearth)
{
    (void)hearth;
    return clock_now();
}

static int64_t on_monotonic(const struct hearth_host *hearth)
{
    (void)hearth;
    return clock_monotonic();
}

static void on_random(const struct hearth_host *hearth, void *bytes, size_t size)
{
    (void)hearth;
    ASSERT(size <= INT32_MAX && RAND_bytes(bytes, (int)size) == 1);
}

static void *on_alloc(struct hearth_call *call, size_t size)
{
    return arena_alloc(&plug_call_of(call)->arena, size);
}

static bool on_should_stop(struct hearth_call *call)
{
    return plug_call_should_stop(plug_call_of(call));
}

static void on_metric_add(const struct hearth_host *hearth, const char *name, int64_t amount)
{
    metrics_add(METRIC(PLUGIN_EVENTS, plug_host_of(hearth)->module, name), amount);
}

static const void *host_on_extension(const struct hearth_host *hearth, const char *name)
{
    const struct host *host = plug_host_of(hearth);
    return strcmp(name, HEARTH_HOST_CHANGES) == 0 ? (const void *)host->changes
           : strcmp(name, HEARTH_HOST_AHEAD) == 0 ? (const void *)host->ahead
                                                  : NULL;
}

void plug_host_init(struct host *host, const char *module, host_http_fn http, void *http_data)
{
    *host = (struct host){.magic = HOST_MAGIC, .http_data = http_data};
    str_copy(host->module, sizeof(host->module), module);
    host->hearth = (struct hearth_host){
        .struct_size = sizeof(host->hearth),
        .abi_version = HEARTH_ABI_VERSION,
        .data = host,
        .log = on_log,
        .now_ms = on_now,
        .monotonic_ms = on_monotonic,
        .random = on_random,
        .alloc = on_alloc,
        .should_stop = on_should_stop,
        .metric_add = on_metric_add,
        .http_fetch = http,
        .opening = HEARTH_OPEN_MAY_CREATE,
        .log_wants = on_log_wants,
        .extension = host_on_extension,
    };
}
