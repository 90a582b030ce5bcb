/* Sockets that listen already: the service manager has opened them (systemd.socket(5)), and keeps
 * them while this process ends and the next one starts. */
#include "http/internal.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

int http_inherited_copy(struct http_server *server, const struct http_options *options,
                        struct err *err)
{
    if (options->inherited_count > HTTP_LISTENERS_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "at most %d sockets can be taken over",
                       HTTP_LISTENERS_MAX);
    for (size_t i = 0; i < options->inherited_count; i++) {
        struct inherited *to = &server->inherited[i];
        int listens = 0, type = 0;
        socklen_t size = sizeof(listens), type_size = sizeof(type),
                  address_size = sizeof(to->address);
        to->fd = options->inherited[i].fd;
        to->name = arena_strdup(&server->arena, options->inherited[i].name);
        if (to->name == NULL)
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        /* a loop must not wait in accept() */
        int flags = fcntl(to->fd, F_GETFL);
        if (getsockopt(to->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens ||
            getsockopt(to->fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 ||
            type != SOCK_STREAM || flags < 0 || fcntl(to->fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
            getsockname(to->fd, (struct sockaddr *)&to->address, &address_size) != 0)
            return err_set(err, HEARTH_ERR_INVALID,
                           "the socket %s that the service manager gave is none that listens for "
                           "connections: a socket unit has ListenStream= and Accept=no",
                           to->name);
        server->inherited_count++;
    }
    return 0;
}

static bool is_same_address(const struct sockaddr_storage *one, const struct sockaddr_storage *two)
{
    const void *a = one, *b = two;
    if (one->ss_family != two->ss_family)
        return false;
    if (one->ss_family == AF_UNIX)
        return strcmp(((const struct sockaddr_un *)a)->sun_path,
                      ((const struct sockaddr_un *)b)->sun_path) == 0;
    if (one->ss_family == AF_INET6)
        return ((const struct sockaddr_in6 *)a)->sin6_port ==
                   ((const struct sockaddr_in6 *)b)->sin6_port &&
               memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                      &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
    return ((const struct sockaddr_in *)a)->sin_port == ((const struct sockaddr_in *)b)->sin_port &&
           ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

static struct inherited *inherited_find(struct http_server *server, const char *name,
                                        const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < server->inherited_count; i++) {
        struct inherited *socket = &server->inherited[i];
        if (!socket->taken && (name != NULL ? strcmp(socket->name, name) == 0
                                            : is_same_address(&socket->address, address)))
            return socket;
    }
    return NULL;
}

const struct inherited *http_inherited_take(struct http_server *server, const char *name,
                                            const struct sockaddr_storage *address)
{
    struct inherited *found = inherited_find(server, name, NULL);
    if (found == NULL && address != NULL)
        found = inherited_find(server, NULL, address);
    if (found != NULL)
        found->taken = true;
    return found;
}

int http_inherited_check(const struct http_server *server, struct err *err)
{
    for (size_t i = 0; i < server->inherited_count; i++)
        if (!server->inherited[i].taken)
            return err_set(err, HEARTH_ERR_INVALID,
                           "the socket %s of the service manager belongs to no [listen] section: "
                           "give it the name of one (FileDescriptorName=) or its address",
                           server->inherited[i].name);
    return 0;
}
