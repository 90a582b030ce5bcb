/* Between url_canonical.c and the two files that know hosts. */
#ifndef HEARTH_CORE_MODEL_URL_INTERNAL_H
#define HEARTH_CORE_MODEL_URL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Which characters are written as %XX. */
enum url_set {
    URL_SET_CONTROLS = 1,
    URL_SET_FRAGMENT = 2,
    URL_SET_QUERY = 4,
    URL_SET_SPECIAL_QUERY = 8,
    URL_SET_PATH = 16,
    URL_SET_SPECIAL_PATH = 32,
    URL_SET_USER = 64,
};
void model_url_put_escaped(struct buf *out, enum url_set set, const char *text, size_t size);

/* The host between user and port, as the standard writes it, is added. INVALID: it is none. */
int model_url_put_host(struct buf *out, const char *text, size_t size);
/* The same for schemes that the standard does not know. */
int model_url_put_opaque_host(struct buf *out, const char *text, size_t size);

/* Are the last characters of a host those of a number? Then all of it has to be an address. */
bool model_url_is_ipv4(const char *host, size_t size);
int model_url_put_ipv4(struct buf *out, const char *host, size_t size);
int model_url_put_ipv6(struct buf *out, const char *text, size_t size); /* without brackets */

#endif
