/* The readiness probe: whether the shared file reads and writes. */
#ifndef STORAGE_SQLITE_PING_H
#define STORAGE_SQLITE_PING_H

#include "store.h"

int ping_run(void *session, struct hearth_call *call);

#endif
