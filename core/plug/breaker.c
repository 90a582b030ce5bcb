/* 3 calls in a row without an answer, or a probe without one
 *   CLOSED --------------------------------------------------------> OPEN
 *      ^                                                              |
 *      +--------------------------------------------------------------+
 *                        a probe that is answered
 *
 * There is no half-open state: no person's request is used to find out whether a backend is
 * back. */
#include "plug/breaker.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "base/str.h"

enum breaker_event { EVENT_NO_ANSWERS, EVENT_PROBE_ANSWERED, EVENT_PROBE_UNANSWERED };

enum { RETRY_AFTER = 5000 };

static const enum breaker_state breaker_moves[2][3] = {
    [BREAKER_CLOSED] =
        {
            [EVENT_NO_ANSWERS] = BREAKER_OPEN,
            [EVENT_PROBE_ANSWERED] = BREAKER_CLOSED,
            [EVENT_PROBE_UNANSWERED] = BREAKER_OPEN,
        },
    [BREAKER_OPEN] =
        {
            [EVENT_NO_ANSWERS] = BREAKER_OPEN,
            [EVENT_PROBE_ANSWERED] = BREAKER_CLOSED,
            [EVENT_PROBE_UNANSWERED] = BREAKER_OPEN,
        },
};

void plug_breaker_init(struct breaker *breaker, const char *what)
{
    *breaker = (struct breaker){.since = clock_monotonic()};
    str_copy(breaker->what, sizeof(breaker->what), what);
    pthread_mutex_init(&breaker->lock, NULL);
}

/* Series of /metrics, found once: failing calls are counted without a lock. */
struct breaker_metrics {
    struct metric *closed, *open, *impaired, *up, *trips, *reconnects, *other;
    struct {
        int code;
        struct metric *count;
    } errors[8];
};

/* Of other codes than these it is the caller's business: nothing found, a conflict. */
static const struct {
    int code;
    const char *name;
} measured_codes[] = {
    {HEARTH_ERR_UNAVAILABLE, "unavailable"},
    {HEARTH_ERR_TIMEOUT, "timeout"},
    {HEARTH_ERR_UNCERTAIN, "uncertain"},
    {HEARTH_ERR_IO, "io"},
    {HEARTH_ERR_FULL, "full"},
    {HEARTH_ERR_CORRUPT, "corrupt"},
    {HEARTH_ERR_DENIED, "denied"},
    {HEARTH_ERR_INTERNAL, "internal"},
};

static void breaker_show(const struct breaker *breaker, enum breaker_state state, int code)
{
    const struct breaker_metrics *metrics = breaker->metrics;
    if (metrics == NULL)
        return;
    metrics_set(metrics->closed, state == BREAKER_CLOSED && code == 0);
    metrics_set(metrics->impaired, state == BREAKER_CLOSED && code != 0);
    metrics_set(metrics->open, state == BREAKER_OPEN);
    metrics_set(metrics->up, state == BREAKER_CLOSED && code == 0);
}

static void breaker_count_error(const struct breaker *breaker, int code)
{
    const struct breaker_metrics *metrics = breaker->metrics;
    if (metrics == NULL || code >= 0 || code == HEARTH_ERR_NOT_FOUND ||
        code == HEARTH_ERR_CONFLICT || code == HEARTH_ERR_INVALID || code == HEARTH_ERR_CANCELLED ||
        code == HEARTH_ERR_UNSUPPORTED)
        return;
    struct metric *count = metrics->other;
    for (size_t i = 0; i < sizeof(metrics->errors) / sizeof(metrics->errors[0]); i++)
        if (metrics->errors[i].code == code)
            count = metrics->errors[i].count;
    metrics_add(count, 1);
}

