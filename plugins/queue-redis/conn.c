#include "conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "reply.h"
#include "support/lookup.h"
#include "support/wait.h"

enum { READ_SIZE = 16384 };

bool redis_conn_init(struct conn *conn, size_t reply_size)
{
    *conn = (struct conn){.fd = -1, .room = malloc(reply_size), .room_size = reply_size};
    return conn->room != NULL;
}

void redis_conn_fini(struct conn *conn)
{
    if (conn->room == NULL)
        return;
    redis_conn_close(conn);
    free(conn->room);
}

void redis_conn_close(struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    if (conn->reader != NULL)
        redisReaderFree(conn->reader);
    conn->reader = NULL;
}

static enum conn_result conn_fail(struct conn *conn, enum conn_result result)
{
    int saved = errno;
    redis_conn_close(conn);
    errno = saved;
    return result;
}

static enum conn_result of_patience(enum support_waited result)
{
    return result == SUPPORT_READY       ? CONN_OK
           : result == SUPPORT_CANCELLED ? CONN_CANCELLED
                                         : CONN_TIMEOUT;
}

static enum conn_result connect_to(struct conn *conn, const struct sockaddr *address,
                                   socklen_t size, struct support_wait_limit *limit)
{
    conn->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (conn->fd < 0)
        return CONN_BROKEN;
    if (connect(conn->fd, address, size) == 0)
        return CONN_OK;
    if (errno != EINPROGRESS)
        return conn_fail(conn, CONN_BROKEN);
    enum conn_result r = of_patience(support_wait_fd(limit, conn->fd, POLLOUT));
    int error = 0;
    socklen_t error_size = sizeof(error);
    if (r == CONN_OK &&
        (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0 || error != 0)) {
        errno = error;
        r = CONN_BROKEN;
    }
    return r == CONN_OK ? CONN_OK : conn_fail(conn, r);
}

static enum conn_result connect_unix(struct conn *conn, const char *path,
                                     struct support_wait_limit *limit)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
    return connect_to(conn, (struct sockaddr *)&address, sizeof(address), limit);
}

/* A peer that vanished without a word is noticed within half a minute. */
static void set_tcp_options(int fd)
{
    int on = 1, idle = 15, interval = 5, count = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

/* A name server that does not answer is waited for like any other. */
static enum conn_result look_up(const struct redis_url *url, struct support_wait_limit *limit,
                                struct addrinfo **ret_list, const char **ret_why)
{
    char port[8];
    snprintf(port, sizeof(port), "%d", url->port);
    struct support_lookup *lookup = support_lookup_start(url->host, port);
    if (lookup == NULL) {
        *ret_why = "the name server does not answer";
        return errno == EAGAIN ? CONN_BROKEN : CONN_NOMEM;
    }
    enum conn_result r = of_patience(support_wait_fd(limit, support_lookup_fd(lookup), POLLIN));
    int e = r == CONN_OK ? support_lookup_take(lookup, ret_list) : 0;
    support_lookup_drop(lookup);
    if (e != 0) {
        *ret_why = gai_strerror(e);
        return e == EAI_MEMORY ? CONN_NOMEM : CONN_BROKEN;
    }
    return r;
}

static enum conn_result connect_tcp(struct conn *conn, const struct redis_url *url,
                                    struct support_wait_limit *limit, const char **ret_why)
{
    struct addrinfo *found = NULL;
    enum conn_result r = look_up(url, limit, &found, ret_why);
    if (r != CONN_OK)
        return r;
    r = CONN_BROKEN;
    for (struct addrinfo *a = found; a != NULL && r == CONN_BROKEN; a = a->ai_next)
        r = connect_to(conn, a->ai_addr, a->ai_addrlen, limit);
    int saved = errno;
    freeaddrinfo(found);
    errno = saved;
    if (r == CONN_OK)
        set_tcp_options(conn->fd);
    return r;
}

/* The buffer holds a whole reply and one more read; it is kept when it is empty. */
static bool make_reader(struct conn *conn)
{
    redisReader *reader = redisReaderCreateWithFunctions(&redis_reply_functions);
    sds buf = reader == NULL ? NULL : sdsMakeRoomFor(reader->buf, conn->room_size + READ_SIZE);
    if (buf == NULL) {
        if (reader != NULL)
            redisReaderFree(reader);
        return false;
    }
    reader->buf = buf;
    reader->maxbuf = 0;
    reader->privdata = conn; /* the macro of the same purpose casts it to int */
    conn->reader = reader;
    conn->taken = true;
    return true;
}

enum conn_result redis_conn_open(struct conn *conn, const struct redis_url *url,
                                 struct support_wait_limit *limit, const char **ret_why)
{
    const char *why = NULL;
    enum conn_result r =
        url->port == 0 ? connect_unix(conn, url->host, limit) : connect_tcp(conn, url, limit, &why);
    if (r == CONN_BROKEN)
        *ret_why = why != NULL ? why : strerrordesc_np(errno);
    if (r == CONN_OK && !make_reader(conn))
        return conn_fail(conn, CONN_NOMEM);
    return r;
}

bool redis_conn_is_idle(const struct conn *conn)
{
    char byte;
    return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

enum conn_result redis_conn_send(struct conn *conn, const char *bytes, size_t size,
                                 struct support_wait_limit *limit)
{
    while (size > 0) {
        ssize_t n = send(conn->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            enum conn_result r = of_patience(support_wait_fd(limit, conn->fd, POLLOUT));
            if (r != CONN_OK)
                return conn_fail(conn, r);
        } else if (errno != EINTR) {
            return conn_fail(conn, CONN_BROKEN);
        }
    }
    return CONN_OK;
}

enum conn_result redis_conn_next(struct conn *conn, redisReply **ret_reply)
{
    void *reply = NULL;
    if (conn->taken) {
        conn->room_used = 0;
        conn->taken = false;
    }
    if (redisReaderGetReply(conn->reader, &reply) != REDIS_OK)
        return conn_fail(conn, CONN_GARBLED);
    if (reply == NULL)
        return CONN_NONE;
    conn->taken = true;
    *ret_reply = reply;
    return CONN_OK;
}

enum conn_result redis_conn_fill(struct conn *conn, struct support_wait_limit *limit)
{
    char bytes[READ_SIZE];
    if (conn->reader->len - conn->reader->pos > conn->room_size) /* one reply, still unfinished */
        return conn_fail(conn, CONN_GARBLED);
    for (;;) {
        enum conn_result r = of_patience(support_wait_fd(limit, conn->fd, POLLIN));
        if (r != CONN_OK)
            return r;
        ssize_t n = recv(conn->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n > 0)
            return redisReaderFeed(conn->reader, bytes, (size_t)n) == REDIS_OK
                       ? CONN_OK
                       : conn_fail(conn, CONN_GARBLED);
        if (n == 0) {
            errno = 0;
            return conn_fail(conn, CONN_BROKEN);
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return conn_fail(conn, CONN_BROKEN);
    }
}

enum conn_result redis_conn_receive(struct conn *conn, struct support_wait_limit *limit,
                                    redisReply **ret_reply)
{
    for (;;) {
        enum conn_result r = redis_conn_next(conn, ret_reply);
        if (r != CONN_NONE)
            return r;
        r = redis_conn_fill(conn, limit);
        if (r == CONN_TIMEOUT || r == CONN_CANCELLED)
            return conn_fail(conn, r);
        if (r != CONN_OK)
            return r;
    }
}
