#ifndef HEARTH_CORE_PAGES_INTERNAL_H
#define HEARTH_CORE_PAGES_INTERNAL_H

#include "auth/doors.h"
#include "base/buf.h"
#include "base/rate.h"
#include "pages/html.h"
#include "pages/messages.h"
#include "pages/pages.h"
#include "signin/attempts.h"
#include "signin/gate.h"
#include "signin/guesses.h"

enum { FORM_TOKEN_SIZE = 22 + 1 };

struct pages {
    struct pages_options options;
    struct attempts *attempts;
    struct rate *steps;                   /* beginnings and answers, by address: for their cost */
    struct guesses *answers, *codes;      /* wrong ones: passwords, factors; codes that people type */
    struct rate *noted;                   /* refusals that were logged, by address */
    struct gate sso_gates[PAGES_SSO_MAX]; /* to options.sso of that number */
    struct http_route *routes;
    struct page_endpoint *endpoints;
    size_t route_count;
};

/* One request for a page. */
struct page_call {
    struct pages *pages;
    struct http_request *request;
    struct http_reply *reply;
    struct node_stores *stores;   /* NULL on the loop */
    struct signin_worker *signin; /* NULL but on the sign-in pool */
    const char *provider;         /* how the person is signing in, for the audit trail: a provider's name, "link", "code" */
    struct buf html;
    struct err err;
};

struct page_endpoint {
    struct pages *pages;
    void (*run)(struct page_call *call);
    int where; /* enum page_where */
};

enum page_where { PAGE_INLINE, PAGE_STORAGE, PAGE_SIGNIN };

/* --- frame (frame.c) --- */
/* Everything between is the page's own. `refresh`: seconds, then the page is fetched again (or `to`, when not NULL); -1: never. */
void page_begin(struct page_call *call, const char *title, int refresh, const char *to);
void page_close(struct page_call *call);
void page_send(struct page_call *call, int status); /* what was written becomes the reply */
void page_end(struct page_call *call, int status);  /* both */
/* A page that says one thing, with a link onwards (NULL: none). */
void page_message(struct page_call *call, int status, struct hearth_sentence title, struct hearth_sentence text, const char *link,
                  const char *label);
/* Sentences of messages.h (or of a provider) are the only words for a person besides labels of the frame. In the request's arena. */
const char *page_words(struct page_call *call, struct hearth_sentence sentence);
void page_paragraph(struct page_call *call, struct hearth_sentence sentence); /* <p>…</p> */
void page_problem(struct page_call *call, const char *words);                 /* the same, as what went wrong */
void page_redirect(struct page_call *call, const char *url);                  /* 303; url: in the request's arena, or a constant */
void page_error(struct page_call *call);                                      /* of call->err */
void page_another(struct page_call *call);                                    /* 403: the address is that of another identity's account */
void page_not_allowed(struct page_call *call);                                /* 403: [auth] allow does not name the account's address */
void page_slow(struct page_call *call, const char *link);                     /* 503: the server that says who people are does not */
void page_busy(struct page_call *call, const char *link);                     /* 503: this person's sign-in is under way already */
void page_too_many(struct page_call *call, int64_t wait);                     /* 429 */
/* A line of the audit trail: somebody was not let in. reason: a word; email, provider: NULL when nobody said. */
void page_audit_failed(struct page_call *call, const char *reason, const char *email, const char *provider);
/* It came to nothing, and nobody guessed: not for those who count failures. */
void page_audit_ended(struct page_call *call, const char *reason, const char *provider);
/* May this address begin or go on with a sign-in? False: the reply is a 429. For what that costs: who guesses is counted by `guesses`. */
bool page_may_step(struct page_call *call);
void page_cookie(struct page_call *call, const char *name, const char *value, int64_t seconds, const char *same_site);

