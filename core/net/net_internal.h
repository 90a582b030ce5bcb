/* What the calling thread and the network thread share. */
#ifndef HEARTH_CORE_NET_NET_INTERNAL_H
#define HEARTH_CORE_NET_NET_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/buf.h"
#include "base/outage.h"
#include "net/net.h"

enum {
    NET_WINDOW = 256 * 1024,
    NET_HEADERS_MAX = 64 * 1024,
    NET_HEADER_COUNT_MAX = 128,
    NET_LEARNT_MAX = 64,
    NET_OUTAGES_MAX = 64,
    NET_HOST_MAX = 300
};

/* Kinds of addresses, as bits. NOWHERE: 0.0.0.0, multicast, documentation, what nobody has given
 * out. */
enum net_reach {
    NET_PUBLIC = 1,
    NET_PRIVATE = 2,
    NET_LINK = 4,
    NET_LOOPBACK = 8,
    NET_NOWHERE = 16
};

enum net_reach net_reach_of(const struct sockaddr *address); /* address.c */

/* What the URL of a request says. */
struct target {
    char host[NET_HOST_MAX], place[NET_HOST_MAX + 8]; /* as written; "host:port" */
    bool https, loopback;
};

/* One exchange, on the caller's stack. The network thread owns it from submission until it is done.
 *
 *   caller:  SUBMIT ──► (body: RESUME)* ──► done, or END ──► released
 *
 * After `done` the network thread touches a fetch only for a command that is still on its way; a
 * caller that sent RESUME therefore leaves by END. */
enum net_command { NET_SUBMIT = 1, NET_RESUME = 2, NET_END = 4 };

struct fetch {
    struct fetch *next; /* in net->commands, under net->lock */
    unsigned commands;  /* of enum net_command, under net->lock */
    CURL *easy;
    struct curl_slist *headers_out;
    uint64_t max_response, received;
    char error_text[CURL_ERROR_SIZE];
    unsigned allowed;                  /* bits of enum net_reach; 0: all */
    const struct net_outside *outside; /* the caller's copy; NULL: the operator chose the host */
    bool proxied;                      /* what is connected to is a proxy that the operator chose */
    char refused[64];       /* network thread, until done: an address that is not allowed */
    char reached[64];       /* likewise: the address that was asked */
    bool added;             /* network thread: it is in the multi handle */
    pthread_mutex_t lock;   /* guards what follows; a leaf */
    pthread_cond_t changed; /* monotonic */
    struct buf headers;     /* "name\0value\0…" of the last answer */
    size_t header_count;
    int status;
    bool headers_complete, paused, done, released, too_large;
    struct buf body; /* arrived, not yet taken */
    CURLcode result;
};

struct net {
    uint32_t magic;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t timer, stopper;
    CURLM *multi;
    struct net_options options;
    char *ca_file; /* NULL: the system's authorities */
    char user_agent[128];
    pthread_mutex_t lock; /* guards commands, learnt, outages; a leaf */
    struct fetch *commands;
    struct learnt {
        char host[256]; /* "": a free place */
        unsigned seen;  /* bits of enum net_reach */
    } learnt[NET_LEARNT_MAX];
    size_t learnt_next;
    atomic_bool stop;
    atomic_int under_way;
    struct fetch **active; /* network thread: what must be ended at stop */
    size_t active_count, active_room;
    struct backoff *paused; /* by "host:port" */
    struct net_outage {
        char place[NET_HOST_MAX + 8]; /* "": a free place */
        struct outage outage;
    } outages[NET_OUTAGES_MAX]; /* places under the lock */
};

/* Network thread. */
void net_main(void *net);
/* Any thread: hands the fetch to the network thread. */
void net_command(struct net *net, struct fetch *fetch, enum net_command command);

/* transfer.c: curl's view of a fetch. */
int net_transfer_init(struct fetch *fetch, const struct net *net,
                      const struct hearth_http_request *request, const struct target *target,
                      struct err *err);
void net_transfer_fini(struct fetch *fetch);
void net_transfer_done(struct fetch *fetch, CURLcode result); /* network thread */

/* outage.c: which servers do not answer, told once for all. Any thread. */

/* An exchange with `place` ended with `code`; status 0: there were no headers. True: it is of an
 * outage, which is told here. */
bool net_note_outage(struct net *net, const char *place, int code, int status, const char *words);
bool net_outage_lasts(struct net *net, const char *place);

/* policy.c: which addresses a URL may lead to that another server has named. Any thread. */

/* as it is written */
bool net_policy_is_loopback(const char *host);
/* a name: not known yet */
bool net_policy_host_is_allowed(const char *host, unsigned allowed);
/* host; bits of enum net_reach */
unsigned net_policy_allowed(struct net *net, const char *named_by);
/* a host of the operator's choice was reached there */
void net_policy_learn(struct net *net, const char *host, const char *address);
/* lies in one of them */
bool net_outside_has(const struct network *networks, size_t count, const struct sockaddr *address);
/* Literal in the URL ("[::1]", "127.0.0.1"), or localhost; false: another name. */
bool net_policy_literal(const char *host, struct sockaddr_storage *ret_address);
/* of the environment; NULL: none */
const char *net_policy_proxy(bool https, const char *host);

#endif
