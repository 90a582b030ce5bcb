/* What the files of `hearthd serve` share: serve.c is its life, serve_web.c the role web. */
#ifndef HEARTH_CORE_MAIN_SERVE_H
#define HEARTH_CORE_MAIN_SERVE_H

#include "api/api.h"
#include "http/http.h"
#include "main/app.h"
#include "pages/app.h"
#include "pages/pages.h"
#include "plug/probe.h"
#include "pool/pool.h"
#include "push/push.h"
#include "search/search.h"

enum { ROLE_WEB = 1, ROLE_WORKER = 2, ROLE_SCHEDULER = 4, ROLE_ALL = 7 };

struct daemon {
    struct app app;        /* its configuration is the one of the start */
    struct conf *reloaded; /* what a reload has applied is from here; NULL: there was none */
    unsigned roles;        /* [hearth] roles */
    int lock;
    struct breaker queue_breaker;
    struct probes *probes;
    struct jobs *jobs;
    struct search *search;
    struct api_refresher *refresher;
    struct api *api;
    struct push *push; /* NULL: none are sent */
    struct pool *pool, *export_pool;
    struct signin *signin; /* signing in: role web only */
    struct pool *signin_pool;
    struct pages *pages;
    struct app_server *web_app;
    struct pages_sso sso[PAGES_SSO_MAX]; /* single sign-on */
    size_t sso_count;
    struct http_server *http;
    /* the same, for the events thread, which runs before the server does */
    _Atomic(struct http_server *) listens;
    /* http_address() of the first listener for browsers; NULL: there is none */
    const char *people_come_to;
    struct http_route *routes;
    char control[4200];
    size_t check_accounts;
    bool check_runs; /* of `hearthd check`: another hearthd is at work here */
    bool check_ready[NODES_MAX];
    struct buf check_notes;
};

/* Do backends and roles go together? Those that are not open are not asked. */
int main_serve_check_split(const struct daemon *d, struct err *err);
/* the same of one, of roles that are not all of them */
int main_serve_check_shared(const struct hearth_plugin *plugin, struct err *err);
/* may the process open enough of them? */
int main_serve_check_files(const struct daemon *d, struct err *err);
/* whose people are served? */
int main_serve_check_own_node(const struct daemon *d, struct err *err);
/* The listeners of this process's roles, its control socket last; ret: CONF_LISTEN_MAX + 1. */
size_t main_serve_listeners(struct daemon *d, struct http_listener *ret);
int main_serve_add_sso(struct daemon *d, const struct conf_section *section, struct err *err);
void main_serve_fini_sso(struct daemon *d);
/* "FILE: the certificate ends on …" */
void main_serve_certificate_words(const char *file, int64_t ends, struct buf *ret_words);
/* In this order, after the queue and the providers are there; each is undone by serve.c's
 * stop(). */
int main_serve_create_export_pool(struct daemon *d, struct err *err);
int main_serve_create_api(struct daemon *d, struct err *err);
int main_serve_create_push(struct daemon *d, struct err *err);
int main_serve_create_pool(struct daemon *d, struct err *err);
int main_serve_create_pages(struct daemon *d, struct err *err);
int main_serve_start_probes(struct daemon *d, struct err *err);
int main_serve_start_http(struct daemon *d, struct err *err);
/* Of [web], what http_set_limits() takes. */
void main_serve_limits(const struct conf *conf, struct http_options *options);
/* Of [push], what push_set_pace() takes. */
struct push_pace main_serve_push_pace(const struct conf *conf);
/* Reads the whole configuration again and applies what can be applied while everything goes on;
 * the log says what, and what needs a restart. A fault changes nothing. Main thread. */
void main_serve_reload(struct daemon *d, const struct cli *cli);
/* whatever requests wait for, in the storages and at other servers; for main_serve_stop_guard() */
void main_serve_interrupt_people(void *daemon);
/* every sync plugin forgets it */
void main_serve_account_removed(void *daemon, const char *account);
/* /metrics begins: what this process is, and when there was a backup. */
void main_serve_measure(struct daemon *d);
/* Its backends have breakers, which it shows. */
void main_serve_measure_backends(struct daemon *d);
/* What probes know, for /readyz; api_options.readiness. Never blocks. */
void main_serve_readiness(void *daemon, struct buf *reasons, struct buf *queue);

/* The end of the process has a deadline: `drain` ms for answers under way, and SERVE_STOP_MORE
 * for everything else. From the end of `drain` until main_serve_stop_drained() hurry(ctx) is
 * called every now and then, on a thread of its own: it interrupts what answers wait for. At the
 * deadline the log says what hangs (the newest main_serve_stop_step()), and the process ends all
 * the same: what is stored is safe with the databases, everything else is taken up again at the
 * next start. Call once; main_serve_stop_done() when everything has ended in time. */
enum { SERVE_STOP_MORE = 8000 };
void main_serve_stop_guard(int64_t drain, void (*hurry)(void *ctx), void *ctx);
void main_serve_stop_step(const char *what);
/* hurry() does not run after that: what it uses may be destroyed */
void main_serve_stop_drained(void);
void main_serve_stop_done(void);

#endif
