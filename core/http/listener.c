/* Addresses: parsing, binding, accepting. TCP listeners have one socket for each loop
 * (SO_REUSEPORT); one that the service manager has opened is shared by the loops; a unix socket
 * belongs to the first loop. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"

enum { ACCEPTS_A_TURN = 32, USER_TIMEOUT = 60000, OPERATORS_ROOM = 32 /* connections */ };

/* "host:port" or "[v6]:port"; a name is looked up. */
static int listener_resolve(const struct listener *listener, struct sockaddr_storage *ret,
                            socklen_t *ret_size, struct err *err)
{
    char host[256];
    const char *text = listener->options.address, *colon = strrchr(text, ':');
    size_t n = colon == NULL ? 0 : (size_t)(colon - text);
    if (colon == NULL || n >= sizeof(host) || colon[1] == '\0')
        return err_set(err, HEARTH_ERR_INVALID,
                       "[listen %s]: address %s must be host:port, [ipv6]:port or unix:/path",
                       listener->options.name, text);
    memcpy(host, text, n);
    host[n] = '\0';
    char *name = host;
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        name = host + 1;
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM},
                    *found;
    int r = getaddrinfo(name[0] == '\0' ? NULL : name, colon + 1, &hints, &found);
    if (r != 0)
        return err_set(err, HEARTH_ERR_INVALID, "[listen %s]: address %s: %s",
                       listener->options.name, text, gai_strerror(r));
    memcpy(ret, found->ai_addr, found->ai_addrlen);
    *ret_size = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* The first socket of an address finds out whether anybody listens there: it begins to listen
 * without SO_REUSEPORT, at which the kernel refuses whoever has it, whoever that is. Only then
 * may it be shared, with those of the other loops. In this order two daemons that start at the
 * same moment cannot both get it. */
static int listener_bind_tcp(const struct sockaddr_storage *address, socklen_t size, bool first)
{
    int one = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    /* connections of the daemon before may still be ending */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if ((first || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0) &&
        bind(fd, (const struct sockaddr *)address, size) == 0 && listen(fd, LISTEN_BACKLOG) == 0 &&
        (!first || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0))
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static void listener_describe(struct listener *listener, const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    const char *scheme = listener->tls ? "https" : "http";
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        snprintf(listener->url, sizeof(listener->url), "%s://[%s]:%d", scheme, host,
                 ntohs(six->sin6_port));
    } else {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        snprintf(listener->url, sizeof(listener->url), "%s://%s:%d", scheme, host,
                 ntohs(four->sin_port));
    }
}

/* The loops share it. */
static int listener_share(struct http_server *server, size_t i, const struct inherited *inherited,
                          struct err *err)
{
    struct listener *listener = &server->listeners[i];
    const struct sockaddr_storage *address = &inherited->address;
    listener->is_unix = address->ss_family == AF_UNIX;
    server->loops[0].fds[i] = inherited->fd;
    for (int k = 1; !listener->is_unix && k < server->loop_count; k++) {
        server->loops[k].fds[i] = fcntl(inherited->fd, F_DUPFD_CLOEXEC, 0);
        if (server->loops[k].fds[i] < 0)
            return http_listener_explain(&listener->options, inherited->name, errno, err);
    }
    if (listener->is_unix)
        snprintf(listener->url, sizeof(listener->url), "http+unix:%.200s",
                 ((const struct sockaddr_un *)(const void *)address)->sun_path);
    else
        listener_describe(listener, address);
    return 0;
}

/* The first loop's socket decides the port, if 0 was asked for; the other loops bind the same. */
static int listener_bind_one(struct http_server *server, size_t i, struct err *err)
{
    struct listener *listener = &server->listeners[i];
    struct sockaddr_storage address = {0};
    socklen_t size;
    int r = listener->is_unix
                ? http_listener_unix_address(&listener->options, (void *)&address, err)
                : listener_resolve(listener, &address, &size, err);
    const struct inherited *inherited =
        http_inherited_take(server, listener->options.name, r == 0 ? &address : NULL);
    if (inherited != NULL)
        return listener_share(server, i, inherited, err);
    if (r == 0 && listener->is_unix)
        return http_listener_bind_unix(listener, &server->loops[0].fds[i], err);
    for (int k = 0; r == 0 && k < server->loop_count; k++) {
        int fd = server->loops[k].fds[i] = listener_bind_tcp(&address, size, k == 0);
        if (fd < 0)
            return http_listener_explain(&listener->options, listener->options.address, errno, err);
        if (k == 0)
            getsockname(fd, (struct sockaddr *)&address, &size);
    }
    if (r == 0)
        listener_describe(listener, &address);
    return r;
}

