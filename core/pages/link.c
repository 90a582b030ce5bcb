/* /auth/link and /auth/code: this browser is let in by another one. A link is shown before it is used, so that programs that only look at
 * addresses (previews in messengers, virus scanners) do not use it up. */
#include "auth/link.h"

#include <string.h>

#include "base/log.h"
#include "pages/internal.h"
#include "signin/allow.h"

struct found {
    struct hearth_token row;
    struct store *store;
    size_t node;
};

/* 0, NOT_FOUND, or why it could not be looked up. */
static int find(struct page_call *call, const uint8_t hash[TOKEN_HASH_SIZE], struct found *found)
{
    const struct nodes *nodes = call->pages->options.nodes;
    struct err why = {0};
    found->node = nodes->own;
    found->store = node_stores_get(call->stores, nodes->own, &call->err);
    if (found->store == NULL)
        return call->err.code;
    int r = link_look(found->store, hash, &found->row, &call->err);
    if (r != HEARTH_ERR_NOT_FOUND || nodes->count < 2)
        return r;
    if (node_stores_by_token(call->stores, hash, &found->node, &why) != 0)
        return r;
    found->store = node_stores_get(call->stores, found->node, &call->err);
    return found->store == NULL ? call->err.code : link_look(found->store, hash, &found->row, &call->err);
}

static void refuse(struct page_call *call, int r)
{
    if (r == HEARTH_ERR_NOT_FOUND)
        page_message(call, 410, pages_says_title_link_over(), pages_says_link_over(hearth_duration_of(LINK_LIFE)), "/auth/signin",
                     "Sign in another way");
    else
        page_error(call);
}

static int email_of(struct page_call *call, const struct found *found, const char **ret_email)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORE(found->store, &call->err, account_get, found->row.account, &account);
    if (r == 0)
        *ret_email = account.email;
    return r;
}

/* Whoever let them in (the operator, or a browser of before) did so for an account that may not be signed in to now. */
static void bar(struct page_call *call, const struct found *found, const char *email)
{
    log_audit("sign-in refused", LOG_TEXT("address", call->request->remote), LOG_TEXT("account", found->row.account),
              LOG_TEXT("email", email), LOG_TEXT("provider", found->row.scope == HEARTH_TOKEN_CODE ? "code" : "link"),
              LOG_TEXT("reason", ALLOW_REFUSED));
    page_not_allowed(call);
}

/* A link has 256 random bits: a wrong one is no guess, and other sites can make a browser ask for as many as they like. So none is counted.
 */
void link_page(struct page_call *call)
{
    const char *secret = http_parameter(call->request, "t"), *email = NULL;
    uint8_t hash[TOKEN_HASH_SIZE];
    struct found found;
    int r = secret != NULL && token_hash(HEARTH_TOKEN_LINK, secret, hash) ? find(call, hash, &found) : HEARTH_ERR_NOT_FOUND;
    if (r == 0)
        r = email_of(call, &found, &email);
    if (r < 0) {
        refuse(call, r);
        return;
    }
    if (!signin_may(call->pages->options.signin, email)) {
        bar(call, &found, email);
        return;
    }
    page_begin(call, page_words(call, pages_says_title_link()), -1, NULL);
    page_paragraph(call, pages_says_link(email));
    form_begin(call, "/auth/link", form_next(http_parameter(call->request, "next")));
    html_put(&call->html, "<div><input type=\"hidden\" name=\"t\" value=\"%s\"></div>\n", secret);
    form_end(call, "Sign in");
    page_end(call, 200);
}

static void use(struct page_call *call, const uint8_t hash[TOKEN_HASH_SIZE])
{
    struct found found;
    struct door door = {.kind = DOOR_BROWSER};
    char account[40];
    const char *next = form_next(http_parameter(call->request, "next"));
    int r = find(call, hash, &found);
    const char *email;
    if (r == 0)
        r = email_of(call, &found, &email);
    if (r == 0 && !signin_may(call->pages->options.signin, email)) {
        bar(call, &found, email);
        return;
    }
    if (r == 0) {
        snprintf(account, sizeof(account), "%s", found.row.account);
        door.created = found.row.created;
        r = link_take(found.store, &found.row, &call->err);
    }
    if (r < 0)
        refuse(call, r);
    else if (enter(call, found.node, account, &door, next, ENTER_LENT) == HEARTH_ERR_NOT_FOUND)
        refuse(call, HEARTH_ERR_NOT_FOUND);
}

void link_post(struct page_call *call)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    if (!form_read(call))
        return;
    const char *secret = http_parameter(call->request, "t");
    call->provider = "link";
    if (secret != NULL && token_hash(HEARTH_TOKEN_LINK, secret, hash))
        use(call, hash);
    else
        refuse(call, HEARTH_ERR_NOT_FOUND);
}

static void code_form(struct page_call *call, int status, const char *problem)
{
    page_begin(call, page_words(call, pages_says_title_code()), -1, NULL);
    if (problem != NULL)
        page_problem(call, problem);
    page_paragraph(call, pages_says_code());
    form_begin(call, "/auth/code", form_next(http_parameter(call->request, "next")));
    html_put(&call->html,
             "<p><label for=\"code\">Code</label><br>\n<input type=\"text\" id=\"code\" name=\"code\" class=\"code\" maxlength=\"20\" "
             "autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" required autofocus></p>\n");
    form_end(call, "Sign in");
    page_end(call, status);
}

void code_page(struct page_call *call)
{
    code_form(call, 200, NULL);
}

/* A code has 40 bits and ten minutes. Nobody's wrong codes keep others from typing theirs: a million from a hundred thousand addresses find
 * one with a probability of one in a million. */
static bool may_try(struct page_call *call)
{
    int64_t wait = guesses_begin(call->pages->codes, call->request->remote, NULL);
    if (wait > 0) {
        page_audit_failed(call, "too_many_codes", NULL, "code");
        page_too_many(call, wait);
    }
    return wait == 0;
}

void code_post(struct page_call *call)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    struct found found;
    if (!form_read(call) || !may_try(call))
        return;
    const char *typed = http_parameter(call->request, "code");
    int r = typed != NULL && token_hash(HEARTH_TOKEN_CODE, typed, hash) ? find(call, hash, &found) : HEARTH_ERR_NOT_FOUND;
    guesses_end(call->pages->codes, call->request->remote, NULL, r == HEARTH_ERR_NOT_FOUND);
    call->provider = "code";
    if (r == HEARTH_ERR_NOT_FOUND)
        page_audit_failed(call, "wrong_code", NULL, "code");
    if (r == 0)
        use(call, hash);
    else if (r == HEARTH_ERR_NOT_FOUND)
        code_form(call, 403, page_words(call, pages_says_code_wrong(hearth_duration_of(LINK_LIFE))));
    else
        page_error(call);
}
