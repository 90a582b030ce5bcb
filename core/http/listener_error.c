#include "http/internal.h"

#include <errno.h>

int http_listener_explain(const struct http_listener *listener, const char *address, int number,
                          struct err *err)
{
    if (number == EADDRINUSE)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "[listen %s]: cannot listen on %s: Address already in use, by another "
                       "[listen] section, another hearthd, a socket unit or another "
                       "program; end it or choose another address",
                       listener->name, address);
    return err_errno(err, number, "[listen %s]: cannot listen on %s", listener->name, address);
}
