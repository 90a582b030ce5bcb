#include "plug/probe.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/outage.h"
#include "base/thread.h"
#include "plug/call.h"

enum {
    PROBE_IDLE = 20,
    PROBE_GAP = 50,
    PROBE_SLACK = 200,
    PROBE_END = 2000,
    PROBE_STACK = 512 * 1024,
    PROBE_QUIET = 60000
};

struct probe {
    struct probes *probes;
    struct probe_backend backend;
    pthread_t thread;
    bool started;
    /* of its own thread; others interrupt it, under `using`, while it is published */
    void *handle;
    void *published; /* under the lock: the handle, to be interrupted */
    int using;       /* under the lock: so many are interrupting it */
    int64_t since;   /* under the lock: monotonic ms when the running probe began; 0: none runs */
    bool late;       /* under the lock: it was said already that this one does not return */
    bool news;       /* under the lock: look now */
    bool once;       /* under the lock: it was probed */
    struct outage outage, impaired;
    atomic_llong ended; /* monotonic ms when the last one was over; 0: there was none */
    /* of its own thread: monotonic ms until which unanswered calls are not told */
    int64_t quiet;
};

struct probes {
    struct probe_options options;
    pthread_mutex_t lock; /* a leaf */
    pthread_cond_t wake;  /* monotonic; for everybody */
    bool stop;
    pthread_t watcher;
    bool watching;
    size_t count;
    size_t running; /* under the lock: threads of items that have not ended */
    bool left;      /* under the lock: they were left behind; the last one frees this */
    struct probe items[];
};

/* plug_breaker_watch()'s: on threads that are about to use the backend. */
static void probe_wake(void *ctx)
{
    struct probe *probe = ctx;
    lock_take(&probe->probes->lock);
    probe->news = true;
    pthread_cond_broadcast(&probe->probes->wake);
    lock_release(&probe->probes->lock);
}

/* It answers, and cannot be written. */
static void probe_report_impaired(struct probe *probe, const struct breaker_view *before,
                                  const struct breaker_view *after)
{
    const char *what = probe->backend.breaker->what;
    /* in another way */
    if (after->code != 0 && after->code != before->code && outage_lasts(&probe->impaired))
        atomic_store(&probe->impaired.since, 0);
    if (after->code != 0)
        outage_begins(&probe->impaired, HEARTH_LOG_ERROR, "plug", "cannot be used in full",
                      LOG_PAIRS(LOG_TEXT("backend", what), LOG_TEXT("error", after->words)));
    else
        outage_ends(&probe->impaired, "plug", "can be used in full again",
                    LOG_TEXT("backend", what));
}

static void probe_report(struct probe *probe, int code, const char *words)
{
    const struct probe_backend *backend = &probe->backend;
    struct breaker_view before, after;
    plug_breaker_look(backend->breaker, &before);
    plug_breaker_probed(backend->breaker, code, words);
    plug_breaker_look(backend->breaker, &after);
    const char *what = backend->breaker->what;
    /* Not whether this probe moved it: calls may have opened it before. */
    if (after.state == BREAKER_OPEN)
        outage_begins(&probe->outage, HEARTH_LOG_ERROR, "plug", "does not answer",
                      LOG_PAIRS(LOG_TEXT("backend", what), LOG_TEXT("error", after.words)));
    else if (outage_ends(&probe->outage, "plug", "answers again", LOG_TEXT("backend", what)))
        atomic_store(&probe->ended, clock_monotonic());
    if (after.state == BREAKER_CLOSED)
        probe_report_impaired(probe, &before, &after);
    if (plug_breaker_is_open(backend->breaker) && backend->hangs != NULL)
        backend->hangs(backend->ctx, backend->index);
}

/* Who had no answer is silent, because the probe knows better. It was answered: then this is
 * told here, once a minute at most, and not when an outage has just ended, of which they may be
 * the last. */
static void probe_tell_unanswered(struct probe *probe, int64_t unanswered, const char *words)
{
    struct breaker *breaker = probe->backend.breaker;
    int64_t now = clock_monotonic();
    bool lately = atomic_load(&probe->ended) != 0 && now - atomic_load(&probe->ended) < PROBE_QUIET;
    if (unanswered == 0 || lately || now < probe->quiet || plug_breaker_is_open(breaker))
        return;
    probe->quiet = now + PROBE_QUIET;
    log_event(HEARTH_LOG_WARNING, "plug", "calls not answered", LOG_TEXT("backend", breaker->what),
              LOG_INT("calls", unanswered), LOG_TEXT("error", words));
}

