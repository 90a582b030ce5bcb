/* What the files of `hearthd serve` share: serve.c is its life, serve_web.c the role web. */
#ifndef HEARTH_CORE_MAIN_SERVE_H
#define HEARTH_CORE_MAIN_SERVE_H

#include "api/api.h"
#include "main/app.h"
#include "pages/app.h"
#include "pages/pages.h"
#include "plug/probe.h"
#include "pool/pool.h"
#include "search/search.h"

enum { ROLE_WEB = 1, ROLE_WORKER = 2, ROLE_SCHEDULER = 4, ROLE_ALL = 7 };

struct daemon {
    struct app app;
    unsigned roles;
    int lock;
    struct breaker queue_breaker;
    struct probes *probes;
    struct jobs *jobs;
    struct search *search;
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
int serve_start_probes(struct daemon *d, struct err *err);
int serve_start_http(struct daemon *d, struct err *err);
/* What probes know, for /readyz; api_options.readiness. Never blocks. */
void serve_readiness(void *daemon, struct buf *reasons, struct buf *queue);

/* The end of the process has a deadline: `drain` ms for answers under way, and SERVE_STOP_MORE for everything else. Then the log says what
 * hangs (the newest serve_stop_step()), and the process ends all the same: what is stored is safe with the databases, everything else is
 * taken up again at the next start. Call once; serve_stop_done() when everything has ended in time. */
enum { SERVE_STOP_MORE = 8000 };
void serve_stop_guard(int64_t drain);
void serve_stop_step(const char *what);
void serve_stop_done(void);

#endif
