/* The host's side of hearth_call: arena, error text, deadline and the stop flag of one call into
 * a plugin. */
#ifndef HEARTH_CORE_PLUG_CALL_H
#define HEARTH_CORE_PLUG_CALL_H

#include <stdatomic.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/lock.h"
#include "plug/breaker.h"

/* On the stack of the thread that calls; pass &call.hearth to plugins. Results of operations
 * live until plug_call_reset() or plug_call_fini(). */
struct call {
    struct hearth_call hearth;
    uint32_t magic;
    struct arena arena;
    char error[sizeof(((struct err *)0)->text)];
    const char *account; /* named in log lines of plugins; NULL */
    /* what failed last is an outage that is told once for all: becomes err.told */
    bool told;
    /* of the thread, while this one is inside a plugin; see plug_call_current() */
    struct call *outer;
    const atomic_bool *stop; /* polled by should_stop; NULL: never */
    /* the same: who waits for a backend that hangs stops; NULL: never */
    const struct breaker *breaker;
};

/* timeout: ms from now until the deadline; 0: none. arena_limit: bytes, 0: none. */
void plug_call_init(struct call *call, const atomic_bool *stop, int64_t timeout,
                    size_t arena_limit);
void plug_call_fini(struct call *call);
/* forgets results and error; deadline and stop flag stay */
void plug_call_reset(struct call *call);
/* plug_call_check(call, ops->operation(…), err): the border to a plugin. Calls it, which no
 * thread may do with a lock held (base/lock.h), and turns its outcome into the core's error:
 * returns the code; when negative, `err` (may be NULL) gets text and retry_after. */
#define plug_call_check(call, operation, err)                                                      \
    (lock_border("a plugin is called: " #operation), plug_call_enter(call),                        \
     plug_call_outcome((call), (operation), (err)))
void plug_call_enter(struct call *call);
int plug_call_outcome(struct call *call, int code, struct err *err);
/* in which this thread is, by plug_call_check(); NULL */
const struct call *plug_call_current(void);
struct call *plug_call_of(struct hearth_call *hearth); /* checked */
bool plug_call_should_stop(struct call *call);

#endif
