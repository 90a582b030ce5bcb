/* Addresses of servers: what Hawk signs, and which are allowed. */
#ifndef HEARTH_PLUGINS_SYNC_FX_URL_H
#define HEARTH_PLUGINS_SYNC_FX_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FX_URL_MAX = 512 }; /* bytes of a server's address with NUL */

struct fx_url {
    char host[256]; /* lower case; IPv6 in brackets */
    uint16_t port;  /* never 0 */
    bool https;
    const char *path; /* in the text that was parsed; "" or from the first '/' */
};

/* Absolute http or https URL of visible ASCII, without user, fragment, quotes and backslashes.
 * INVALID. */
int fx_url_parse(const char *url, struct fx_url *ret_url);

/* https, or http to this machine, or http where plain http was allowed. */
bool fx_url_is_allowed(const struct fx_url *url, bool insecure_http);
/* Likewise for what the server at `by` says: plain http to this machine only when that server is
 * on it. */
bool fx_url_may_be_named(const struct fx_url *url, const char *by, bool insecure_http);

/* Checks and copies the address of a server: without query and trailing slashes. `suffix` (or
 * NULL) is appended unless the path ends with it already. INVALID; FULL: too long. */
int fx_url_base(const char *url, const char *suffix, char ret_url[FX_URL_MAX]);

#endif
