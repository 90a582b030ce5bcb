/* The network thread: a libuv loop that drives curl's multi handle and takes commands from
 * callers. */
#include "net/net.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/magic.h"
#include "base/str.h"
#include "base/thread.h"
#include "net/net_internal.h"

enum { NET_MAGIC = 0x4e370001, STOP_TICK = 10 };

struct watched {
    uv_poll_t poll;
    struct net *net;
    curl_socket_t fd;
};

static void net_finish_fetch(struct net *net, struct fetch *fetch, CURLcode result)
{
    if (fetch->added)
        curl_multi_remove_handle(net->multi, fetch->easy);
    fetch->added = false;
    for (size_t i = 0; i < net->active_count; i++)
        if (net->active[i] == fetch) {
            net->active[i] = net->active[--net->active_count];
            break;
        }
    net_transfer_done(fetch, result);
}

static void net_collect_results(struct net *net)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(net->multi, &left)) != NULL;) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode result = m->data.result;
        char *fetch;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &fetch);
        net_finish_fetch(net, (struct fetch *)(void *)fetch, result);
    }
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct watched *watched = poll->data;
    struct net *net = watched->net;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(net->multi, watched->fd, flags, &running);
    net_collect_results(net);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    (void)easy;
    struct net *net = ctx;
    struct watched *watched = known;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL) {
            uv_poll_stop(&watched->poll);
            uv_close((uv_handle_t *)&watched->poll, on_closed);
            curl_multi_assign(net->multi, fd, NULL);
        }
        return 0;
    }
    if (watched == NULL) {
        watched = calloc(1, sizeof(*watched));
        if (watched == NULL || uv_poll_init_socket(&net->loop, &watched->poll, fd) != 0) {
            free(watched);
            return -1;
        }
        watched->poll.data = watched;
        watched->net = net;
        watched->fd = fd;
        curl_multi_assign(net->multi, fd, watched);
    }
    int events =
        (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    uv_poll_start(&watched->poll, events, on_socket);
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct net *net = timer->data;
    int running;
    curl_multi_socket_action(net->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    net_collect_results(net);
}

static int on_curl_timer(CURLM *multi, long ms, void *ctx)
{
    (void)multi;
    struct net *net = ctx;
    if (ms < 0)
        uv_timer_stop(&net->timer);
    else
        uv_timer_start(&net->timer, on_timer, ms == 0 ? 1 : (uint64_t)ms,
                       0); /* never from inside curl's own call */
    return 0;
}

static void net_submit_fetch(struct net *net, struct fetch *fetch)
{
    if (!ARRAY_MAKE_ROOM(net->active, net->active_count, net->active_room)) {
        net_finish_fetch(net, fetch, CURLE_OUT_OF_MEMORY);
        return;
    }
    net->active[net->active_count++] = fetch;
    fetch->added = curl_multi_add_handle(net->multi, fetch->easy) == CURLM_OK;
    if (!fetch->added)
        net_finish_fetch(net, fetch, CURLE_FAILED_INIT);
}

static void net_resume_fetch(struct fetch *fetch)
{
    lock_take(&fetch->lock);
    bool paused = fetch->paused;
    fetch->paused = false;
    lock_release(&fetch->lock);
    if (paused && fetch->added)
        curl_easy_pause(fetch->easy, CURLPAUSE_CONT);
}

static void net_release_fetch(struct net *net, struct fetch *fetch)
{
    lock_take(&fetch->lock);
    bool done = fetch->done;
    lock_release(&fetch->lock);
    if (!done)
        net_finish_fetch(net, fetch, CURLE_ABORTED_BY_CALLBACK);
    lock_take(&fetch->lock);
    fetch->released = true;
    pthread_cond_signal(&fetch->changed);
    lock_release(&fetch->lock);
}

static void net_run_commands(struct net *net, struct fetch *fetch, unsigned commands)
{
    if ((commands & NET_END) != 0)
        net_release_fetch(net, fetch);
    else if ((commands & NET_SUBMIT) != 0)
        net_submit_fetch(net, fetch);
    else
        net_resume_fetch(fetch);
}

/* A caller may have passed its check just before the stop: the loop runs until the last one has
 * left. */
static void on_stopper(uv_timer_t *stopper)
{
    struct net *net = stopper->data;
    while (net->active_count > 0)
        net_finish_fetch(net, net->active[0], CURLE_ABORTED_BY_CALLBACK);
    if (atomic_load(&net->under_way) == 0)
        uv_stop(&net->loop);
}

static void on_wake(uv_async_t *wake)
{
    struct net *net = wake->data;
    for (;;) {
        lock_take(&net->lock);
        struct fetch *fetch = net->commands;
        unsigned commands = 0;
        if (fetch != NULL) {
            net->commands = fetch->next;
            commands = fetch->commands;
            fetch->commands = 0;
            fetch->next = NULL;
        }
        lock_release(&net->lock);
        if (fetch == NULL)
            break;
        net_run_commands(net, fetch, commands);
    }
    net_collect_results(net);
    if (atomic_load(&net->stop) && !uv_is_active((uv_handle_t *)&net->stopper))
        uv_timer_start(&net->stopper, on_stopper, 0, STOP_TICK);
}

void net_command(struct net *net, struct fetch *fetch, enum net_command command)
{
    lock_take(&net->lock);
    if (fetch->commands == 0) {
        /* not in the list: to its end, so that requests start in the order they came */
        struct fetch **end = &net->commands;
        while (*end != NULL)
            end = &(*end)->next;
        *end = fetch;
        fetch->next = NULL;
    }
    fetch->commands |= command;
    lock_release(&net->lock);
    uv_async_send(&net->wake);
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, handle->type == UV_POLL ? on_closed : NULL);
}