void plug_breaker_measure(struct breaker *breaker, const char *backend, const char *node,
                          const char *plugin)
{
    struct breaker_metrics *metrics = calloc(1, sizeof(*metrics));
    if (metrics == NULL || breaker->metrics != NULL) {
        free(metrics);
        return;
    }
    _Static_assert(sizeof(metrics->errors) / sizeof(metrics->errors[0]) ==
                       sizeof(measured_codes) / sizeof(measured_codes[0]),
                   "a place for each");
    metrics->closed = METRIC(BREAKER, backend, node, "closed");
    metrics->open = METRIC(BREAKER, backend, node, "open");
    metrics->impaired = METRIC(BREAKER, backend, node, "impaired");
    metrics->trips = METRIC(BREAKER_TRIPS, backend, node);
    metrics->reconnects = METRIC(RECONNECTS, plugin, node);
    metrics->up = strcmp(backend, "storage") == 0 ? METRIC(NODE_UP, node) : NULL;
    for (size_t i = 0; i < sizeof(measured_codes) / sizeof(measured_codes[0]); i++) {
        metrics->errors[i].code = measured_codes[i].code;
        metrics->errors[i].count = METRIC(BACKEND_ERRORS, plugin, node, measured_codes[i].name);
    }
    metrics->other = METRIC(BACKEND_ERRORS, plugin, node, "other");
    breaker->metrics = metrics;
    breaker_show(breaker, BREAKER_CLOSED, 0);
}

void plug_breaker_fini(struct breaker *breaker)
{
    free(breaker->metrics);
    breaker->metrics = NULL;
    pthread_mutex_destroy(&breaker->lock);
}

void plug_breaker_watch(struct breaker *breaker, void (*wake)(void *ctx), void *ctx)
{
    breaker->wake_ctx = ctx;
    atomic_store(&breaker->wake, wake);
    if (wake != NULL)
        atomic_store(&breaker->watched, true);
}

void plug_breaker_expect_watch(struct breaker *breaker)
{
    atomic_store(&breaker->watched, true);
}

bool plug_breaker_is_open(const struct breaker *breaker)
{
    return breaker != NULL && atomic_load(&breaker->state) == BREAKER_OPEN;
}

/* At most one wake-up between two probes, unless there is news. */
static void breaker_ask_probe(struct breaker *breaker, bool news)
{
    bool before = atomic_load(&breaker->asked) || atomic_exchange(&breaker->asked, true);
    breaker_wake wake = atomic_load(&breaker->wake);
    if (wake != NULL && (news || !before))
        wake(breaker->wake_ctx);
}

int plug_breaker_allows(struct breaker *breaker, struct err *err)
{
    struct breaker_view view;
    if (breaker == NULL)
        return 0;
    if (!plug_breaker_is_open(breaker)) {
        breaker_ask_probe(breaker, false);
        return 0;
    }
    plug_breaker_look(breaker, &view);
    int64_t seconds = (clock_monotonic() - view.since) / 1000;
    err_set(err, HEARTH_ERR_UNAVAILABLE,
            "%s does not answer, for %" PRId64 " s now; it is looked at again every moment. %s",
            breaker->what, seconds, view.words);
    if (err != NULL) {
        err->retry_after = RETRY_AFTER;
        err->told = true;
    }
    return HEARTH_ERR_UNAVAILABLE;
}

/* code, words: what is said of the backend from now on; 0: that it is well. */
static bool breaker_move(struct breaker *breaker, enum breaker_event event, int code,
                         const char *words)
{
    lock_take(&breaker->lock);
    enum breaker_state from = (enum breaker_state)atomic_load(&breaker->state);
    enum breaker_state to = breaker_moves[from][event];
    if (from != to) {
        breaker->since = clock_monotonic();
        breaker->trips += to == BREAKER_OPEN;
        if (breaker->metrics != NULL)
            metrics_add(to == BREAKER_OPEN ? breaker->metrics->trips : breaker->metrics->reconnects,
                        1);
    }
    if (from != to || event != EVENT_NO_ANSWERS) { /* probes have the last word */
        bool known = words != NULL && words[0] != '\0';
        breaker->code = code;
        str_cut(breaker->words, sizeof(breaker->words),
                code == 0 ? ""
                : known   ? words
                          : err_text(code));
    }
    if (to == BREAKER_CLOSED)
        atomic_store(&breaker->failures, 0);
    atomic_store(&breaker->state, to);
    breaker_show(breaker, to, breaker->code);
    lock_release(&breaker->lock);
    return from != to;
}

