/* Push messages (docs/api.md): an app that has no stream open registers the endpoint that a push
 * service gave it, and is sent an empty, signed message when something of its account changed.
 *
 * The process that made a change sends: push_note() takes a short lock, everything else is done by
 * a thread of its own, which claims the row in the storage before it sends, so that of several
 * processes one does. What is noted is in memory alone: a message is a hint. */
#ifndef HEARTH_CORE_PUSH_PUSH_H
#define HEARTH_CORE_PUSH_PUSH_H

#include "auth/session.h"
#include "auth/vault.h"
#include "base/arena.h"
#include "jose/jose.h"
#include "net/net.h"
#include "nodes/nodes.h"

struct push;

enum { PUSH_MOST = 10, PUSH_ROWS_MAX = 64 }; /* endpoints of an account; rows that are looked at */

/* ms; [push] has them. */
struct push_pace {
    int64_t interval, connect_timeout, timeout, give_up;
};

struct push_options {
    struct nodes *nodes; /* borrowed, as all of these */
    const struct vault *vault;
    const struct network *allow; /* besides public addresses */
    size_t allow_count;
    const char *contact; /* mailto: or https:; NULL: none */
    const char *ca_file; /* NULL: the system's authorities */
    struct push_pace pace;
    struct session_limits sessions;
    /* May the person of this address have anything? NULL: whoever has an account. Any thread. */
    bool (*admits)(void *ctx, const char *email);
    void *ctx;
};

int push_create(const struct push_options *options, struct push **ret_push, struct err *err);
/* From here on messages are sent; before, changes are noted. */
int push_start(struct push *push, struct err *err);
/* From now on, for what begins. Any thread; accepts NULL. */
void push_set_pace(struct push *push, const struct push_pace *pace);
/* Something of the account changed. Takes a short lock and returns. Any thread; accepts NULL. */
void push_note(struct push *push, const char *account);
/* A storage hangs: who waits for it is interrupted. Any thread, until push_destroy(); accepts
 * NULL. */
void push_interrupt_node(struct push *push, size_t node);
/* Gives up what is under way and joins the threads; accepts NULL. */
void push_stop(struct push *push);
void push_destroy(struct push *push); /* after push_stop(); accepts NULL */

/* --- rows.c: for the services; on a thread with a storage handle --- */

/* May this be an endpoint? */
enum net_outside_fault push_look(const struct push *push, const char *url,
                                 struct net_outside_url *ret_url);
/* The rows of an account whose token is there and not over. Texts are in the arena. */
struct push_rows {
    struct hearth_push items[PUSH_ROWS_MAX];
    size_t count;
};
int push_list(const struct push *push, struct storage *storage, const char *account,
              struct arena *arena, struct push_rows *ret_rows, struct err *err);
/* Registers it for a token: a new row, or the one that has this endpoint. *ret_new: which.
 * CONFLICT: the account has as many as it may have. Of the row the texts are in the arena. */
int push_register(const struct push *push, struct storage *storage, const char *account,
                  int64_t generation, const char *token, const char *url, struct arena *arena,
                  struct hearth_push *ret_row, bool *ret_new, struct err *err);
/* In the arena. DENIED, CORRUPT: as auth_vault_unseal(). */
int push_open_endpoint(const struct push *push, const char *account, const struct hearth_push *row,
                       struct arena *arena, const char **ret_url, struct err *err);

/* --- vapid.c --- */

/* The key pair of a database. NOT_FOUND: it has none yet. Wipe it: jose_ec_key is secret. */
int push_key_get(const struct vault *vault, struct storage *storage, struct jose_ec_key *ret_key,
                 struct err *err);
/* The same, and it is sealed with the newest key of the vault from now on. */
int push_key_look_after(const struct vault *vault, struct storage *storage,
                        struct jose_ec_key *ret_key, struct err *err);
/* The first of a push. */
int push_key_of(const struct push *push, struct storage *storage, struct jose_ec_key *ret_key,
                struct err *err);
/* What it is sealed with was lost: with `replace` a new one takes its place. */
int push_key_make(const struct vault *vault, struct storage *storage, bool replace,
                  struct jose_ec_key *ret_key, struct err *err);
/* "vapid t=…, k=…" (RFC 8292) for the origin of an endpoint. now: ms. */
enum { PUSH_AUTHORIZATION_SIZE = 1600, PUSH_TOKEN_LIFE = 12 * 3600 };
int push_authorization(const struct jose_ec_key *key, const char *origin, const char *contact,
                       int64_t now, char ret_text[PUSH_AUTHORIZATION_SIZE], struct err *err);

#endif
