/* The end of every way of signing in: a new session for this browser. */
#include <string.h>

#include "auth/fresh.h"
#include "auth/link.h"
#include "base/log.h"
#include "pages/internal.h"

enum { SECOND = 1000, NODE_COOKIE_LIFE = 365 * 24 * 3600 };

static void to_node(struct page_call *call, size_t node)
{
    if (call->pages->options.nodes->count > 1)
        page_cookie(call, "hearth_node", call->pages->options.nodes->items[node].name, NODE_COOKIE_LIFE, "Lax");
}

void stay_here(struct page_call *call)
{
    to_node(call, call->pages->options.nodes->own);
}

/* The account is on another node, whose address may be another site to the browser: a link takes it there. */
static int enter_elsewhere(struct page_call *call, struct store *store, size_t node, const char *account, const struct door *door,
                           const char *next)
{
    const struct node *n = &call->pages->options.nodes->items[node];
    struct link link;
    struct buf url = {0};
    int r = link_create(store, account, door, &link, &call->err);
    if (r < 0)
        return r;
    buf_printf(&url, "%s/auth/link?t=%s&next=", http_base_url(call->request, n->url), link.secret);
    html_query_value(&url, next);
    to_node(call, node);
    page_redirect(call, buf_failed(&url) ? NULL : arena_strdup(&call->request->arena, url.data));
    link_wipe(&link);
    buf_fini(&url);
    return 0;
}

/* A browser that was signed in gets a new secret, and the old one dies. */
static void leave_old(struct page_call *call)
{
    struct api_person old;
    struct err err = {0};
    if (api_who(call->pages->options.api, call->request, call->stores, &old, &err) != 0 || old.session[0] == '\0' ||
        old.node != call->pages->options.nodes->own)
        return;
    struct store *store = node_stores_get(call->stores, old.node, &err);
    if (store != NULL)
        session_remove(store, old.account, old.session, &err);
    api_forget_tokens(call->pages->options.api, old.account);
}

/* Whoever signs in completely may do for a while what a browser that was merely left open may not. */
static void note_fresh(struct page_call *call, struct store *store, const char *account, const struct door *door, const char *session)
{
    struct token token;
    struct err err = {0};
    if (fresh_create(store, account, door, session, &token, &err) < 0) {
        log_event(HEARTH_LOG_WARNING, "pages", "fresh sign-in not noted", LOG_TEXT("account", account), LOG_TEXT("error", err.text));
        return;
    }
    page_cookie(call, fresh_cookie_name(call->request->tls), token.secret, FRESH_LIFE / SECOND, "Strict");
    token_wipe(&token);
}

/* They wanted a sign-in of this moment, and would be asked for it again and again. */
static void say_untold(struct page_call *call)
{
    page_message(call, 200, pages_says_title_untold(), pages_says_untold(), "/auth/signin?next=/account%23forget", "Sign in another way");
}

/* One browser more than an account may have: the one that was not used for longest is out, at once. */
static void note_ended(struct page_call *call, const char *account, const struct token *token)
{
    if (token->ended[0] == '\0')
        return;
    api_forget_tokens(call->pages->options.api, account);
    log_audit("signed out", LOG_TEXT("address", call->request->remote), LOG_TEXT("account", account), LOG_TEXT("session", token->ended),
              LOG_TEXT("reason", "too many browsers"));
}

static int enter_here(struct page_call *call, struct store *store, const char *account, const struct door *door, const char *next,
                      enum enter_way way)
{
    const struct pages_options *options = &call->pages->options;
    char name[SESSION_NAME_SIZE];
    struct token token;
    char id[TOKEN_ID_SIZE];
    leave_old(call);
    session_name(call->request->user_agent, name);
    int r = session_create(store, account, door, name, &options->sessions, &token, &call->err);
    if (r < 0)
        return r;
    page_cookie(call, session_cookie_name(call->request->tls), token.secret, options->sessions.life / SECOND, "Lax");
    memcpy(id, token.id, sizeof(id));
    note_ended(call, account, &token);
    token_wipe(&token);
    stay_here(call);
    if (way == ENTER_COMPLETE)
        note_fresh(call, store, account, door, id);
    log_audit("signed in", LOG_TEXT("address", call->request->remote), LOG_TEXT("account", account), LOG_TEXT("provider", call->provider),
              LOG_TEXT("session", id), LOG_TEXT("browser", name));
    if (way == ENTER_UNTOLD)
        say_untold(call);
    else
        page_redirect(call, arena_strdup(&call->request->arena, next));
    return 0;
}

int enter(struct page_call *call, size_t node, const char *account, const struct door *door, const char *next, enum enter_way way)
{
    struct store *store = node_stores_get(call->stores, node, &call->err);
    int r = call->err.code;
    if (store != NULL && node == call->pages->options.nodes->own)
        r = enter_here(call, store, account, door, next, way);
    else if (store != NULL)
        r = enter_elsewhere(call, store, node, account, door, next);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        page_error(call);
    return r;
}
