#ifndef HEARTH_CORE_AUTH_OIDC_INTERNAL_H
#define HEARTH_CORE_AUTH_OIDC_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "auth/oidc.h"
#include "base/buf.h"

enum {
    OIDC_ANSWER_MAX = 64 * 1024,
    OIDC_KEYS_MAX = 256 * 1024,
    OIDC_LEEWAY = 60 /* seconds between two clocks */
};

struct oidc {
    struct oidc_config config;
    struct net *net;
    pthread_mutex_t lock; /* guards what follows; a leaf: the documents are fetched without it */
    json_t *document, *keys;
    int64_t document_until, keys_read; /* monotonic ms; 0: not there */
};

/* --- oidc_fetch.c --- */
/* One exchange with a JSON object as its answer. body NULL: GET, else a form. authorization
 * NULL: none. DENIED: status 400 or 401. UNAVAILABLE with retry_after: it asks for a pause, or did
 * before, and is asked nothing until that is over. */
int auth_oidc_fetch(struct oidc *oidc, struct call *call, const char *url,
                    const char *authorization, const char *body, size_t most, json_t **ret_object,
                    struct err *err);
/* https, or http where that is allowed. */
bool auth_oidc_url_is_allowed(const struct oidc *oidc, const char *url);

/* --- oidc_token.c --- */
struct oidc_expected {
    const char *issuer, *client_id, *nonce;
    int64_t now; /* seconds */
};

/* Checks a compact JWS against a key set and what is expected of it. *ret_claims: json_decref().
 * NOT_FOUND: no key of its id; DENIED: the text says which rule it breaks (OpenID Connect Core,
 * 3.1.3.7). */
int auth_oidc_verify_token(const char *token, const json_t *keys,
                           const struct oidc_expected *expected, json_t **ret_claims,
                           struct err *err);

#endif
