/* By which address people reach this server. */
#ifndef HEARTH_CORE_MAIN_ADDRESS_H
#define HEARTH_CORE_MAIN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct app;

enum { ADDRESS_SIZE = 1024 };

struct address {
    char text[ADDRESS_SIZE]; /* "https://home.example.org", without a slash at the end */
    bool guessed;            /* nobody said it, and it may be good on this machine alone */
};

/* url: what is configured for it ([web] base_url, the url of a node); "" or NULL: nobody said.
 * Then it is what the daemon of this state directory listens on, or will by its configuration.
 * INVALID: there is no such address; UNAVAILABLE: nobody knows its port yet. */
int main_address_find(const struct app *app, const char *url, struct address *ret_address,
                      struct err *err);
/* The same in the daemon itself. listens: what http_address() says of the first listener that
 * serves people; NULL: there is none for browsers. */
int main_address_of_listener(const char *listens, struct address *ret_address, struct err *err);
/* For standard error, where an address was guessed. */
#define ADDRESS_ADVICE                                                                             \
    "set [web] base_url to the address that people use; this one may be good on this machine "     \
    "alone"

#endif
