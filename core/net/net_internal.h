/* What the calling thread and the network thread share. */
#ifndef HEARTH_CORE_NET_NET_INTERNAL_H
#define HEARTH_CORE_NET_NET_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "base/buf.h"
#include "net/net.h"

enum { NET_WINDOW = 256 * 1024, NET_HEADERS_MAX = 64 * 1024, NET_HEADER_COUNT_MAX = 128 };

/* One exchange, on the caller's stack. The network thread owns it from submission until it is done.
 *
 *   caller:  SUBMIT ──► (body: RESUME)* ──► done, or END ──► released
 *
 * After `done` the network thread touches a fetch only for a command that is still on its way; a caller that sent RESUME therefore leaves
 * by END. */
enum net_command { NET_SUBMIT = 1, NET_RESUME = 2, NET_END = 4 };

struct fetch {
    struct fetch *next; /* in net->commands, under net->lock */
    unsigned commands;  /* of enum net_command, under net->lock */
    CURL *easy;
    struct curl_slist *headers_out;
    uint64_t max_response, received;
    char error_text[CURL_ERROR_SIZE];
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
    pthread_mutex_t lock; /* guards commands; a leaf */
    struct fetch *commands;
    atomic_bool stop;
    atomic_int under_way;
    struct fetch **active; /* network thread: what must be ended at stop */
    size_t active_count, active_room;
    struct backoff *paused; /* by "host:port" */
};

/* Network thread. */
void net_main(void *net);
/* Any thread: hands the fetch to the network thread. */
void net_command(struct net *net, struct fetch *fetch, enum net_command command);

/* transfer.c: curl's view of a fetch. */
int transfer_init(struct fetch *fetch, const struct net *net, const struct hearth_http_request *request, bool loopback, struct err *err);
void transfer_fini(struct fetch *fetch);
void transfer_done(struct fetch *fetch, CURLcode result); /* network thread */

#endif
