/* The HTTP server: listeners, TLS, routing, replies, server-sent events. Nothing of h2o is seen
 * outside this folder.
 *
 * Threads. `threads` event loops accept and parse. A route is INLINE (its handler runs on the
 * loop and must not block) or POOLED (its handler runs on a thread of the given pool, may block,
 * and fills the reply there; the loop sends it). A handler gets a copy of what it needs of the
 * request; nothing of it is shared with the loop, so handlers are straight-line C without locks. */
#ifndef HEARTH_CORE_HTTP_HTTP_H
#define HEARTH_CORE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/message.h"

struct http_server;
struct network;
struct payer;
struct http_stream;
struct http_request;
struct http_reply;

/* The methods: X(bit, name, value). */
#define HTTP_METHODS(X)                                                                            \
    X(HTTP_GET, "GET", 1)                                                                          \
    X(HTTP_HEAD, "HEAD", 2)                                                                        \
    X(HTTP_POST, "POST", 4)                                                                        \
    X(HTTP_PUT, "PUT", 8)                                                                          \
    X(HTTP_PATCH, "PATCH", 16)                                                                     \
    X(HTTP_DELETE, "DELETE", 32)                                                                   \
    X(HTTP_OPTIONS, "OPTIONS", 64)

#define HTTP_METHOD_BIT(bit, name, value) bit = value,
enum http_method { HTTP_METHODS(HTTP_METHOD_BIT) };
#undef HTTP_METHOD_BIT

const char *http_method_name(enum http_method method); /* "GET"; "other": none of them */

/* The headers of a request that anybody here looks at: X(member of struct http_request, name, in
 * parts). The first of a name counts, or all, where browsers cut one into several fields (RFC
 * 9113, 8.2.3). */
#define HTTP_WANTED_HEADERS(X)                                                                     \
    X(authorization, "authorization", false)                                                       \
    X(cookie, "cookie", true)                                                                      \
    X(if_none_match, "if-none-match", false)                                                       \
    X(range, "range", false)                                                                       \
    X(if_range, "if-range", false)                                                                 \
    X(accept, "accept", false)                                                                     \
    X(accept_encoding, "accept-encoding", false)                                                   \
    X(content_type, "content-type", false)                                                         \
    X(origin, "origin", false)                                                                     \
    X(sec_fetch_site, "sec-fetch-site", false)                                                     \
    X(csrf, "x-hearth-csrf", false)                                                                \
    X(last_event_id, "last-event-id", false)                                                       \
    X(user_agent, "user-agent", false)

/* How a body goes over the wire. */
enum http_coding { HTTP_IDENTITY, HTTP_GZIP, HTTP_BROTLI };
const char *http_coding_name(enum http_coding coding); /* "br"; NULL: as it is */

/* A parsed request. Everything lives in its arena until the reply was handed over. */
struct http_request {
    struct arena arena;
    enum http_method method;
    /* percent-decoded, normalised ("/a/../b" is "/b"), valid UTF-8, no NUL, without base_path */
    const char *path;
    /* what stands before every path of this server for its clients: "/hearth"; NULL or "": nothing.
     * Addresses are made by http_path() */
    const char *base_path;
    const char *query;                        /* raw, behind "?"; NULL */
    const char *const *names, *const *values; /* query parameters, decoded, in order; valid UTF-8 */
    size_t parameter_count;
#define HTTP_HEADER_MEMBER(member, name, in_parts) const char *member;
    HTTP_WANTED_HEADERS(HTTP_HEADER_MEMBER) /* NULL when absent */
#undef HTTP_HEADER_MEMBER
    const char *host; /* Host or :authority; NULL when absent */
    const void *body;
    size_t body_size;
    const char *identity; /* what a trusted proxy says in options.identity_header; NULL */
    /* address without port; through trusted proxies the client's. "local" for unix sockets */
    char remote[64];
    bool tls;                /* over TLS, here or at a trusted proxy */
    bool forwarded;          /* with headers that proxies add about their client */
    bool trusted;            /* from one of trusted_proxies */
    int version;             /* 10, 11, 20 */
    enum http_coding coding; /* the best that the client takes, by Accept-Encoding */
    const char *argument;    /* what matched "*" at the end of the route's path; "" */
    void *route_data;
    void *auth;       /* set by a route's filter: who asks. Freed with `auth_free` */
    int64_t received; /* monotonic ms */
};

/* first of that name; NULL */
const char *http_parameter(const struct http_request *request, const char *name);
/* Reads a form (application/x-www-form-urlencoded) from the body: from here on http_parameter()
 * gives its fields instead of the query's. False: it is none, or malformed. */