static void *net_thread_main(void *arg)
{
    struct net *net = arg;
    uv_run(&net->loop, UV_RUN_DEFAULT);
    curl_multi_cleanup(net->multi);
    net->multi = NULL;
    uv_walk(&net->loop, close_handle, NULL);
    uv_run(&net->loop, UV_RUN_DEFAULT);
    ASSERT(uv_loop_close(&net->loop) == 0);
    return NULL;
}

static void set_multi_options(struct net *net)
{
    long per_host =
        net->options.max_connections_per_host == 0 ? 4 : net->options.max_connections_per_host;
    long total = net->options.max_connections == 0 ? 64 : net->options.max_connections;
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(net->multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
    curl_multi_setopt(net->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
    curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, total);
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_ALL);
}

int net_start(const struct net_options *options, struct net **ret_net, struct err *err)
{
    pthread_once(&curl_once, init_curl);
    struct net *net = calloc(1, sizeof(*net));
    if (net == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    net->magic = NET_MAGIC;
    net->options = *options;
    if (options->ca_file != NULL && (net->ca_file = strdup(options->ca_file)) == NULL) {
        free(net);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    str_copy(net->user_agent, sizeof(net->user_agent),
             options->user_agent == NULL ? "Hearth/" HEARTH_VERSION : options->user_agent);
    pthread_mutex_init(&net->lock, NULL);
    net->paused = backoff_create();
    net->multi = curl_multi_init();
    if (net->paused == NULL || net->multi == NULL || uv_loop_init(&net->loop) != 0) {
        curl_multi_cleanup(net->multi);
        backoff_destroy(net->paused);
        free(net->ca_file);
        free(net);
        return err_set(err, HEARTH_ERR_NOMEM, "the HTTP client cannot be made");
    }
    set_multi_options(net);
    uv_async_init(&net->loop, &net->wake, on_wake);
    uv_timer_init(&net->loop, &net->timer);
    uv_timer_init(&net->loop, &net->stopper);
    net->wake.data = net->timer.data = net->stopper.data = net;
    int r = pthread_create(&net->thread, NULL, net_thread_main, net);
    if (r != 0) {
        atomic_store(&net->stop, true);
        uv_async_send(&net->wake);
        net_thread_main(net); /* closes what was made */
        net_destroy(net);
        return thread_failed(err, r, "the network thread");
    }
    pthread_setname_np(net->thread, "net");
    *ret_net = net;
    return 0;
}

void net_stop(struct net *net)
{
    ASSERT(net->magic == NET_MAGIC);
    if (!atomic_exchange(&net->stop, true)) {
        uv_async_send(&net->wake);
        pthread_join(net->thread, NULL);
    }
}

void net_destroy(struct net *net)
{
    if (net == NULL)
        return;
    ASSERT(net->magic == NET_MAGIC && atomic_load(&net->under_way) == 0);
    backoff_destroy(net->paused);
    pthread_mutex_destroy(&net->lock);
    free(net->active);
    free(net->ca_file);
    net->magic = 0;
    free(net);
}

void net_pause_host(struct net *net, const char *host, int64_t ms)
{
    backoff_set(net->paused, host, clock_monotonic() + ms);
}
