/* How long a call may wait, and what ends the wait: a socket, the time, the call's deadline, an interrupt from another thread. */
#ifndef QUEUE_REDIS_PATIENCE_H
#define QUEUE_REDIS_PATIENCE_H

#include <pthread.h>
#include "hearth/plugin.h"

/* Tells the thread that works in a session to stop. One for each session. */
struct interrupt {
    pthread_mutex_t lock;
    int fd;       /* eventfd: readable while `raised` */
    bool running; /* under lock: a call runs */
    bool raised;  /* under lock */
};

bool interrupt_init(struct interrupt *interrupt);
void interrupt_fini(struct interrupt *interrupt);
void interrupt_enter(struct interrupt *interrupt);
void interrupt_leave(struct interrupt *interrupt);
void interrupt_raise(struct interrupt *interrupt); /* any thread; nothing happens when no call runs */

bool interrupt_is_raised(struct interrupt *interrupt);

struct patience {
    const struct hearth_host *host;
    struct hearth_call *call;
    struct interrupt *interrupt;
    int64_t until;  /* monotonic ms */
    int64_t grace;  /* ms that an exchange under way still gets after an interrupt; 0: it ends at once */
    bool cancelled; /* an interrupt or a stop was seen; `until` was shortened to the grace */
};

struct patience patience_for(const struct hearth_host *host, struct hearth_call *call, struct interrupt *interrupt, int64_t wait,
                             int64_t grace);

enum patience_result { PATIENCE_READY, PATIENCE_OVER, PATIENCE_CANCELLED };

/* Until the descriptor has one of `events` (poll.h); -1: none is waited for. */
enum patience_result patience_wait(struct patience *patience, int fd, short events);

#endif
