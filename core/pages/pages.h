/* Pages that the daemon renders: /auth/… (signing in and out) and /basic/… (everything else).
 * They need no script, and look decent where there are style sheets. */
#ifndef HEARTH_CORE_PAGES_PAGES_H
#define HEARTH_CORE_PAGES_PAGES_H

#include "api/api.h"
#include "signin/signin.h"

enum { PAGES_SSO_MAX = 8 };

struct oidc;
struct pages;

struct pages_sso {
    const char *name, *title; /* of [oidc NAME] */
    struct oidc *oidc;
};

struct pages_options {
    struct nodes *nodes; /* borrowed, as is all that follows */
    struct api *api;
    struct signin *signin;
    const struct pages_sso *sso;
    size_t sso_count;
    /* where processes of this node find each other's pending sign-ins; NULL: nowhere */
    const struct signin_shelf *shelf;
    const char *base_url; /* NULL: as the request came */
    struct session_limits sessions;
    /* its workers are struct pages_worker *, which may take their time; else those of the server */
    struct http_pool signin_pool;
    int64_t storage_timeout;
    int64_t step_timeout; /* ms that a provider of single sign-on has for a step */
    /* An account has new credentials. Any thread, may block. */
    void (*signed_in)(void *ctx, const char *account, size_t node);
    void *ctx;
};

/* A thread of the sign-in pool. */
struct pages_worker {
    struct node_storages storages;
    struct signin_worker signin;
};

int pages_create(const struct pages_options *options, struct pages **ret_pages, struct err *err);
void pages_destroy(struct pages *pages); /* accepts NULL */
const struct http_route *pages_routes(const struct pages *pages, size_t *ret_count);

#endif