/* --- forms (form.c) --- */
/* A form is this site's own when its hidden field repeats a cookie that other sites cannot read. */
void form_begin(struct page_call *call, const char *action, const char *next); /* next: NULL, or where to go afterwards */
void form_end(struct page_call *call, const char *label);                      /* with a button */
/* For what begins by following a link of ours: the page that has the link marks the browser, and a request that another site made it send,
 * whatever the method, comes without the mark. */
void form_mark(struct page_call *call);
bool form_is_marked(struct page_call *call);
/* Reads the form of the request; false: it is not ours, the reply says so. */
bool form_read(struct page_call *call);
/* A path of this site to go on to: `text` if it is one, else "/". */
const char *form_next(const char *text);

/* --- signing in --- */
/* From now on the storage has its time anew: what came before was another server's. */
void page_renew_deadline(struct page_call *call);
void signin_page(struct page_call *call);             /* GET /auth/signin */
void signin_begin_post(struct page_call *call);       /* POST /auth/start */
void signin_step_page(struct page_call *call);        /* GET /auth/step */
void signin_step_post(struct page_call *call);        /* POST /auth/step */
void signin_callback(struct page_call *call);         /* GET /auth/callback */
void signin_cancel_post(struct page_call *call);      /* POST /auth/cancel */
void link_page(struct page_call *call);               /* GET /auth/link?t= */
void link_post(struct page_call *call);               /* POST /auth/link */
void code_page(struct page_call *call);               /* GET /auth/code */
void code_post(struct page_call *call);               /* POST /auth/code */
void signout_page(struct page_call *call);            /* GET /auth/signout */
void signout_post(struct page_call *call);            /* POST /auth/signout */
void page_forget_browser(struct page_call *call);     /* its session has ended: cookie, cache and storage go */
void account_page(struct page_call *call);            /* GET /auth/account */
void account_link_post(struct page_call *call);       /* POST /auth/account/link */
void account_browser_post(struct page_call *call);    /* POST /auth/account/browser */
void account_everywhere_post(struct page_call *call); /* POST /auth/account/everywhere */
void sso_begin(struct page_call *call);               /* GET /auth/oidc/NAME */
void sso_callback(struct page_call *call);            /* GET /auth/oidc/callback */

/* --- /basic/ (basic_pages.c) --- */
void basic_home(struct page_call *call);
void basic_tabs(struct page_call *call);
void basic_bookmarks(struct page_call *call);
void basic_history(struct page_call *call);
void basic_search(struct page_call *call);
void opensearch(struct page_call *call); /* GET /opensearch.xml */

/* What a step of the conversation looks like, kept in the attempt (step.c). */
void step_render(struct page_call *call, struct attempt *attempt, const struct hearth_signin_step *step);
/* joins: it is another identity than before, which the operator has joined to the account. */
void step_render_decision(struct page_call *call, struct attempt *attempt, const char *email, bool joins);
/* A sign-in that came to its end, and nobody was let in (refused.c). */
void signin_refused(struct page_call *call, enum signin_outcome outcome);
/* The server belongs to nobody yet: where the set-up code is found (refused.c). `setup`: as it came with the address; NULL. */
void setup_notice(struct page_call *call);
/* ENTER_COMPLETE: at this moment, at the server that says who people are; ENTER_REMEMBERED: there, perhaps by a session of before;
 * ENTER_UNTOLD: the same, but one of this moment was asked for, to go on to what needs it; ENTER_LENT: another browser, or the operator,
 * let them in. */
enum enter_way { ENTER_COMPLETE, ENTER_REMEMBERED, ENTER_UNTOLD, ENTER_LENT };
/* The person has shown who they are: signs their browser in and goes on to `next` (enter.c). node: where the account is. NOT_FOUND: what
 * they have shown (`door`) ended at this moment, and there is no answer yet. */
int enter(struct page_call *call, size_t node, const char *account, const struct door *door, const char *next, enum enter_way way);
/* In a fleet: the browser's next requests come to this node, where its attempt is. */
void stay_here(struct page_call *call);
const char *attempt_cookie_name(const struct page_call *call);

extern const char pages_style[]; /* style.css */

#endif
