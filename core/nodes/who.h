/* Who is who: from an identity (who says so, and the name that they have for the person) to the
 * account that it opens. Everybody who lets somebody in asks here: signing in with a provider of
 * Sync, single sign-on, and what a proxy asserts. docs/signing-in.md has the cases.
 *
 * That an operator wants the next sign-in to join an account is an identity of the account, too:
 * issuer "adopt:" and the issuer, subject the e-mail address in lower case, good for an hour
 * after `created`. So is that an identity opened the account until another took its place:
 * issuer "left:", the account's id, ":" and the issuer. It is not linked by its address again.
 * These (and "closed:" of auth/doors.h) go where the account goes, and with it. */
#ifndef HEARTH_CORE_NODES_WHO_H
#define HEARTH_CORE_NODES_WHO_H

#include "nodes/nodes.h"

enum { WHO_TEXT_MAX = 1024 + 1, WHO_ADOPT_LIFE = 3600 * 1000 };

/* What an issuer of identities is called. */
#define WHO_SYNC  "sync:" /* and the name of the section */
#define WHO_OIDC  "oidc:" /* and the issuer */
#define WHO_PROXY "proxy"

struct who {
    const char *issuer, *subject;
    const char *email; /* proven to be the person's; NULL: none is */
    /* with this address alone it may open an account that no other identity of the issuer opens */
    bool links;
    /* for nodes_who_join(): the operator says so here and now; no word of before is needed */
    bool replaces;
};

enum who_is {
    WHO_STRANGER = 1, /* there is no such account */
    WHO_KNOWN,        /* by the identity */
    WHO_LINKS,        /* by the address, for the first time: nodes_who_join() */
    WHO_JOINS,        /* the operator said so: nodes_who_join() */
    WHO_ANOTHER,      /* the address is that of an account which is opened by another identity */
};

/* Not for STRANGER: where the account is, and the account. Texts live until
 * plug_storage_reset() of that node's handle. An error when it cannot be found out because a node
 * does not answer. */
int nodes_who_find(struct node_storages *storages, const struct who *who, enum who_is *ret_is,
                   size_t *ret_node, struct hearth_account *ret_account, struct err *err);
/* A sign-in with this address at this issuer has come: what the operator said of the account, if
 * anything, was for it. nodes_who_join() does this itself. */
int nodes_who_use_word(struct storage *storage, const char *account, const struct who *who,
                       struct err *err);
/* From now on the identity opens the account, and no other of its kind does: there is one of
 * Sync, one of each OpenID issuer, one of the proxy. What the operator said is used up; without
 * it nobody takes another's place. CONFLICT: it opens another account, or another linked this
 * one at the same moment. */
int nodes_who_join(struct storage *storage, const char *account, const struct who *who,
                   struct err *err);
/* Before nodes_who_join() of somebody who takes another's place: every identity of the account
 * ends, and none of them is linked by its address again, but that of Sync (until another one of
 * Sync takes its place). *ret_ended: how many; 0, and nothing was done, when the account has
 * none of the kind of `who`. */
int nodes_who_end_others(struct storage *storage, const char *account, const struct who *who,
                         int *ret_ended, struct err *err);
/* The identity does not open the account any more, and is not linked to it by its address again. */
int nodes_who_end(struct storage *storage, const char *account, const char *issuer,
                  const char *subject, struct err *err);
/* The operator's word: the next one with this address whom the issuer vouches for joins the
 * account. */
int nodes_who_adopt(struct storage *storage, const char *account, const char *issuer,
                    const char *email, struct err *err);
/* Letters of ASCII in lower case. False: "", or longer than WHO_TEXT_MAX. */
bool nodes_who_lower(const char *text, char ret_text[WHO_TEXT_MAX]);

/* An account's identities, copied, to be put again after it was made anew or on another node. */
struct who_kept {
    struct {
        char issuer[WHO_TEXT_MAX + 8], subject[WHO_TEXT_MAX];
        int64_t created;
    } * items;
    size_t count, room;
};

int nodes_who_keep(struct storage *storage, const char *account, struct who_kept *ret_kept,
                   struct err *err);
/* Those whose issuer does not begin with `except` (NULL: all). One that opens another account
 * meanwhile is left out. */
int nodes_who_put_back(struct storage *storage, const char *account, const struct who_kept *kept,
                       const char *except, struct err *err);
void nodes_who_forget(struct who_kept *kept);

#endif
