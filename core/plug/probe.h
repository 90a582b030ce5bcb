/* Background probes: a thread for each backend that could hang pings it over a handle of its own
 * and tells its breaker; one more thread watches those threads, because a plugin that breaks its
 * promise may not return at all. No request of a person ever waits for a ping. */
#ifndef HEARTH_CORE_PLUG_PROBE_H
#define HEARTH_CORE_PLUG_PROBE_H

#include "hearth/plugin.h"
#include "plug/breaker.h"

struct probes;

/* What is probed. The functions are those of the plugin's table; `self` its opened instance. */
struct probe_backend {
    struct breaker *breaker; /* outlives the probes */
    void *self;
    int (*handle_open)(void *self, struct hearth_call *call, void **ret_handle);
    void (*handle_close)(void *handle);
    void (*interrupt)(void *handle);
    int (*ping)(void *handle, struct hearth_call *call);
    /* After every probe that finds the breaker open, on a thread of the probes and under no lock:
     * whatever runs there should be interrupted. It is repeated, because an interrupt that comes
     * between two calls does nothing. NULL: nothing is done. */
    void (*hangs)(void *ctx, size_t index);
    void *ctx;
    size_t index; /* for hangs() */
};

struct probe_options {
    /* ms between probes of a backend that is used; one that nobody uses is probed a twentieth as
     * often, and at once when somebody does */
    int64_t interval;
    int64_t timeout; /* ms: a ping that takes longer has failed */
};

/* Copies what it is given; the first probes begin at once. */
int plug_probes_start(const struct probe_options *options, const struct probe_backend *backends,
                      size_t count, struct probes **ret_probes, struct err *err);
/* Until every backend was probed once, or twice the time-out has passed. */
void plug_probes_await_first(struct probes *probes);
/* Ends the probes and closes their handles. A ping that does not return even when it is
 * interrupted is left behind after the time-out and two seconds, with its handle: false then,
 * and the plugin must not be closed. Accepts NULL. */
bool plug_probes_stop(struct probes *probes);

#endif
