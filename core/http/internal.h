/* What the files of core/http share: the server, its loops, connections and contexts. */
#ifndef HEARTH_CORE_HTTP_INTERNAL_H
#define HEARTH_CORE_HTTP_INTERNAL_H

#include <sys/socket.h>
#include <sys/un.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/network.h"
#include "http/h2o_compat.h"
#include "http/http.h"
#include "http/messages.h"

enum {
    LISTEN_BACKLOG = 4096,
    /* streams cancelled before their answer was done, until the connection is killed; finished
     * ones refill it */
    RESET_BUDGET = 100,
    /* read between two sweeps beyond what requests explain: the connection is killed */
    FLOOD_BYTES = 256 << 10,
    /* explained by a request besides its headers and body: frames around it */
    REQUEST_BYTES = 256,
    PROGRESS_BYTES = 4096, /* that an answer must move in stall_timeout */
    /* bytes that any answer holds until it was fetched, here and in h2o (measured: 11.4 KiB) */
    ANSWER_COST = 12 * 1024,
    BODY_PIECE = 64 * 1024,    /* of a body, handed to h2o at a time */
    EVENTS_PENDING = 4 * 1024, /* of one stream: within what ANSWER_COST covers */
    PAYER_KEY = 72,
    /* ms: short, because a flood of SETTINGS costs an answer each until it is noticed */
    SWEEP = 250,
};

struct loop;
struct request_context;

/* One client connection. Loop thread only. Freed when its socket is closed and no pending
 * request needs it any more. */
struct conn {
    h2o_linklist_t link; /* in loop->conns */
    struct loop *loop;
    h2o_socket_t *sock; /* gone when sock_closed */
    struct address_count *address;
    void (*closed)(struct loop *loop); /* there is room for another one */
    uint64_t last_request;             /* ms: accepted, or a request began or ended */
    size_t last_bytes;                 /* bytes_read at the last sweep */
    size_t explained;                  /* bytes that became requests since */
    int64_t unexplained;
    size_t unsent;   /* bytes of answers that were not fetched (budget.c) */
    size_t listener; /* index: the one it came by */
    int budget, inflight, pending, refs;
    bool banned, sock_closed, http2;
    bool stalled; /* at the last sweep one of its answers had not moved for a while */
};

/* One request, from the handler's call until h2o disposes of it. Lives in the request's pool.
 * Loop thread only. */
struct request_observer {
    h2o_linklist_t link; /* in loop->observers */
    struct conn *conn;
    h2o_req_t *req;
    struct request_context *context;
    uint64_t progress_at;
    size_t progress;
    bool stopped;  /* h2o told that the client went away */
    bool given_up; /* by us: it is not the connection's fault */
    /* nothing to send now: an idle event stream, a download that is being read from the disk */
    bool waits;
};

/* What one account, or one address without, may have only so many of at a time: pooled requests
 * that are not done, and exports that are made or being fetched. */
enum budget_kind { BUDGET_PENDING, BUDGET_EXPORTS, BUDGET_KINDS };

/* From any thread to a loop; part of what it tells. */
struct message {
    h2o_multithread_message_t super;
    /* on the loop's thread: it is the receiver's from then on */
    void (*receive)(struct loop *loop, struct message *message);
};

/* A download that is being made. Pool thread only. */
struct http_stream {
    struct request_context *context;
    struct buf small;              /* until it is worth a file */
    int fd;                        /* -1: still in memory */
    size_t space;                  /* of server->spooled */
    int error;                     /* of the first write that failed */
    struct compressor *compressor; /* NULL: as it is */
};

/* reply.c: of a reply's header; NULL: it has none of that name. */
const char *http_reply_header_value(const struct http_reply *reply, const char *name);

/* inherited.c: the sockets of the options. */
int http_inherited_copy(struct http_server *server, const struct http_options *options,
                        struct err *err);
/* The one of this name, else of this address (NULL: only by name); NULL: there is none. */
const struct inherited *http_inherited_take(struct http_server *server, const char *name,
                                            const struct sockaddr_storage *address);
/* Has each found its listener? */
int http_inherited_check(const struct http_server *server, struct err *err);

/* listener_unix.c: of "unix:/path". */
int http_listener_unix_address(const struct http_listener *listener,
                               struct sockaddr_un *ret_address, struct err *err);