int http_listener_bind(struct http_server *server, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < server->listener_count; i++)
        r = listener_bind_one(server, i, err);
    return r == 0 ? http_inherited_check(server, err) : r;
}

static void listener_refuse(struct loop *loop, h2o_socket_t *sock)
{
    metrics_add(loop->server->refused, 1);
    h2o_socket_close(sock);
}

static void listener_take(struct loop *loop, h2o_socket_t *sock, size_t i)
{
    struct http_server *server = loop->server;
    struct sockaddr_storage peer = {0};
    struct address_count *count = NULL;
    bool refused = false;
    int fd = h2o_socket_get_fd(sock);
    if (!server->listeners[i].is_unix) {
        int one = 1;
        unsigned timeout = USER_TIMEOUT;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
        if (h2o_socket_getpeername(sock, (struct sockaddr *)&peer) != 0)
            count = http_address_take(server, (struct sockaddr *)&peer, &refused);
    }
    struct conn *conn = refused ? NULL : http_conn_create(loop, sock, count, http_listener_resume);
    if (conn == NULL) {
        http_address_give(server, count);
        listener_refuse(loop, sock);
        return;
    }
    conn->listener = i;
    h2o_accept(&loop->accept[i], sock);
}

/* However many people come, the command line and who reads metrics find a place. */
static bool listener_has_place(struct http_server *server, size_t i)
{
    bool people = server->listeners[i].options.audience == HTTP_PEOPLE;
    return atomic_load(&server->conn_total) <
           server->limits.max_connections + (people ? 0 : OPERATORS_ROOM);
}

static void listener_on_accept(h2o_socket_t *listener, const char *error)
{
    if (error != NULL)
        return;
    struct loop *loop = listener->data;
    struct http_server *server = loop->server;
    size_t i = 0;
    while (loop->listeners[i] != listener)
        i++;
    for (int n = 0; n < ACCEPTS_A_TURN; n++) {
        if (!listener_has_place(server, i)) {
            /* what waits in the kernel is served when others have gone */
            h2o_socket_read_stop(listener);
            loop->paused = true;
            return;
        }
        h2o_socket_t *sock = h2o_evloop_socket_accept(listener);
        if (sock == NULL)
            return;
        listener_take(loop, sock, i);
    }
}

void http_listener_resume(struct loop *loop)
{
    if (!loop->paused || loop->stopping)
        return;
    loop->paused = false;
    for (size_t i = 0; i < loop->server->listener_count; i++) {
        h2o_socket_t *listener = loop->listeners[i];
        if (listener == NULL || h2o_socket_is_reading(listener))
            continue;
        if (listener_has_place(loop->server, i))
            h2o_socket_read_start(listener, listener_on_accept);
        else
            loop->paused = true;
    }
}

int http_listener_open(struct loop *loop)
{
    for (size_t i = 0; i < loop->server->listener_count; i++) {
        if (loop->fds[i] < 0)
            continue;
        loop->listeners[i] =
            h2o_evloop_socket_create(loop->h2o, loop->fds[i], H2O_SOCKET_FLAG_DONT_READ);
        loop->fds[i] = -1;
        loop->listeners[i]->data = loop;
        h2o_socket_read_start(loop->listeners[i], listener_on_accept);
    }
    return 0;
}

void http_listener_close(struct loop *loop)
{
    for (size_t i = 0; i < loop->server->listener_count; i++) {
        if (loop->listeners[i] == NULL)
            continue;
        http_listener_unlink_unix(&loop->server->listeners[i]); /* a unix socket has one loop */
        h2o_socket_read_stop(loop->listeners[i]);
        h2o_socket_close(loop->listeners[i]);
        loop->listeners[i] = NULL;
    }
}

int http_try_address(const struct http_listener *options, int *ret_fd, struct err *err)
{
    struct listener listener = {.options = *options};
    struct sockaddr_storage address = {0};
    socklen_t size;
    *ret_fd = -1;
    if (strncmp(options->address, "unix:", 5) == 0)
        return http_listener_try_unix(options, err);
    int r = listener_resolve(&listener, &address, &size, err);
    if (r < 0)
        return r;
    *ret_fd = listener_bind_tcp(&address, size, true); /* as the first socket of the server */
    return *ret_fd < 0 ? http_listener_explain(options, options->address, errno, err) : 0;
}
