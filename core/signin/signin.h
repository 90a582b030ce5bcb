/* Signing in: the flow of steps with a provider, and what comes of it. The web pages and the
 * command line both speak through this. docs/architecture.md ("Signing in") has the picture. */
#ifndef HEARTH_CORE_SIGNIN_SIGNIN_H
#define HEARTH_CORE_SIGNIN_SIGNIN_H

#include "conf/conf.h"
#include "hearth/sync.h"
#include "nodes/nodes.h"
#include "plug/call.h"
#include "signin/gate.h"

/* How many threads those who wait for one provider can hold up. */
#define SIGNIN_THREADS (2 * GATE_THREADS)

enum { SIGNIN_PROVIDERS_MAX = CONF_SYNC_MAX, SIGNIN_STATE_MAX = 16 * 1024 };

struct vault;
struct signin;

struct signin_provider {
    const char *name; /* of the [sync NAME] section */
    const struct hearth_sync *ops;
    const struct hearth_sync_signin *signin; /* its extensions; NULL: it has not */
    const struct hearth_sync_describe *describe;
    void *self;
};

struct signin_options {
    struct nodes *nodes; /* borrowed, as is all that follows */
    const struct vault *vault;
    struct signin_provider providers[SIGNIN_PROVIDERS_MAX];
    size_t provider_count;
    /* [auth] allow; NULL: who has an account, and the first person of a server that belongs to
     * nobody */
    struct allow *allow;  /* borrowed */
    bool password;        /* offer the method PASSWORD where a provider has it */
    int64_t step_timeout; /* ms for one step; 0: 60,000 */
};

int signin_create(const struct signin_options *options, struct signin **ret_signin,
                  struct err *err);
void signin_destroy(struct signin *signin); /* accepts NULL */
size_t signin_provider_count(const struct signin *signin);
const char *signin_provider_name(const struct signin *signin, size_t provider);
/* of enum hearth_signin_method; 0: none */
uint64_t signin_methods(const struct signin *signin, size_t provider);
/* options.password, from now on. Any thread. */
void signin_set_password(struct signin *signin, bool offered);
const struct vault *signin_vault(const struct signin *signin);

/* What a thread needs: its handles of the providers, opened when they are needed. One sign-in at
 * a time; steps live until the next call. */
struct signin_worker {
    struct signin *signin;
    atomic_bool stop;
    struct call call;
    atomic_uintptr_t handles[SIGNIN_PROVIDERS_MAX];
    /* whom it serves, by which those who wait for a server take turns; NULL: nobody else waits */
    const char *address, *email;
};

void signin_worker_init(struct signin_worker *worker, struct signin *signin);
void signin_worker_close(struct signin_worker *worker);
void signin_worker_interrupt(struct signin_worker *worker); /* any thread */
/* UNAVAILABLE: the server does not answer, or too many wait for it; CONFLICT: this person signs
 * in from there at this moment already. */
int signin_start(struct signin_worker *worker, size_t provider, const struct hearth_signin *what,
                 struct hearth_signin_step *ret_step, struct err *err);
/* The answers may lie in memory that the caller wipes afterwards. */
int signin_next(struct signin_worker *worker, size_t provider, const void *state, size_t state_size,
                const struct hearth_signin_answer *answers, size_t count,
                struct hearth_signin_step *ret_step, struct err *err);

/* Takes the text of an `account import` file. The identity may be without an e-mail address: the
 * caller says whose account it is then. */
int signin_import(struct signin_worker *worker, size_t provider, const char *text,
                  struct hearth_identity *ret_identity, struct err *err);

/* --- what comes of it (finish.c) --- */

enum signin_outcome {
    SIGNIN_IN = 1,  /* the account is there with these credentials and due for a sync */
    SIGNIN_REFUSED, /* this person may not come in here */
    /* there is data of an older key: ask the person, then call again with `keep`. Nothing was
     * changed */
    SIGNIN_KEY_CHANGED,
    /* the address is that of an account which another identity opens: only the operator can join
     * them */
    SIGNIN_ANOTHER,
    /* the server belongs to nobody yet, and its first person needs the set-up code */
    SIGNIN_SETUP_MISSING,
    SIGNIN_SETUP_WRONG, /* the same; it was a wrong one: a guess */
};

enum signin_keep { SIGNIN_KEEP_ASK, SIGNIN_KEEP_DATA, SIGNIN_KEEP_NOTHING };

struct signin_result {
    enum signin_outcome outcome;
    char account[40];
    size_t node;     /* where the account is */
    char before[40]; /* the account whose place it took, which is gone; "" */
    bool created;
    /* this is another identity than before, and the operator has said that it is the same person */
    bool joins;
};

/* Of a sign-in that came to its end. */
struct signin_end {
    size_t provider;
    const struct hearth_identity *identity;
    enum signin_keep keep;
    /* an operator at the command line, whom neither [auth] allow nor the set-up code concern */
    bool trusted;
    const char *setup;   /* the code that was shown; NULL: none */
    const char *address; /* of the client, for the log; NULL */
};

int signin_finish(struct signin_worker *worker, struct node_storages *storages,
                  const struct signin_end *end, struct signin_result *ret_result, struct err *err);
/* May somebody who has an account, with this address, sign in, apart from proving it? For those
 * who sign in by other means than a provider, too. */
bool signin_may(const struct signin *signin, const char *email);
/* Does the server need its set-up code: it belongs to nobody, and takes its first person? */
int signin_needs_setup(struct signin *signin, struct node_storages *storages, bool *ret_needs,
                       struct err *err);

#endif
