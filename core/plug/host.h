/* The table of services that a plugin instance gets. */
#ifndef HEARTH_CORE_PLUG_HOST_H
#define HEARTH_CORE_PLUG_HOST_H

#include "hearth/sync.h"

typedef int (*host_http_fn)(const struct hearth_host *host, struct hearth_call *call,
                            const struct hearth_http_request *request);

/* One for each plugin instance; lives until the plugin was closed. */
struct host {
    struct hearth_host hearth; /* what the plugin sees */
    uint32_t magic;
    char module[64]; /* "storage-sqlite": named in log lines */
    void *http_data; /* for http_fetch; NULL */
    /* sync plugins of a worker: its ear; NULL: nobody listens */
    const struct hearth_host_changes *changes;
    void *changes_data;                    /* for changes->changed() */
    const struct hearth_host_ahead *ahead; /* with http_data; NULL: http_fetch() alone */
};

/* http: NULL for kinds without the HTTP client; it finds http_data by plug_host_of(). */
void plug_host_init(struct host *host, const char *module, host_http_fn http, void *http_data);
struct host *plug_host_of(const struct hearth_host *hearth); /* checked */

#endif