/* Published while somebody else may interrupt it. */
static void probe_publish(struct probe *probe, void *handle)
{
    struct probes *probes = probe->probes;
    lock_take(&probes->lock);
    probe->published = handle;
    while (handle == NULL && probe->using > 0)
        lock_wait(&probes->wake, &probes->lock);
    lock_release(&probes->lock);
}

static void probe_close_handle(struct probe *probe)
{
    probe_publish(probe, NULL);
    if (probe->handle != NULL)
        probe->backend.handle_close(probe->handle);
    probe->handle = NULL;
}

static int probe_ping(struct probe *probe, struct err *err)
{
    const struct probe_backend *backend = &probe->backend;
    struct call call;
    int r = 0;
    plug_call_init(&call, NULL, probe->probes->options.timeout, 0);
    if (probe->handle == NULL)
        r = plug_call_check(&call,
                            backend->handle_open(backend->self, &call.hearth, &probe->handle), err);
    if (r == 0) {
        probe_publish(probe, probe->handle);
        r = plug_call_check(&call, backend->ping(probe->handle, &call.hearth), err);
    }
    plug_call_fini(&call);
    if (r < 0) /* the next one begins anew */
        probe_close_handle(probe);
    return r;
}

static void probe_mark(struct probe *probe, int64_t since)
{
    lock_take(&probe->probes->lock);
    probe->since = since;
    probe->once |= since == 0;
    probe->late = false;
    pthread_cond_broadcast(&probe->probes->wake);
    lock_release(&probe->probes->lock);
}

/* Until the next probe is due; false: the end. */
static bool probe_pause(struct probe *probe, int64_t began, bool used)
{
    struct probes *probes = probe->probes;
    int64_t interval = probes->options.interval, gap = interval < PROBE_GAP ? interval : PROBE_GAP;
    int64_t due =
        began +
        (used || plug_breaker_is_open(probe->backend.breaker) ? interval : interval * PROBE_IDLE);
    int64_t earliest = clock_monotonic() + gap;
    lock_take(&probes->lock);
    while (!probes->stop) {
        int64_t until = probe->news || due < earliest ? earliest : due;
        if (clock_monotonic() >= until)
            break;
        lock_wait_until(&probes->wake, &probes->lock, until);
    }
    probe->news = false;
    bool go_on = !probes->stop;
    lock_release(&probes->lock);
    return go_on;
}

static void probes_free(struct probes *probes)
{
    pthread_cond_destroy(&probes->wake);
    pthread_mutex_destroy(&probes->lock);
    free(probes);
}

static void *probe_main(void *arg)
{
    struct probe *probe = arg;
    bool used;
    int64_t began;
    do {
        struct err err = {0};
        int64_t unanswered;
        char words[256];
        began = clock_monotonic();
        used = plug_breaker_probing(probe->backend.breaker, &unanswered, words);
        probe_mark(probe, began);
        int r = probe_ping(probe, &err);
        probe_report(probe, r, err.text);
        probe_tell_unanswered(probe, r == 0 ? unanswered : 0, words);
        probe_mark(probe, 0);
    } while (probe_pause(probe, began, used));
    probe_close_handle(probe);
    struct probes *probes = probe->probes;
    lock_take(&probes->lock);
    bool last = --probes->running == 0 && probes->left;
    pthread_cond_broadcast(&probes->wake);
    lock_release(&probes->lock);
    if (last)
        probes_free(probes);
    return NULL;
}

/* --- the watcher: pings that do not return --- */

/* Under the lock, which is given up meanwhile. */
static void probe_is_late(struct probe *probe)
{
    struct probes *probes = probe->probes;
    char words[128];
    void *handle = probe->published;
    probe->late = true;
    probe->using ++;
    lock_release(&probes->lock);
    snprintf(words, sizeof(words), "a ping has not come back within %lld ms",
             (long long)probes->options.timeout);
    probe_report(probe, HEARTH_ERR_TIMEOUT, words);
    if (handle != NULL)
        probe->backend.interrupt(handle);
    lock_take(&probes->lock);
    if (--probe->using == 0)
        pthread_cond_broadcast(&probes->wake);
}

