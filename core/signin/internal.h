#ifndef HEARTH_CORE_SIGNIN_INTERNAL_H
#define HEARTH_CORE_SIGNIN_INTERNAL_H

#include <pthread.h>

#include "signin/signin.h"

struct signin {
    struct signin_options options;
    pthread_mutex_t finishing; /* one account is made at a time, so that there is one first person. Held over storage calls */
};

/* The worker's session with a provider. */
int signin_session(struct signin_worker *worker, size_t provider, void **ret_session, struct err *err);

#endif
