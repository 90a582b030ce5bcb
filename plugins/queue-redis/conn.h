/* One connection to the server. The socket never blocks: every wait goes through a struct
 * support_wait_limit. hiredis parses what arrives.
 *
 * hiredis 0.14 calls abort() when memory is short. So it allocates only while a connection is
 * made: its buffer is made large enough for every expected reply at once, and the replies
 * themselves live in memory of the connection. */
#ifndef QUEUE_REDIS_CONN_H
#define QUEUE_REDIS_CONN_H

#include "hiredis_compat.h"
#include "url.h"
#include "support/wait.h"

struct conn {
    int fd; /* -1: closed */
    redisReader *reader;
    char *room; /* of the replies that are being read or looked at */
    size_t room_size, room_used;
    bool taken; /* the last reply was handed out; the next one may use its room */
};

enum conn_result {
    CONN_OK,
    CONN_NONE,      /* redis_conn_next: no whole reply has come */
    CONN_TIMEOUT,   /* nothing happened for as long as the patience lasts */
    CONN_CANCELLED, /* interrupt, stop or deadline */
    CONN_BROKEN,    /* errno, 0: the server closed it */
    CONN_GARBLED,   /* not the protocol, or too long a reply */
    CONN_NOMEM,
};

/* reply_size: room for the longest expected reply with all its elements. False: memory is short. */
bool redis_conn_init(struct conn *conn, size_t reply_size);
void redis_conn_fini(struct conn *conn);
/* Any result but CONN_OK leaves it closed, here and below. *ret_why: what failed, for
 * CONN_BROKEN; a constant or from strerror. */
enum conn_result redis_conn_open(struct conn *conn, const struct redis_url *url,
                                 struct support_wait_limit *limit, const char **ret_why);
void redis_conn_close(struct conn *conn);
/* False: the server has closed it, or has said something that nobody asked for. */
bool redis_conn_is_idle(const struct conn *conn);
enum conn_result redis_conn_send(struct conn *conn, const char *bytes, size_t size,
                                 struct support_wait_limit *limit);
/* The next reply that has been read already. It lives until the next redis_conn_next() or
 * redis_conn_receive(). CONN_NONE leaves the connection open. */
enum conn_result redis_conn_next(struct conn *conn, redisReply **ret_reply);
/* Waits for bytes and takes in what is there. CONN_TIMEOUT and CONN_CANCELLED leave the
 * connection open. */
enum conn_result redis_conn_fill(struct conn *conn, struct support_wait_limit *limit);
/* Waits for the next reply. */
enum conn_result redis_conn_receive(struct conn *conn, struct support_wait_limit *limit,
                                    redisReply **ret_reply);

#endif
