#ifndef HEARTH_CORE_SIGNIN_INTERNAL_H
#define HEARTH_CORE_SIGNIN_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "nodes/who.h"
#include "signin/gate.h"
#include "signin/signin.h"

struct signin {
    struct signin_options options;
    /* To the provider of that number: for steps, and for beginnings, most of which ask nobody. */
    struct gate gates[SIGNIN_PROVIDERS_MAX], start_gates[SIGNIN_PROVIDERS_MAX];
    atomic_bool password;        /* offered where a provider has it */
    atomic_bool owned;           /* once it is, it stays so */
    pthread_mutex_t lock;        /* a leaf; guards what follows */
    struct finishing *finishing; /* whose sign-ins are being finished */
};

enum { SIGNIN_EMAIL_MAX = 255 };

/* There is one first person, whatever happens at the same moment in other processes: the account
 * has an id of its own, on the node that this id belongs to, and the database makes no second
 * one. */
#define FINISH_FIRST_ID "first"

/* A sign-in that came to its end, while it is worked on. */
struct signin_finish {
    struct signin_worker *worker;
    struct node_storages *storages;
    const struct signin_end *end;
    const struct hearth_identity *identity; /* end->identity */
    struct storage *storage;                /* of the account's node */
    size_t node;
    char issuer[sizeof(WHO_SYNC) + 64];
    bool joins; /* the operator said that this identity takes the place of the one before */
    bool first; /* becomes the first person of the server: FINISH_FIRST_ID */
    /* of the account that is known */
    char provider[64], email[SIGNIN_EMAIL_MAX + 1], placement[WHO_TEXT_MAX];
};

const char *signin_finish_provider(const struct signin_finish *f); /* the name of its section */
struct who signin_finish_who(const struct signin_finish *f);

/* --- what becomes of the account (account.c) --- */
/* Has its key become another one? Its old credentials say which it was. */
int signin_finish_key_changed(struct signin_finish *f, const char *account, bool *ret_changed,
                              struct err *err);
int signin_finish_make(struct signin_finish *f, const char *id, struct err *err);
int signin_finish_renew(struct signin_finish *f, const char *id, struct err *err);
/* With the key of before everything goes but how else the person signs in. id: of the account
 * that takes its place, another one than `before`: a sync that is under way stores nothing in
 * it. */
int signin_finish_start_over(struct signin_finish *f, const char *before, const char *id,
                             struct err *err);

/* The worker's handle of a provider. */
int signin_handle(struct signin_worker *worker, size_t provider, void **ret_handle,
                  struct err *err);

#endif
