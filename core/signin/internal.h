#ifndef HEARTH_CORE_SIGNIN_INTERNAL_H
#define HEARTH_CORE_SIGNIN_INTERNAL_H

#include <pthread.h>

#include "signin/gate.h"
#include "signin/signin.h"

struct signin {
    struct signin_options options;
    struct gate gates[SIGNIN_PROVIDERS_MAX]; /* to the provider of that number */
    pthread_mutex_t lock;                    /* a leaf; guards what follows */
    bool first_comes;                        /* somebody is becoming the first person of a new server */
    struct finishing *finishing;             /* whose sign-ins are being finished */
};

/* The worker's session with a provider. */
int signin_session(struct signin_worker *worker, size_t provider, void **ret_session, struct err *err);

#endif
