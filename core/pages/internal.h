#ifndef HEARTH_CORE_PAGES_INTERNAL_H
#define HEARTH_CORE_PAGES_INTERNAL_H

#include "auth/doors.h"
#include "base/buf.h"
#include "base/rate.h"
#include "pages/html.h"
#include "pages/messages.h"
#include "pages/pages.h"
#include "signin/gate.h"
#include "signin/guesses.h"
#include "signin/pending.h"

/* as http_cookie() takes it: the secret of the pending sign-in */
#define SIGNIN_COOKIE "hearth_signin"

enum { FORM_TOKEN_SIZE = 22 + 1 };

struct pages {
    struct pages_options options;
    struct signin_pending_table *pending_signins;
    struct rate *steps; /* beginnings and answers, by address: for their cost */
    /* wrong ones: passwords, factors; codes that people type */
    struct guesses *answers, *codes;
    struct rate *noted;                   /* refusals that were logged, by address */
    struct gate sso_gates[PAGES_SSO_MAX]; /* to options.sso of that number */
    struct http_route *routes;
    struct view_endpoint *endpoints;
    size_t route_count;
};

/* One request for a page. */
struct view_call {
    struct pages *pages;
    struct http_request *request;
    struct http_reply *reply;
    struct node_storages *storages; /* NULL on the loop */
    struct signin_worker *signin;   /* NULL but on the sign-in pool */
    /* how the person is signing in, for the audit trail: a provider's name, "link", "code" */
    const char *provider;
    const char *form_token; /* of all forms of the page, once there is one */
    struct buf html;
    struct err err;
};

struct view_endpoint {
    struct pages *pages;
    void (*run)(struct view_call *call);
    int where; /* enum view_where */
};

enum view_where { VIEW_INLINE, VIEW_STORAGE, VIEW_SIGNIN };

/* --- frame (frame.c) --- */
/* Everything between is the page's own. `refresh`: seconds, then the page is fetched again (or
 * `to`, when not NULL); -1: never. */
void pages_html_begin(struct view_call *call, const char *title, int refresh, const char *to);
void pages_html_close(struct view_call *call);
void pages_html_send(struct view_call *call, int status); /* what was written becomes the reply */
void pages_html_end(struct view_call *call, int status);  /* both */
/* A page that says one thing, with a link onwards (NULL: none). */
void pages_html_message(struct view_call *call, int status, struct hearth_sentence title,
                        struct hearth_sentence text, const char *link, const char *label);
/* Sentences of messages.h (or of a provider) are the only words for a person besides labels of
 * the frame. In the request's arena. */
const char *pages_html_words(struct view_call *call, struct hearth_sentence sentence);
void pages_html_paragraph(struct view_call *call, struct hearth_sentence sentence); /* <p>…</p> */
/* the same, as what went wrong */
void pages_html_problem(struct view_call *call, const char *words);
/* 303; url: in the request's arena, or a constant */
void pages_redirect(struct view_call *call, const char *url);
/* of call->err */
void pages_html_error(struct view_call *call);
/* 403: the address is that of another identity's account */
void pages_html_another(struct view_call *call);
/* 403: [auth] allow does not name the account's address */
void pages_html_not_allowed(struct view_call *call);
/* 503: the server that says who people are does not */
void pages_html_slow(struct view_call *call, const char *link);
/* 503: this person's sign-in is under way already */
void pages_html_busy(struct view_call *call, const char *link);
void pages_html_too_many(struct view_call *call, int64_t wait); /* 429 */
/* A line of the audit trail: somebody was not let in. reason: a word; email, provider: NULL when
 * nobody said. */
void pages_audit_failed(struct view_call *call, const char *reason, const char *email,
                        const char *provider);
/* It came to nothing, and nobody guessed: not for those who count failures. */
void pages_audit_ended(struct view_call *call, const char *reason, const char *provider);
/* May this address begin or go on with a sign-in? False: the reply is a 429. For what that
 * costs: who guesses is counted by `guesses`. */
bool pages_may_step(struct view_call *call);
void pages_set_cookie(struct view_call *call, const char *name, const char *value, int64_t seconds,
                      const char *same_site);

/* --- forms (form.c) --- */
/* A form is this site's own when its hidden field repeats a cookie that other sites cannot read. */

/* next: NULL, or where to go afterwards */
void pages_form_begin(struct view_call *call, const char *action, const char *next);
/* with a button */
void pages_form_end(struct view_call *call, const char *label);
/* For what begins by following a link of ours: the page that has the link marks the browser, and
 * a request that another site made it send, whatever the method, comes without the mark. */
