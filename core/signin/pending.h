/* Sign-ins that are under way in browsers: in memory, bounded, half an hour at most. A pending
 * sign-in belongs to one browser by a secret in its cookie; what the provider handed over is
 * sealed while it lies here, and everything is wiped when it ends.
 *
 *   begin ──► (take ──► work ──► put)* ──► drop
 *
 * Whoever has taken a pending sign-in owns it until it is put back or dropped: a second request
 * of the same browser finds it busy.
 *
 * Where a node has several processes that see one shelf (shelf.h), it lies there between two steps,
 * and any of them goes on with it; its place in the table stays with the process where it began.
 * Without a shelf, or while that does not answer, it lies here. */
#ifndef HEARTH_CORE_SIGNIN_PENDING_H
#define HEARTH_CORE_SIGNIN_PENDING_H

#include <stdbool.h>
#include "base/buf.h"
#include "signin/setup.h"
#include "signin/signin.h"

enum {
    SIGNIN_PENDING_SECRET_SIZE = 43 + 1,
    SIGNIN_PENDING_NEXT_SIZE = 1024,
    SIGNIN_PENDING_LIFE = 30 * 60 * 1000
};

struct signin_pending_table;

struct signin_pending {
    char secret[SIGNIN_PENDING_SECRET_SIZE]; /* the cookie's value */
    size_t provider;
    int method; /* enum hearth_signin_method */
    /* not a flow of steps, but single sign-on with the provider of this number */
    bool sso;
    /* the identity is known, the person decides about the data of the old key */
    bool deciding;
    /* for something elsewhere: the provider is asked again when the page is fetched again */
    bool waits;
    bool returns;    /* the browser comes back to the callback */
    char email[256]; /* as typed; "" */
    /* the set-up code of a server that belongs to nobody yet, as it was shown; "" */
    char setup[SETUP_TYPED_MAX];
    char next[SIGNIN_PENDING_NEXT_SIZE]; /* where to go afterwards */
    struct buf page;                     /* what is shown, made by whoever does the pages */
    void *sealed;                        /* state of the provider, or the identity */
    size_t sealed_size;
    /* `waits`: the provider is not asked before (monotonic), however often the page is fetched */
    int64_t look_at;
    int64_t until; /* monotonic */
    bool shelved;  /* it lies or lay on the shelf */
    /* its person has answered, or was sent to the accounts server: when room is needed, it ends
     * after those of its network that only began */
    bool engaged;
};

struct signin_shelf;

/* NULL when memory is short. shelf: borrowed; NULL: none. With one, what follows may block. */
struct signin_pending_table *signin_pending_table_create(const struct vault *vault, size_t limit,
                                                         const struct signin_shelf *shelf);
void signin_pending_table_destroy(struct signin_pending_table *pending_signins); /* accepts NULL */
/* A new one, taken, of somebody at this address. One network (the widest of rate_networks()) has
 * a quarter of the room, and then ends its own; when there is no room, one of the network that
 * has most of them ends: of those that only began the oldest, else the oldest. NULL when memory
 * is short. */
struct signin_pending *signin_pending_begin(struct signin_pending_table *pending_signins,
                                            const char *address);
/* NULL: never was, or is over. *ret_busy: another request works on it. */
struct signin_pending *signin_pending_take(struct signin_pending_table *pending_signins,
                                           const char *secret, bool *ret_busy);
void signin_pending_put(struct signin_pending_table *pending_signins,
                        struct signin_pending *pending);
/* one that was taken; accepts NULL */
void signin_pending_drop(struct signin_pending_table *pending_signins,
                         struct signin_pending *pending);
void signin_pending_free(struct signin_pending *pending); /* wipes; accepts NULL */
/* What a step handed over, sealed; and back, on the heap: auth_vault_free(). */
int signin_pending_seal_state(struct signin_pending_table *pending_signins,
                              struct signin_pending *pending, const void *state, size_t size,
                              struct err *err);
int signin_pending_open_state(struct signin_pending_table *pending_signins,
                              const struct signin_pending *pending, void **ret_state,
                              size_t *ret_size, struct err *err);
/* The same for an identity, while the person decides; its texts lie in *ret_bytes. */
int signin_pending_seal_identity(struct signin_pending_table *pending_signins,
                                 struct signin_pending *pending,
                                 const struct hearth_identity *identity, struct err *err);
int signin_pending_open_identity(struct signin_pending_table *pending_signins,
                                 const struct signin_pending *pending,
                                 struct hearth_identity *ret_identity, void **ret_bytes,
                                 size_t *ret_size, struct err *err);

#endif