/* compress.c: bytes that are compressed as they come. NULL: no memory. */
struct compressor *http_compressor_create(enum http_coding coding, size_t size);
void http_compressor_destroy(struct compressor *compressor); /* accepts NULL */
/* size: below 1 GiB. last: and nothing follows. What write() says when that is below 0. */
int http_compressor_write(struct compressor *compressor, const void *bytes, size_t size, bool last,
                          int (*write)(void *ctx, const void *bytes, size_t size), void *ctx);

/* range.c: what is asked for of an answer of so many bytes. PART: [from, end), not empty. etag: of
 * the answer; NULL: it has none. */
enum http_range { HTTP_RANGE_NONE, HTTP_RANGE_PART, HTTP_RANGE_OUTSIDE };
enum http_range http_range_find(const struct http_request *request, const char *etag, int64_t size,
                                int64_t *ret_from, int64_t *ret_end);

/* A stream of server-sent events. Loop thread only. */
struct subscriber {
    h2o_linklist_t link; /* in loop->subscribers */
    char channel[72];
    struct buf pending;
    uint64_t last_sent, last_checked;
    bool ready;
    bool ending; /* out of the list; its last bytes go when h2o is ready for them */
};

/* Request and reply as handlers see them. Owned by the loop, except between pool.run() and
 * `done`, when the pool's thread has it. */
struct request_context {
    h2o_generator_t generator; /* first: h2o hands it back */
    struct http_request request;
    struct http_reply reply;
    const struct http_route *route;
    struct loop *loop;
    struct conn *conn;                 /* a reference while in_pool */
    struct request_observer *observer; /* NULL: the request is gone */
    /* nobody takes the answer: a download that is being made may end */
    atomic_bool gone;
    struct message done;                              /* by the pool's thread */
    void (*proceed)(struct request_context *context); /* h2o takes more */
    struct subscriber subscriber;
    int64_t came;        /* monotonic µs; measure.c */
    uint64_t ends_seen;  /* server->ends when the request came */
    struct buf outgoing; /* what h2o is sending of an event stream */
    /* body.c */
    size_t body_size, body_at; /* where it ends, and what goes next */
    size_t range_end;          /* of a part: where it ends; 0: it is no part */
    int spool_fd;              /* -1: the body is in memory */
    size_t spool_size;
    char *piece; /* of the spool file: what h2o is sending */
    int cold;    /* sweeps since the file's next piece was asked for; 0: it was there */
    /* budget.c */
    char address_key[PAYER_KEY]; /* "": not asked for yet */
    size_t cost;
    struct conn *paying_conn;
    struct payer *payer, *begun[BUDGET_KINDS];
    bool in_pool, head, started, sending;
};

struct loop {
    struct http_server *server;
    int index;
    pthread_t thread;
    bool thread_started;
    h2o_loop_t *h2o;
    h2o_context_t ctx;
    h2o_accept_ctx_t accept[HTTP_LISTENERS_MAX];
    h2o_socket_t *listeners[HTTP_LISTENERS_MAX];
    int fds[HTTP_LISTENERS_MAX]; /* -1: this loop does not listen there */
    h2o_multithread_receiver_t inbox;
    h2o_linklist_t conns, observers, subscribers;
    size_t conn_count, pool_count;
    struct h2o_compat_timer sweep;
    struct message stop;
    bool stopping, paused;
    uint64_t stop_at;
};

struct listener {
    struct http_listener options; /* texts copied */
    bool tls, is_unix;
    /* of a unix socket: ours, and no other's, is removed at the end; 0: not bound */
    uint64_t file_device, file_inode;
    char url[256];
};

/* See struct http_inherited. */
struct inherited {
    int fd;
    const char *name;
    struct sockaddr_storage address;
    bool taken; /* by a listener */
};

/* What http_set_limits() changes while everything goes on: each is a number by itself, and is read
 * whenever it is needed. */
struct http_limits {
    _Atomic int64_t stall_timeout, event_interval;
    atomic_size_t max_connections, max_connections_per_address, max_pending_requests,
        max_pending_requests_per_connection, max_pending_requests_per_account,
        unsent_per_connection, unsent_per_account, unsent_total, export_space, exports_per_account;
};

struct route_metrics;

