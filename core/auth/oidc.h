/* OpenID Connect: who somebody is, according to a provider that the operator chose (code flow
 * with PKCE). It says nothing about Sync, so it opens accounts that are here already.
 *
 * A struct oidc is one provider; any thread. Discovery (a day) and keys are remembered. */
#ifndef HEARTH_CORE_AUTH_OIDC_H
#define HEARTH_CORE_AUTH_OIDC_H

#include <stdbool.h>
#include "base/err.h"
#include "plug/call.h"

struct net;
struct oidc;

enum {
    OIDC_SECRET_SIZE = 43 + 1,
    OIDC_URL_SIZE = 4096,
    OIDC_EMAIL_SIZE = 256,
    OIDC_SUBJECT_SIZE = 256
};

struct oidc_config {
    const char *name;                      /* of the [oidc NAME] section */
    const char *issuer;                    /* exactly as the provider calls itself */
    const char *client_id, *client_secret; /* secret NULL: a public client */
    const char *scopes;
    bool insecure_http;     /* allow plain http to other machines */
    bool private_addresses; /* the provider may name endpoints on addresses that are not public */
};

/* Nothing is asked yet. Texts are borrowed; they live as long as the configuration. INVALID: an
 * unusable address, or something missing. */
int auth_oidc_create(const struct oidc_config *config, struct net *net, struct oidc **ret_oidc,
                     struct err *err);
void auth_oidc_destroy(struct oidc *oidc); /* accepts NULL */
const char *auth_oidc_issuer(const struct oidc *oidc);

/* One sign-in, bound by the caller to a browser, and wiped. */
struct oidc_attempt {
    char state[OIDC_SECRET_SIZE], nonce[OIDC_SECRET_SIZE], verifier[OIDC_SECRET_SIZE];
    int64_t began; /* seconds */
    bool fresh;    /* the provider was asked to let nobody in by a session of before */
};

/* What the callback brought, decoded; NULL: absent. */
struct oidc_answer {
    const char *code, *state, *error, *iss;
};

struct oidc_person {
    char subject[OIDC_SUBJECT_SIZE]; /* `sub`: who it is at this issuer, for good */
    char email[OIDC_EMAIL_SIZE];     /* ""; may change, and belong to somebody else later */
    bool email_verified;
    bool fresh;  /* signed in there for this, as the provider says */
    bool untold; /* it was asked when that was, and does not say */
};

/* The address to send the browser to. fresh: the provider shall ask for the password, also who
 * is signed in there. UNAVAILABLE, TIMEOUT: the provider does not answer, or wants a pause
 * (retry_after); INVALID: it is not what the configuration says. */
int auth_oidc_begin(struct oidc *oidc, struct call *call, const char *callback, bool fresh,
                    struct oidc_attempt *ret_attempt, char ret_url[OIDC_URL_SIZE], struct err *err);
/* DENIED: the person declined, the provider let them in by a session of before although it was
 * asked not to, or something about the answer is not right; the text says what, for the log. */
int auth_oidc_finish(struct oidc *oidc, struct call *call, const char *callback,
                     const struct oidc_attempt *attempt, const struct oidc_answer *answer,
                     struct oidc_person *ret_person, struct err *err);

#endif