bool http_form(struct http_request *request);
/* An address of this server as its clients have to ask for it; path: "/auth/signin", perhaps with
 * a query, as routes have it. In the arena; NULL: no memory. (A header Location that begins with a
 * slash gets its base_path when it is sent.) */
char *http_path(struct http_request *request, const char *path);
/* How people reach this server, without a slash at the end: `configured` unless NULL or "", else
 * as this request did. In the arena. */
char *http_base_url(struct http_request *request, const char *configured);
/* The value of our cookie of that name ("hearth_session"), in the request's arena; the first. NULL:
 * none. */
const char *http_cookie(struct http_request *request, const char *name);
/* Our cookies go to no script and to no other site's requests, over TLS to nothing but TLS, and
 * nobody else can set them then: their name begins with __Host-, or where this server has a
 * base_path with __Secure-. seconds 0: the browser drops it. */
void http_set_cookie(struct http_request *request, struct http_reply *reply, const char *name,
                     const char *value, int64_t seconds, const char *same_site);
/* Of a cookie that says nothing about the person: its name is the same over TLS. */
void http_set_plain_cookie(struct http_request *request, struct http_reply *reply, const char *name,
                           const char *value, int64_t seconds);
/* The browser drops what it keeps of this server, unless others are at the same host. */
void http_clear_site(const struct http_request *request, struct http_reply *reply);
/* Did a page of this server send it? By Sec-Fetch-Site, else by Origin, which must be scheme and
 * host of the request or `base_url` (NULL: none). 1: yes, 0: no, -1: the browser says neither
 * (old ones). */
int http_same_origin(const struct http_request *request, const char *base_url);

/* Does the client take a body in this coding, "gzip" or "br"? */
bool http_accepts(const struct http_request *request, const char *coding);
/* The next entity tag of an If-None-Match, which *list begins as; NULL is an empty one. Tags come
 * with their quotes and without W/, as they are compared weakly (RFC 9110, 13.1.2); "*" as itself:
 * any answer of status 2xx. False: there are no more. */
bool http_etag_next(const char **list, const char **ret_tag, size_t *ret_size);
/* Of an answer of status 2xx: does the client have it? etag: with its quotes. */
bool http_etag_matches(const struct http_request *request, const char *etag);

/* What to answer. Starts as {0}; the server owns the body afterwards. */
struct http_reply {
    int status;               /* 100..599; 0 becomes 500 */
    const char *content_type; /* a constant, or in the request's arena; NULL without body */
    struct buf body;
    const void *fixed; /* instead of body: bytes that outlive the server (static files) */
    size_t fixed_size;
    /* instead of body: counted bytes (response cache); the reply holds one reference */
    struct http_shared *shared;
    struct {
        const char *name, *value;
    } headers[16]; /* constants, or in the request's arena */
    size_t header_count;
    /* the body differs by Accept-Encoding: compressed as request.coding says when it is over 1
     * KB */
    bool coded;
    /* After the handler of a POOLED route returned: writes the body, a download, on the same
     * pool thread, at the storage's speed; the loop sends it when it is complete, with its
     * length. Not called for HEAD. 0; or a negative code, and the client gets 503 or 500. */
    int (*stream)(struct http_stream *stream, void *ctx);
    void *stream_ctx;
    /* who pays until the answer was fetched; a constant, or in the request's arena. NULL: the
     * client's address */
    const char *account;
    /* Turns the answer into a stream of server-sent events of this channel (an account id).
     * `first` is sent at once. */
    const char *events_channel;
    /* Of such a stream: asked again and again (event_interval), on a thread of the server's
     * pool. True: who opened it may listen no more, and the channel's streams end. Not knowing
     * is no reason to end. grant: a copy of these bytes, of the request's arena. */
    bool (*events_ended)(void *ctx, const void *grant, void *worker);
    void *events_ctx; /* outlives the server's pool */
    const void *events_grant;
    size_t events_grant_size;
};

void http_reply_header(struct http_reply *reply, const char *name, const char *value);
/* Compresses the body now, on the caller's thread, when that pays (over 1 KB, and smaller);
 * true: it did, and the header is set. The server does it by itself for replies with `coded` set;
 * a handler that keeps the compressed form calls it. */
bool http_reply_compress(struct http_reply *reply, enum http_coding coding);
/* application/problem+json (RFC 9457): type, title, status, detail, code, message. The
 * sentence's id is "problem.CODE" or "problem.CODE.more". */
void http_reply_problem(struct http_reply *reply, int status, struct hearth_sentence sentence);
/* The same for operators and their programs (the control socket, /readyz): English alone. */
void http_reply_operator_problem(struct http_reply *reply, int status, const char *code,
                                 const char *detail);