static bool breaker_says_nothing(int code)
{
    return code == HEARTH_ERR_CANCELLED || code == HEARTH_ERR_NOMEM;
}

static bool breaker_is_answer(int code)
{
    return code != HEARTH_ERR_UNAVAILABLE && code != HEARTH_ERR_TIMEOUT &&
           code != HEARTH_ERR_UNCERTAIN;
}

static bool breaker_probe_found(struct breaker *breaker, int code)
{
    lock_take(&breaker->lock);
    bool found = breaker->code == code;
    lock_release(&breaker->lock);
    return found;
}

static void breaker_count_unanswered(struct breaker *breaker, int code, const char *words)
{
    lock_take(&breaker->lock);
    breaker->unanswered++;
    str_cut(breaker->last, sizeof(breaker->last),
            words != NULL && words[0] != '\0' ? words : err_text(code));
    lock_release(&breaker->lock);
}

bool plug_breaker_note(struct breaker *breaker, int code, const char *words)
{
    if (breaker == NULL)
        return false;
    breaker_count_error(breaker, code);
    if (breaker_says_nothing(code))
        return false;
    if (breaker_is_answer(code)) {
        atomic_store(&breaker->good, clock_monotonic());
        if (atomic_load(&breaker->failures) != 0)
            atomic_store(&breaker->failures, 0);
        return code < 0 && code != HEARTH_ERR_NOT_FOUND && atomic_load(&breaker->wake) != NULL &&
               breaker_probe_found(breaker, code);
    }
    if (atomic_load(&breaker->wake) == NULL || plug_breaker_is_open(breaker))
        return atomic_load(&breaker->watched);
    breaker_count_unanswered(breaker, code, words);
    if (atomic_fetch_add(&breaker->failures, 1) + 1 >= BREAKER_FAILURES)
        breaker_move(breaker, EVENT_NO_ANSWERS, code, words);
    breaker_ask_probe(breaker, true);
    return true;
}

void plug_breaker_note_err(struct breaker *breaker, int code, struct err *err)
{
    bool told = plug_breaker_note(breaker, code, err == NULL ? NULL : err->text);
    if (err != NULL && code < 0)
        err->told |= told;
}

bool plug_breaker_probing(struct breaker *breaker, int64_t *ret_unanswered, char ret_words[256])
{
    lock_take(&breaker->lock);
    *ret_unanswered = breaker->unanswered;
    str_cut(ret_words, sizeof(breaker->last), breaker->last);
    breaker->unanswered = 0;
    lock_release(&breaker->lock);
    return atomic_exchange(&breaker->asked, false);
}

bool plug_breaker_probed(struct breaker *breaker, int code, const char *words)
{
    if (breaker_says_nothing(code))
        return false;
    bool answered = breaker_is_answer(code);
    if (answered)
        atomic_store(&breaker->good, clock_monotonic());
    return breaker_move(breaker, answered ? EVENT_PROBE_ANSWERED : EVENT_PROBE_UNANSWERED, code,
                        words);
}

void plug_breaker_look(struct breaker *breaker, struct breaker_view *ret_view)
{
    lock_take(&breaker->lock);
    ret_view->state = (enum breaker_state)atomic_load(&breaker->state);
    ret_view->since = breaker->since;
    ret_view->good = atomic_load(&breaker->good);
    ret_view->trips = breaker->trips;
    ret_view->code = breaker->code;
    str_cut(ret_view->words, sizeof(ret_view->words), breaker->words);
    lock_release(&breaker->lock);
}
