/* Attempts to connect, of all handles together: after failures nobody tries for a pause that grows,
 * and everybody is told why. */
#ifndef SUPPORT_BACKOFF_H
#define SUPPORT_BACKOFF_H

#include <pthread.h>

#include "hearth/plugin.h"

struct support_backoff {
    pthread_mutex_t lock; /* a leaf */
    const struct hearth_host *host;
    int at_once;   /* failures after which the next attempt needs no pause */
    int failures;  /* in a row */
    int64_t next;  /* monotonic ms of the next attempt */
    char why[512]; /* the last of them */
};

void support_backoff_init(struct support_backoff *backoff, const struct hearth_host *host,
                          int at_once);
void support_backoff_fini(struct support_backoff *backoff);
/* 0; or UNAVAILABLE while a pause lasts, with the reason of the last failure and when to come
 * back. */
int support_backoff_pass(struct support_backoff *backoff, struct hearth_call *call);
/* How an attempt ended. why: in words for a person; NULL: it succeeded. */
void support_backoff_report(struct support_backoff *backoff, const char *why);

#endif