struct http_server {
    struct http_options options;
    struct http_limits limits; /* of the options */
    struct arena arena;        /* texts and routes */
    const size_t *path_sizes;  /* of the routes' paths */
    h2o_globalconf_t conf;
    struct listener listeners[HTTP_LISTENERS_MAX];
    size_t listener_count;
    struct inherited inherited[HTTP_LISTENERS_MAX];
    size_t inherited_count;
    atomic_uint proxy_noted;       /* bits of what proxy.c has said */
    const struct network *proxies; /* copied */
    size_t proxy_count;
    char own_name[256]; /* of this machine, in lower case; "" */
    struct loop *loops;
    int loop_count;
    atomic_size_t conn_total, pending_total;
    atomic_uint_fast64_t ends; /* calls of http_end_events() so far */
    /* guards stopping: no event is sent to a loop that may have ended */
    pthread_mutex_t publish_lock;
    bool stopping;
    pthread_mutex_t address_lock;    /* a leaf; guards addresses */
    struct address_count *addresses; /* a map */
    pthread_mutex_t payer_lock;      /* a leaf; guards payers, and who pays for shared bytes */
    struct payer *payers;            /* a map */
    atomic_size_t unsent;            /* bytes of answers that were not fetched */
    atomic_size_t spooled;           /* bytes of downloads, in files */
    unsigned memory_sweeps, quiet;   /* memory.c; first loop's */
    atomic_size_t trimmed_to;
    atomic_bool trimming;
    sem_t started; /* posted by each loop when it takes messages */
    sem_t drained; /* by each loop when nothing is left to do */
    sem_t leave;   /* for each loop, when nobody sends to it any more */
    struct metric *cancelled, *killed, *refused, *connections, *in_flight, *streams;
    const struct route_metrics *route_metrics; /* one for each route, and one */
};

/* connection.c */
struct conn *http_conn_create(struct loop *loop, h2o_socket_t *sock, struct address_count *address,
                              void (*closed)(struct loop *loop));
struct conn *http_conn_of(h2o_req_t *req);
void http_conn_unref(struct conn *conn);
/* Pulls the TCP connection from under h2o, which then tears everything down on its own stack. */
void http_conn_kill(struct conn *conn);
void http_conn_sweep(struct loop *loop, uint64_t now);
/* While stopping: ends connections without a request. h2o leaves idle HTTP/1 ones alone; those
 * of HTTP/2 should see their GOAWAY first. */
void http_conn_end_idle(struct loop *loop, bool http2);

/* address.c */
/* NULL: not counted */
struct address_count *http_address_take(struct http_server *server, const struct sockaddr *address,
                                        bool *ret_refused);
void http_address_give(struct http_server *server, struct address_count *count);

/* listener.c */
int http_listener_bind(struct http_server *server, struct err *err);
int http_listener_open(struct loop *loop);
void http_listener_close(struct loop *loop);
void http_listener_resume(struct loop *loop); /* when it had paused, and there is room again */

/* listener_error.c */
/* Why it cannot listen there, by errno. address: as people know it, a path too. */
int http_listener_explain(const struct http_listener *listener, const char *address, int number,
                          struct err *err);

/* listener_unix.c */
/* could it be bound? Changes nothing */
int http_listener_try_unix(const struct http_listener *listener, struct err *err);
int http_listener_bind_unix(struct listener *listener, int *ret_fd, struct err *err);
/* Before the socket is closed: from then on its path is anybody's, and its inode's number may be
 * used again. */
void http_listener_unlink_unix(struct listener *listener);

/* tls.c */
int http_tls_create(const struct http_listener *listener, SSL_CTX **ret_tls, struct err *err);
/* /metrics says when its certificate ends. */
void http_tls_measure(const struct http_listener *listener, SSL_CTX *tls);

/* hpack_limit.c */
int http_hpack_limit_check(struct err *err); /* did the pre-emption of h2o's HPACK parser take? */
void http_hpack_limit_set(size_t block_bytes, size_t fields);
size_t http_header_bytes(const h2o_req_t *req); /* request line or pseudo headers included */

/* request.c: handler of everything */
int http_request_handle(h2o_handler_t *handler, h2o_req_t *req);

bool http_forwarded_matches(const struct http_server *server, const struct sockaddr *address);
bool http_forwarded_any(const h2o_req_t *req); /* does a proxy say anything about its client? */
void http_forwarded_apply(const struct http_server *server, h2o_req_t *req,
                          struct http_request *request);

/* proxy.c: what a proxy in front does that cannot work is logged, once for each kind. */
void http_proxy_look(struct http_server *server, const struct http_request *request);
/* its path is not under base_path: a proxy may have taken that off */
void http_proxy_look_outside(struct http_server *server, const struct http_request *request);

