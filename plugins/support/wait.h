/* How long a call may wait, and what ends the wait: a descriptor, a condition, the time, the call's
 * deadline, an interrupt from another thread. */
#ifndef SUPPORT_WAIT_H
#define SUPPORT_WAIT_H

#include <pthread.h>

#include "hearth/plugin.h"

/* Tells the thread that works in a handle to stop. One for each handle. */
struct support_interrupt {
    pthread_mutex_t lock;
    int fd;       /* eventfd: readable while `raised` */
    bool running; /* under lock: a call runs */
    bool raised;  /* under lock */
};

bool support_interrupt_init(struct support_interrupt *interrupt); /* false: no descriptor; errno */
void support_interrupt_fini(struct support_interrupt *interrupt);
void support_interrupt_enter(struct support_interrupt *interrupt);
void support_interrupt_leave(struct support_interrupt *interrupt);
/* From any thread; nothing happens when no call runs. */
void support_interrupt_raise(struct support_interrupt *interrupt);
bool support_interrupt_is_raised(struct support_interrupt *interrupt);

struct support_wait_limit {
    const struct hearth_host *host;
    struct hearth_call *call;
    struct support_interrupt *interrupt;
    int64_t until; /* monotonic ms */
    /* ms that an exchange under way still gets after an interrupt; 0: it ends at once */
    int64_t grace;
    /* ms after which host->should_stop() is asked again; 0: an interrupt will tell */
    int64_t look;
    bool cancelled; /* an interrupt or a stop was seen; `until` was shortened to the grace */
};

struct support_wait_limit support_wait_limit_for(const struct hearth_host *host,
                                                 struct hearth_call *call,
                                                 struct support_interrupt *interrupt, int64_t wait,
                                                 int64_t grace);

enum support_waited {
    SUPPORT_READY,
    SUPPORT_OVER,      /* the time, or the call's deadline */
    SUPPORT_CANCELLED, /* an interrupt or a stop, and the grace */
    SUPPORT_FAILED,    /* poll() did; errno */
};

/* Until the descriptor has one of `events` (poll.h); -1: none is waited for. */
enum support_waited support_wait_fd(struct support_wait_limit *limit, int fd, short events);

/* A condition on the monotonic clock. 0, or an errno. */
int support_cond_init(pthread_cond_t *cond);
/* Waits, the lock held, until the condition is signalled or the monotonic clock shows `until`
 * ms. */
void support_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until);

#endif