static void *probe_watcher_main(void *arg)
{
    struct probes *probes = arg;
    int64_t patience = probes->options.timeout + PROBE_SLACK;
    lock_take(&probes->lock);
    while (!probes->stop) {
        int64_t now = clock_monotonic(), until = INT64_MAX;
        for (size_t i = 0; i < probes->count; i++) {
            struct probe *probe = &probes->items[i];
            int64_t due = probe->since + patience;
            if (probe->since == 0 || probe->late)
                continue;
            if (due <= now) {
                probe_is_late(probe);
                until = now; /* others may have begun meanwhile: once more */
            } else if (due < until) {
                until = due;
            }
        }
        if (!probes->stop)
            lock_wait_until(&probes->wake, &probes->lock, until);
    }
    lock_release(&probes->lock);
    return NULL;
}

/* --- life --- */

static int probe_thread(pthread_t *ret_thread, bool *ret_started, void *(*main)(void *), void *arg,
                        struct err *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, PROBE_STACK);
    int r = pthread_create(ret_thread, &attributes, main, arg);
    pthread_attr_destroy(&attributes);
    if (r != 0)
        return thread_failed(err, r, "a thread that watches a backend");
    pthread_setname_np(*ret_thread, "probe");
    *ret_started = true;
    return 0;
}

int plug_probes_start(const struct probe_options *options, const struct probe_backend *backends,
                      size_t count, struct probes **ret_probes, struct err *err)
{
    struct probes *probes = calloc(1, sizeof(*probes) + count * sizeof(probes->items[0]));
    if (probes == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    pthread_mutex_init(&probes->lock, NULL);
    lock_init_condition(&probes->wake);
    probes->options = *options;
    probes->count = count;
    int r = 0;
    for (size_t i = 0; i < count; i++) {
        probes->items[i] = (struct probe){.probes = probes, .backend = backends[i]};
        plug_breaker_watch(backends[i].breaker, probe_wake, &probes->items[i]);
    }
    for (size_t i = 0; r == 0 && i < count; i++) {
        lock_take(&probes->lock);
        probes->running++;
        lock_release(&probes->lock);
        r = probe_thread(&probes->items[i].thread, &probes->items[i].started, probe_main,
                         &probes->items[i], err);
        lock_take(&probes->lock);
        probes->running -= r < 0;
        lock_release(&probes->lock);
    }
    if (r == 0)
        r = probe_thread(&probes->watcher, &probes->watching, probe_watcher_main, probes, err);
    if (r < 0)
        plug_probes_stop(probes);
    else
        *ret_probes = probes;
    return r;
}

void plug_probes_await_first(struct probes *probes)
{
    int64_t until = clock_monotonic() + probes->options.timeout * 2;
    bool all = false;
    lock_take(&probes->lock);
    while (!all && clock_monotonic() < until) {
        all = true;
        for (size_t i = 0; i < probes->count; i++)
            all &= probes->items[i].once;
        if (!all)
            lock_wait_until(&probes->wake, &probes->lock, until);
    }
    lock_release(&probes->lock);
}

/* True: all have ended; else the time is over, and the rest is left to itself. */
static bool probes_await_end(struct probes *probes)
{
    int64_t until = clock_monotonic() + probes->options.timeout + PROBE_END;
    lock_take(&probes->lock);
    while (probes->running > 0 && clock_monotonic() < until)
        lock_wait_until(&probes->wake, &probes->lock, until);
    bool all = probes->running == 0;
    for (size_t i = 0; !all && i < probes->count; i++)
        if (probes->items[i].started)
            pthread_detach(probes->items[i].thread);
    probes->left = !all;
    lock_release(&probes->lock);
    return all;
}

static void probes_interrupt(struct probes *probes)
{
    for (size_t i = 0; i < probes->count; i++) {
        struct probe *probe = &probes->items[i];
        lock_take(&probes->lock);
        void *handle = probe->published;
        probe->using += handle != NULL;
        lock_release(&probes->lock);
        if (handle == NULL)
            continue;
        probe->backend.interrupt(handle);
        lock_take(&probes->lock);
        if (--probe->using == 0)
            pthread_cond_broadcast(&probes->wake);
        lock_release(&probes->lock);
    }
}

bool plug_probes_stop(struct probes *probes)
{
    if (probes == NULL)
        return true;
    for (size_t i = 0; i < probes->count; i++)
        plug_breaker_watch(probes->items[i].backend.breaker, NULL, NULL);
    lock_take(&probes->lock);
    probes->stop = true;
    pthread_cond_broadcast(&probes->wake);
    lock_release(&probes->lock);
    if (probes->watching)
        pthread_join(probes->watcher, NULL);
    probes_interrupt(probes);
    if (!probes_await_end(probes))
        return false;
    for (size_t i = 0; i < probes->count; i++)
        if (probes->items[i].started)
            pthread_join(probes->items[i].thread, NULL);
    probes_free(probes);
    return true;
}
