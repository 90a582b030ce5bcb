/* URLs as Firefox writes them: what a record, a person or another program says becomes the text by
 * which pages are told apart. */
#ifndef HEARTH_CORE_MODEL_URL_CANONICAL_H
#define HEARTH_CORE_MODEL_URL_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
    MODEL_URL_MAX = 65536,   /* bytes, before and after */
    MODEL_URL_DROP_USER = 1, /* user name and password go */
};

/* By the URL standard of the WHATWG, as far as Firefox keeps to it: blanks at the ends, tabs and
 * line ends go; the scheme is in lower case; of http, https, ftp, ws, wss and file also the host
 * (lower case, Punycode, addresses in their one form), port, path with its dots, query and fragment
 * are in their one form. What comes out, given again, comes out as it is.
 *
 * ret_url is emptied first and is NUL-terminated afterwards, at most MODEL_URL_MAX bytes; while it
 * is made at most three times what was given. INVALID: Firefox would not take it for a URL; FULL:
 * it was or would be longer than MODEL_URL_MAX, what Firefox stores; NOMEM. ret_url is empty then.
 * Time is linear in the size. Any thread. */
int model_url_canonical(const char *text, size_t size, unsigned how, struct buf *ret_url);

/* A host alone, as a person writes it, in the form that pages have: "BÜCHER.example" is
 * xn--bcher-kva.example. False: it is none, or `size` is too small. */
bool model_url_canonical_host(const char *host, char *ret_host, size_t size);

#endif
