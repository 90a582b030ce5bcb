/* Where the server is: the hosts of dsn with their addresses, as libpq wants them, so that libpq
 * looks up no name: that wait has no end that anybody could set. */
#ifndef STORAGE_PG_RESOLVE_H
#define STORAGE_PG_RESOLVE_H

#include "database.h"

/* Lists with a comma between the entries, in the order in which they are tried. */
struct resolved_hosts {
    int count; /* 0: dsn names no host, or addresses already; libpq needs no help */
    char hosts[2048], addresses[2048], ports[512];
};

/* Within the call's deadline. 0; UNAVAILABLE when no name is known, CANCELLED, TIMEOUT, NOMEM. */
int pg_hosts_resolve(struct handle *handle, struct resolved_hosts *ret_hosts);

#endif
