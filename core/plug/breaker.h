/* A circuit breaker for one backend: the storage of a node, the queue. Who is about to ask a
 * backend that does not answer learns so at once instead of waiting for a deadline.
 *
 * Any thread may call anything but init and fini. Nothing here blocks, calls a plugin, or does
 * I/O: the states are atomics, the words are kept under a leaf lock, and `wake` is called under
 * none. Every function accepts NULL for the breaker where it says so: a backend that nobody
 * watches. */
#ifndef HEARTH_CORE_PLUG_BREAKER_H
#define HEARTH_CORE_PLUG_BREAKER_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/err.h"

struct breaker_metrics;

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN };

/* So many calls in a row without an answer open it; one alone asks for a probe, which knows better:
 * a statement may be slow, or meet another one, in a database that is well. */
enum { BREAKER_FAILURES = 3 };

typedef void (*breaker_wake)(void *ctx);

struct breaker {
    char what[96];       /* constant; begins sentences: "the storage of node alder" */
    atomic_int state;    /* enum breaker_state; written under the lock, read without */
    atomic_int failures; /* calls in a row that had no answer */
    /* somebody used the backend, or wants it looked at, since the last probe */
    atomic_bool asked;
    atomic_llong good;    /* monotonic ms of the last answer; 0: there was none yet */
    pthread_mutex_t lock; /* a leaf; guards what follows */
    int64_t since;        /* monotonic ms: in this state since */
    /* what opened it, or the outcome of the newest probe; 0: it is well */
    int code;
    char words[256];    /* its text; "" */
    int64_t unanswered; /* calls since the last probe began */
    char last[256];     /* the words of the last of these */
    int64_t trips;      /* how often it was opened */
    /* set while threads use it already; NULL: nobody probes, and calls never open it */
    _Atomic(breaker_wake) wake;
    void *wake_ctx;                  /* constant once `wake` is set */
    atomic_bool watched;             /* who probes tells of outages */
    struct breaker_metrics *metrics; /* constant; NULL: they are nobody's concern */
};

/* What is known of a backend; for /readyz and logs. It is ready when it is closed, `code` is 0 and
 * `good` is not. CLOSED with a code: it answers, but its probe found that it cannot be written. */
struct breaker_view {
    enum breaker_state state;
    int64_t since, good; /* monotonic ms, as above */
    int64_t trips;
    int code;
    char words[256];
};

void plug_breaker_init(struct breaker *breaker, const char *what);
void plug_breaker_fini(struct breaker *breaker);
/* Who probes it. wake(ctx) runs on threads that are about to call the backend, at most once between
 * two probes, and once more when a call had no answer: it must only wake somebody. */
void plug_breaker_watch(struct breaker *breaker, void (*wake)(void *ctx), void *ctx);
/* Before threads use it: its probe, which begins later and ends before others do, tells of
 * outages. */
void plug_breaker_expect_watch(struct breaker *breaker);

/* Before threads use it: /metrics shows it from now on. backend: "storage" or "queue"; node: its
 * name, "" for the queue; plugin: "storage-pg". Without memory it is not shown. */
void plug_breaker_measure(struct breaker *breaker, const char *backend, const char *node,
                          const char *plugin);

/* Before a call. 0: go on. UNAVAILABLE at once while it is open, with words: what does not answer,
 * since when, why; retry_after is set. NULL breaker: 0. */
int plug_breaker_allows(struct breaker *breaker, struct err *err);
bool plug_breaker_is_open(const struct breaker *breaker); /* NULL breaker: false */
/* After a call. Every code but UNAVAILABLE, TIMEOUT and UNCERTAIN is an answer (CANCELLED and
 * NOMEM are neither: they say nothing of the backend). words: the error's text; NULL. NULL
 * breaker: nothing happens. True: the failure is told by who probes (err.told): there was no
 * answer, or it is what the last probe found as well. */
bool plug_breaker_note(struct breaker *breaker, int code, const char *words);
/* The same, into err->told. */
void plug_breaker_note_err(struct breaker *breaker, int code, struct err *err);

/* For the one who probes. Begins a probe; true: somebody used the backend since the last one.
 * ret_unanswered: so many calls had no answer since then, the last of them with these words. */
bool plug_breaker_probing(struct breaker *breaker, int64_t *ret_unanswered, char ret_words[256]);
/* How it went. UNAVAILABLE, TIMEOUT, UNCERTAIN open, CANCELLED and NOMEM change nothing,
 * everything else closes: what answers can be read, even if, as an error says, it cannot be
 * written. True: moved. */
bool plug_breaker_probed(struct breaker *breaker, int code, const char *words);

void plug_breaker_look(struct breaker *breaker, struct breaker_view *ret_view);

#endif
