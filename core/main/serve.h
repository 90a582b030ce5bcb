/* What the files of `hearthd serve` share: serve.c is its life, serve_web.c the role web. */
#ifndef HEARTH_CORE_MAIN_SERVE_H
#define HEARTH_CORE_MAIN_SERVE_H

#include "api/api.h"
#include "main/app.h"
#include "pages/app.h"
#include "pages/pages.h"
#include "pool/pool.h"
#include "search/search.h"

enum { ROLE_WEB = 1, ROLE_WORKER = 2, ROLE_SCHEDULER = 4, ROLE_ALL = 7 };

struct daemon {
    struct app app;
    unsigned roles;
    int lock;
    struct jobs *jobs;
    struct search *search;
    struct api_refresher *refresher;
    struct api *api;
    struct pool *pool;
    struct signin *signin; /* signing in: role web only */
    struct pool *signin_pool;
    struct pages *pages;
    struct app_server *web_app;
    struct pages_sso sso[PAGES_SSO_MAX]; /* single sign-on */
    size_t sso_count;
    struct http_server *http;
    _Atomic(struct http_server *) listens; /* the same, for the events thread, which runs before the server does */
    struct http_route *routes, *internal_routes;
    char spool[4096], control[4200];
};

/* In this order, after the queue and the providers are there; each is undone by serve.c's stop(). */
int serve_create_api(struct daemon *d, struct err *err);
int serve_create_pool(struct daemon *d, struct err *err);
int serve_create_pages(struct daemon *d, struct err *err);
int serve_start_http(struct daemon *d, struct err *err);

#endif
