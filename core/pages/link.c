/* /auth/link and /auth/code: this browser is let in by another one. A link is shown before it is
 * used, so that programs that only look at addresses (previews in messengers, virus scanners) do
 * not use it up. */
#include "auth/link.h"

#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "pages/internal.h"
#include "signin/allow.h"

struct found {
    struct hearth_token row;
    struct storage *storage;
    size_t node;
};

/* 0, NOT_FOUND, or why it could not be looked up. */
static int link_find(struct view_call *call, const uint8_t hash[TOKEN_HASH_SIZE],
                     struct found *found)
{
    const struct nodes *nodes = call->pages->options.nodes;
    struct err why = {0};
    found->node = nodes->own;
    found->storage = nodes_storages_get(call->storages, nodes->own, &call->err);
    if (found->storage == NULL)
        return call->err.code;
    int r = auth_link_look(found->storage, hash, &found->row, &call->err);
    if (r != HEARTH_ERR_NOT_FOUND || nodes->count < 2)
        return r;
    if (nodes_storages_by_token(call->storages, hash, &found->node, &why) != 0)
        return r;
    found->storage = nodes_storages_get(call->storages, found->node, &call->err);
    return found->storage == NULL ? call->err.code
                                  : auth_link_look(found->storage, hash, &found->row, &call->err);
}

static void link_refuse_over(struct view_call *call, int r)
{
    if (r == HEARTH_ERR_NOT_FOUND)
        pages_html_message(call, 410, pages_says_title_link_over(),
                           pages_says_link_over(hearth_duration_of(LINK_LIFE)), "/auth/signin",
                           "Sign in another way");
    else
        pages_html_error(call);
}

static int email_of(struct view_call *call, const struct found *found, const char **ret_email)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(found->storage, &call->err, account_get, found->row.account, &account);
    if (r == 0)
        *ret_email = account.email;
    return r;
}

/* Whoever let them in (the operator, or a browser of before) did so for an account that may not
 * be signed in to now. */
static void link_refuse_barred(struct view_call *call, const struct found *found, const char *email)
{
    metrics_add(METRIC(SIGNIN_FAILURES, "refused"), 1);
    log_audit("sign-in refused", LOG_TEXT("address", call->request->remote),
              LOG_TEXT("account", found->row.account), LOG_TEXT("email", email),
              LOG_TEXT("provider", found->row.scope == HEARTH_TOKEN_CODE ? "code" : "link"),
              LOG_TEXT("reason", ALLOW_REFUSED));
    pages_html_not_allowed(call);
}

/* A link has 256 random bits: a wrong one is no guess, and other sites can make a browser ask
 * for as many as they like. So none is counted. */
void pages_link_get(struct view_call *call)
{
    const char *secret = http_parameter(call->request, "t"), *email = NULL;
    uint8_t hash[TOKEN_HASH_SIZE];
    struct found found;
    int r = secret != NULL && auth_token_hash(HEARTH_TOKEN_LINK, secret, hash)
                ? link_find(call, hash, &found)
                : HEARTH_ERR_NOT_FOUND;
    if (r == 0)
        r = email_of(call, &found, &email);
    if (r < 0) {
        link_refuse_over(call, r);
        return;
    }
    if (!signin_may(call->pages->options.signin, email)) {
        link_refuse_barred(call, &found, email);
        return;
    }
    pages_html_begin(call, pages_html_words(call, pages_says_title_link()), -1, NULL);
    pages_html_paragraph(call, pages_says_link(email));
    pages_form_begin(call, "/auth/link", pages_form_next(http_parameter(call->request, "next")));
    pages_html_put(&call->html, "<div><input type=\"hidden\" name=\"t\" value=\"%s\"></div>\n",
                   secret);
    pages_form_end(call, "Sign in");
    pages_html_end(call, 200);
}

static void link_use(struct view_call *call, const uint8_t hash[TOKEN_HASH_SIZE])
{
    struct found found;
    struct door door = {.kind = DOOR_BROWSER};
    char account[40];
    const char *next = pages_form_next(http_parameter(call->request, "next"));
    int r = link_find(call, hash, &found);
    const char *email;
    if (r == 0)
        r = email_of(call, &found, &email);
    if (r == 0 && !signin_may(call->pages->options.signin, email)) {
        link_refuse_barred(call, &found, email);
        return;
    }
    if (r == 0) {
        snprintf(account, sizeof(account), "%s", found.row.account);
        door.created = found.row.created;
        r = auth_link_take(found.storage, &found.row, &call->err);
    }
    if (r < 0)
        link_refuse_over(call, r);
    else if (pages_start_browser_session(call, found.node, account, &door, next, SESSION_LENT) ==
             HEARTH_ERR_NOT_FOUND)
        link_refuse_over(call, HEARTH_ERR_NOT_FOUND);
}

void pages_link_post(struct view_call *call)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    if (!pages_form_read(call))
        return;
    const char *secret = http_parameter(call->request, "t");
    call->provider = "link";
    if (secret != NULL && auth_token_hash(HEARTH_TOKEN_LINK, secret, hash))
        link_use(call, hash);
    else
        link_refuse_over(call, HEARTH_ERR_NOT_FOUND);
}

static void code_form(struct view_call *call, int status, const char *problem)
{
    pages_html_begin(call, pages_html_words(call, pages_says_title_code()), -1, NULL);
    if (problem != NULL)
        pages_html_problem(call, problem);
    pages_html_paragraph(call, pages_says_code());
    pages_form_begin(call, "/auth/code", pages_form_next(http_parameter(call->request, "next")));
    pages_html_put(&call->html, "<p><label for=\"code\">Code</label><br>\n<input type=\"text\" "
                                "id=\"code\" name=\"code\" class=\"code\" maxlength=\"20\" "
                                "autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" "
                                "required autofocus></p>\n");
    pages_form_end(call, "Sign in");
    pages_html_end(call, status);
}

void pages_code_get(struct view_call *call)
{
    code_form(call, 200, NULL);
}

/* A code has 40 bits and ten minutes. Nobody's wrong codes keep others from typing theirs: a
 * million from a hundred thousand addresses find one with a probability of one in a million. */
static bool code_may_try(struct view_call *call)
{
    int64_t wait = signin_guesses_begin(call->pages->codes, call->request->remote, NULL);
    if (wait > 0) {
        pages_audit_failed(call, "too_many_codes", NULL, "code");
        pages_html_too_many(call, wait);
    }
    return wait == 0;
}

void pages_code_post(struct view_call *call)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    struct found found;
    if (!pages_form_read(call) || !code_may_try(call))
        return;
    const char *typed = http_parameter(call->request, "code");
    int r = typed != NULL && auth_token_hash(HEARTH_TOKEN_CODE, typed, hash)
                ? link_find(call, hash, &found)
                : HEARTH_ERR_NOT_FOUND;
    signin_guesses_end(call->pages->codes, call->request->remote, NULL, r == HEARTH_ERR_NOT_FOUND);
    call->provider = "code";
    if (r == HEARTH_ERR_NOT_FOUND)
        pages_audit_failed(call, "wrong_code", NULL, "code");
    if (r == 0)
        link_use(call, hash);
    else if (r == HEARTH_ERR_NOT_FOUND)
        code_form(call, 403,
                  pages_html_words(call, pages_says_code_wrong(hearth_duration_of(LINK_LIFE))));
    else
        pages_html_error(call);
}
