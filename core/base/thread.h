/* Starting threads, and joining those that may have to be interrupted. */
#ifndef HEARTH_CORE_BASE_THREAD_H
#define HEARTH_CORE_BASE_THREAD_H

#include <pthread.h>

struct err;

/* What pthread_create() said, in words; `what`: "the search thread". Returns the code. */
int thread_failed(struct err *err, int error, const char *what);

/* Returns when the thread has ended and was joined. An interrupt that comes between two calls of
 * a thread does nothing, so interrupt(ctx) is called again and again until then, the first time
 * after a moment. */
void thread_join(pthread_t thread, void (*interrupt)(void *ctx), void *ctx);

#endif