void pages_form_mark(struct view_call *call);
bool pages_form_is_marked(struct view_call *call);
/* Reads the form of the request; false: it is not ours, the reply says so. */
bool pages_form_read(struct view_call *call);
/* A path of this site to go on to: `text` if it is one, else "/". */
const char *pages_form_next(const char *text);

/* --- signing in --- */
/* From now on the storage has its time anew: what came before was another server's. */
void pages_renew_deadline(struct view_call *call);
void pages_signin_get(struct view_call *call);   /* GET /auth/signin */
void pages_start_post(struct view_call *call);   /* POST /auth/start */
void pages_step_get(struct view_call *call);     /* GET /auth/step */
void pages_step_post(struct view_call *call);    /* POST /auth/step */
void pages_callback_get(struct view_call *call); /* GET /auth/callback */
void pages_cancel_post(struct view_call *call);  /* POST /auth/cancel */
void pages_link_get(struct view_call *call);     /* GET /auth/link?t= */
void pages_link_post(struct view_call *call);    /* POST /auth/link */
void pages_code_get(struct view_call *call);     /* GET /auth/code */
void pages_code_post(struct view_call *call);    /* POST /auth/code */
void pages_signout_get(struct view_call *call);  /* GET /auth/signout */
void pages_signout_post(struct view_call *call); /* POST /auth/signout */
/* its session has ended: cookie, cache and storage go */
void pages_forget_browser(struct view_call *call);
void pages_account_get(struct view_call *call);             /* GET /auth/account */
void pages_account_link_post(struct view_call *call);       /* POST /auth/account/link */
void pages_account_browser_post(struct view_call *call);    /* POST /auth/account/browser */
void pages_account_device_post(struct view_call *call);     /* POST /auth/account/device */
void pages_account_everywhere_post(struct view_call *call); /* POST /auth/account/everywhere */
void pages_remove_get(struct view_call *call);              /* GET /auth/remove */
void pages_remove_post(struct view_call *call);             /* POST /auth/remove */
void pages_removals_get(struct view_call *call);            /* GET /auth/removals */
void pages_removals_allow_post(struct view_call *call);     /* POST /auth/removals/allow */
void pages_sso_get(struct view_call *call);                 /* GET /auth/oidc/NAME */
void pages_sso_callback_get(struct view_call *call);        /* GET /auth/oidc/callback */

/* --- /basic/ (basic_pages.c) --- */
void pages_basic_home_get(struct view_call *call);
void pages_basic_tabs_get(struct view_call *call);
void pages_basic_bookmarks_get(struct view_call *call);
void pages_basic_history_get(struct view_call *call);
void pages_basic_search_get(struct view_call *call);
void pages_opensearch_get(struct view_call *call); /* GET /opensearch.xml */

/* What a step of the flow looks like, kept in the pending sign-in (step.c). */
void pages_step_render(struct view_call *call, struct signin_pending *pending,
                       const struct hearth_signin_step *step);
/* joins: it is another identity than before, which the operator has joined to the account. */
void pages_step_render_decision(struct view_call *call, struct signin_pending *pending,
                                const char *email, bool joins);
/* A sign-in that came to its end, and nobody was let in (refused.c). */
/* somebody else has this browser's sign-in, or nobody knows */
void pages_signin_worked_on(struct view_call *call);
void pages_signin_refused(struct view_call *call, enum signin_outcome outcome);
/* The server belongs to nobody yet: where the set-up code is found (refused.c). `setup`: as it
 * came with the address; NULL. */
void pages_setup_notice(struct view_call *call);
/* SESSION_COMPLETE: at this moment, at the server that says who people are; SESSION_REMEMBERED:
 * there, perhaps by a session of before; SESSION_UNTOLD: the same, but one of this moment was
 * asked for, to go on to what needs it; SESSION_LENT: another browser, or the operator, let them
 * in. */
enum session_origin { SESSION_COMPLETE, SESSION_REMEMBERED, SESSION_UNTOLD, SESSION_LENT };
/* The person has shown who they are: signs their browser in and goes on to `next`
 * (browser_session.c). node: where the account is. NOT_FOUND: what they have shown (`door`)
 * ended at this moment, and there is no answer yet. */
int pages_start_browser_session(struct view_call *call, size_t node, const char *account,
                                const struct door *door, const char *next,
                                enum session_origin origin);
/* In a fleet: the browser's next requests come to this node, where its pending sign-in is. */
void pages_set_node_cookie(struct view_call *call);

extern const char pages_style[]; /* style.css */

#endif