/* Bytes shared by several replies; counted, any thread. */
struct http_shared {
    _Atomic int refs;
    size_t sent_by;      /* answers under way; with `payer` the server's (budget.c) */
    struct payer *payer; /* who pays for these bytes meanwhile */
    /* for who keeps it: what it says, however it is coded, and how it is; 0 at first */
    uint64_t content;
    enum http_coding coding;
    size_t size;
    char bytes[];
};
/* one reference; NULL when memory is short */
struct http_shared *http_shared_create(const void *bytes, size_t size);
struct http_shared *http_shared_ref(struct http_shared *shared);
void http_shared_unref(struct http_shared *shared); /* accepts NULL */

/* On the pool thread inside reply.stream; never waits for the client. CANCELLED when it has
 * gone, FULL when there is no room: then, and after any other failure, nothing more is taken. */
int http_stream_write(struct http_stream *stream, const void *bytes, size_t size);

typedef void (*http_handler)(struct http_request *request, struct http_reply *ret_reply,
                             void *worker);

enum http_route_kind { HTTP_INLINE, HTTP_POOLED };

/* Whom a listener serves, and the bits of a route that say on which listeners it exists. A
 * listener serves one kind alone: an address that strangers reach has nothing on it that is
 * meant for machines or the operator. */
enum http_audience {
    HTTP_PEOPLE = 1,  /* browsers and programs of people, perhaps through a proxy */
    HTTP_METRICS = 2, /* what watches this process */
    HTTP_CONTROL = 4, /* the operator's command line: the control socket */
};

/* What the pool is to the server; see pool_run_until() in core/pool. `run` calls work(job,
 * worker) on one of its threads later, never from inside; when none was free by `deadline`
 * (monotonic ms) it calls expired(job) instead, which does not block (expired NULL: never).
 * Returns FULL when its queue is at the bound (the client gets 503 with Retry-After). */
struct http_pool {
    void *self;
    int (*run)(void *self, void (*work)(void *job, void *worker), void (*expired)(void *job),
               void *job, int64_t deadline);
};

struct http_route {
    /* "/api/v1/me"; with a star at its end it stands for everything below; exact paths win, then
     * the longest */
    const char *path;
    const char *name; /* in metrics; a constant, which routes may share. NULL: its path */
    unsigned methods; /* of enum http_method; HEAD comes with GET. Others: 405 with Allow */
    enum http_route_kind kind;
    /* Runs on the loop before the handler; true: the reply is complete (401 from a cache, 304, a
     * cached answer). Must not block. NULL: none */
    bool (*filter)(struct http_request *request, struct http_reply *ret_reply);
    /* worker: NULL on the loop; on the pool what the pool made for the thread */
    http_handler handler;
    void *data; /* request->route_data */
    /* of enum http_audience: on other listeners it does not exist (404); 0: on none */
    unsigned audience;
    size_t max_body;              /* bytes; 0: no body allowed. More: 413 */
    const struct http_pool *pool; /* POOLED: NULL is the server's. Lives as long as the server */
    /* bodies hold passwords or secrets: both are wiped when the answer was sent */
    bool secret;
    bool any_host; /* whatever Host says: for those who watch */
};

struct http_listener {
    const char *name;              /* of the section: [listen NAME] */
    const char *address;           /* "127.0.0.1:8080", "[::1]:0", "unix:/path" */
    const char *certificate, *key; /* PEM files; NULL: no TLS */
    enum http_audience audience;   /* one of them; 0: HTTP_PEOPLE */
    int mode;                      /* unix sockets: permissions, e.g. 0600 */
};

/* A socket that listens already, opened by the service manager. It belongs to the listener that is
 * called as it, else to the one that has its address; each has to belong to one. */
struct http_inherited {
    int fd; /* the server's from now on */
    const char *name;
};