/* base_path.c: takes the base path off the request's path. Those who watch (any_host) may ask
 * without it. False: what is asked for is not under it. */
bool http_base_path_strip(const struct http_server *server, struct http_request *request,
                          enum http_audience audience);
/* Then: the reply leads there, or says where everything is. */
void http_base_path_refuse(struct http_request *request, struct http_reply *reply);

/* hosts.c: is this server called so? Else the reply says what to do, and the request goes no
 * further. */
int http_hosts_init(struct http_server *server, const struct http_options *options,
                    struct err *err);
bool http_hosts_check(const struct http_server *server, struct http_request *request,
                      struct http_reply *reply);

/* router.c */
const struct http_route *http_router_find(const struct http_server *server,
                                          const struct http_request *request,
                                          enum http_audience audience, unsigned *ret_allowed);

/* request_context.c */
struct request_context *http_context_create(struct loop *loop, struct request_observer *observer);
void http_context_free(struct request_context *context);
int http_context_submit(struct request_context *context); /* to the pool; 0 or why not */

/* measure.c: counts, for /metrics. After the listeners are known. */
int http_measure_init(struct http_server *server, struct err *err);
void http_measure_begin(struct request_context *context);        /* a request has come */
void http_measure_answer(const struct request_context *context); /* its answer begins */
/* it is over without one: the client has gone */
void http_measure_no_answer(const struct request_context *context);

/* send.c */
void http_send_reply(struct request_context *context);
void http_send_refusal(struct request_context *context, int status,
                       struct hearth_sentence sentence);

/* head.c */
void http_head_add_to_refusal(h2o_req_t *req); /* the headers that an answer of h2o's own has */
/* Status and headers. content_length SIZE_MAX: it is not known. */
void http_head_start(struct request_context *context, size_t content_length,
                     void (*proceed)(struct request_context *context));

/* reply.c */
const char *http_reply_reason(int status);
/* A problem that people meet in a browser, too: to one that takes HTML it is a page. The words need
 * no escapes. */
void http_reply_refusal(const struct http_request *request, struct http_reply *reply, int status,
                        const char *title, struct hearth_sentence sentence);

/* download.c */
void http_download_make(struct request_context *context); /* pool thread: makes the download */
void http_download_fini(struct request_context *context); /* loop */

/* body.c; loop */
size_t http_body_size(const struct request_context *context);
void http_body_send(struct request_context *context);    /* not empty; the head was sent */
void http_body_proceed(struct request_context *context); /* h2o takes more */
/* At each sweep: what was not in memory may be there. False: the answer was broken off, and the
 * context may be gone. */
bool http_body_retry(struct request_context *context);

/* budget.c; loop, but for http_budget_begin() of an export: a pool's thread */
void http_budget_init(struct http_server *server);
void http_budget_fini(struct http_server *server);
/* why: what to tell who has too much unfetched */
bool http_budget_over(struct request_context *context, struct hearth_sentence *ret_why);
/* for the reply as it is now, until http_budget_give() */
void http_budget_take(struct request_context *context);
/* before the reply's bytes go */
void http_budget_give(struct request_context *context);
/* False: who asks has as many as may be. Else http_budget_end(), which does nothing when none
 * was begun. */
bool http_budget_begin(struct request_context *context, enum budget_kind kind);
void http_budget_end(struct request_context *context, enum budget_kind kind);

/* memory.c */
void http_memory_init(struct http_server *server);
void http_memory_sweep(struct loop *loop);

/* events.c */
void http_events_start(struct request_context *context);
void http_events_heartbeat(struct loop *loop, uint64_t now);
void http_events_end_all(struct loop *loop);

/* inbox.c */
void http_inbox_open(struct loop *loop);
void http_inbox_close(struct loop *loop);
void http_inbox_send(struct loop *loop, struct message *message); /* any thread */

/* loop.c */
void http_loop_init(struct loop *loop, struct http_server *server, int index);
void http_loop_fini(struct loop *loop); /* when its thread may leave */
int http_loop_start_all(struct http_server *server, struct err *err);
void http_loop_stop_all(struct http_server *server);
void http_loop_send_certificate(struct loop *loop, size_t listener, SSL_CTX *tls); /* any thread */

/* method.c */
bool http_method_parse(const char *name, size_t size, enum http_method *ret_method);
void http_method_list(unsigned some, struct buf *out); /* "GET, HEAD" */

#endif