struct http_options {
    const struct http_listener *listeners;
    size_t listener_count;
    const struct http_inherited *inherited;
    size_t inherited_count;
    const struct http_route *routes;
    size_t route_count;
    struct http_pool pool;
    int threads; /* event loops; 0: one for each processor, at most 4 */
    /* X-Forwarded-For/-Proto and Forwarded are honoured from these only */
    const struct network *trusted_proxies;
    size_t trusted_proxy_count;
    /* names that Host may say, in lower case; IP addresses, localhost and this machine's names
     * are always known */
    const char *const *hosts;
    size_t host_count;
    const char *identity_header; /* lower case: who has signed in at a trusted proxy; NULL */
    const char *base_url;        /* the address people use; copied. NULL: unknown */
    const char *base_path; /* its path, where all of it is for people; copied. NULL or "": none */
    /* Limits; 0 takes the default in brackets. */
    int64_t request_timeout; /* ms for headers and body of one request [10,000] */
    /* ms without a request: the connection is closed [60,000] */
    int64_t idle_timeout;
    int64_t stall_timeout; /* ms in which a reply makes no progress [30,000] */
    /* ms that http_stop() waits for answers under way [10,000] */
    int64_t drain_timeout;
    size_t max_connections;             /* in total [10,000, and below the descriptor limit] */
    size_t max_connections_per_address; /* [256; unlimited for trusted proxies and unix sockets] */
    /* pooled requests until the worker is done with them [64; unlimited for trusted proxies] */
    size_t max_pending_requests_per_connection;
    /* the same of one account, or of one address without [128] */
    size_t max_pending_requests_per_account;
    /* ms: an event stream that is silent says so, and is asked whether it may go on [25,000] */
    int64_t event_interval;
    /* ms: a pooled request that waited longer for a thread gets 503 [30,000] */
    int64_t pending_timeout;
    /* Answers that were not fetched, in bytes of memory. Who is above gets 503; at twice as much
     * the connection is ended. */
    size_t unsent_per_connection; /* [8 MiB; unlimited for trusted proxies] */
    size_t unsent_per_account;    /* of one account, or of one address without [16 MiB] */
    size_t unsent_total;          /* [64 MiB]; above, the most stalled connections are ended */
    const char *spool_dir;        /* where downloads are written; copied ["/tmp"] */
    size_t export_space;          /* bytes of downloads in all [1 GiB] */
    size_t exports_per_account;   /* downloads made or being fetched at a time [2]; more get 429 */
    size_t max_pending_requests;  /* in total [1,024] */
    size_t max_header_bytes;      /* [32 KiB]; more: 431 */
    size_t max_header_fields;     /* [128] */
    /* Runs on the loop when the answer has gone, whole or not: for an access log. account: whose
     * the answer is; NULL. May be NULL. */
    void (*after)(const struct http_request *request, const char *account, int status, size_t bytes,
                  int64_t ms, void *ctx);
    void (*auth_free)(void *auth);
    void *ctx;
};

/* Binds, starts the loops, returns when every listener accepts. Everything in options is copied
 * except handlers' data. */
int http_start(const struct http_options *options, struct http_server **ret_server,
               struct err *err);
/* The i-th listener's address with the port it got, e.g. "http://127.0.0.1:43211"; NULL past the
 * end. Lives as long as the server. */
const char *http_address(const struct http_server *server, size_t i);
/* Ends the event streams of a channel: clients that may still listen come back by themselves,
 * and show again who they are. Any thread. */
void http_end_events(struct http_server *server, const char *channel);
/* Takes over the limits that may change while everything goes on: those of struct http_limits
 * (internal.h); from now on, for what comes next. Any thread. */
void http_set_limits(struct http_server *server, const struct http_options *options);
/* Certificates of the server's listeners, read anew from the files that listeners of the same names
 * have in `listeners`; http_free_certificates(). Any thread. */
enum { HTTP_LISTENERS_MAX = 16 };
struct http_certificates {
    void *tls[HTTP_LISTENERS_MAX]; /* SSL_CTX; NULL: it speaks no TLS */
};
int http_read_certificates(const struct http_server *server, const struct http_listener *listeners,
                           size_t count, struct http_certificates *ret_certificates,
                           struct err *err);
/* New connections get these. Any thread. */
void http_use_certificates(struct http_server *server,
                           const struct http_certificates *certificates);
void http_free_certificates(struct http_certificates *certificates);
/* For checks before the start: reads both files and compares them. *ret_ends: ms, when the first
 * certificate of the chain ends. *ret_of_key is set with an error that is one of the key's file. */
int http_certificate_ends(const char *certificate, const char *key, int64_t *ret_ends,
                          bool *ret_of_key, struct err *err);
/* Would the address be free? It is bound until *ret_fd is closed, so that the next one that is
 * tried finds it taken; a unix socket is knocked at, and *ret_fd is -1. */
int http_try_address(const struct http_listener *listener, int *ret_fd, struct err *err);
/* Stops accepting, finishes what is under way until the deadline, ends event streams, kills the
 * rest. Returns when that is done. */
void http_stop(struct http_server *server);
/* After http_stop(), and when no thread of the pool works for the server any more; accepts NULL. */
void http_destroy(struct http_server *server);
const char *http_library_version(void); /* of h2o */
/* Sends one event to every stream of the channel. id: generation; event, data: one line each.
 * Any thread; never blocks. */
void http_publish(struct http_server *server, const char *channel, int64_t id, const char *event,
                  const char *data);

#endif
