/* The end of every way of signing in: a new session for this browser. */
#include <string.h>

#include "auth/fresh.h"
#include "auth/link.h"
#include "base/log.h"
#include "pages/internal.h"

enum { SECOND = 1000, NODE_COOKIE_LIFE = 365 * 24 * 3600 };

static void set_cookie_of_node(struct view_call *call, size_t node)
{
    if (call->pages->options.nodes->count > 1)
        http_set_plain_cookie(call->request, call->reply, "hearth_node",
                              call->pages->options.nodes->items[node].name, NODE_COOKIE_LIFE);
}

void pages_set_node_cookie(struct view_call *call)
{
    set_cookie_of_node(call, call->pages->options.nodes->own);
}

/* The account is on another node, whose address may be another site to the browser: a link takes
 * it there. */
static int start_session_elsewhere(struct view_call *call, struct storage *storage, size_t node,
                                   const char *account, const struct door *door, const char *next)
{
    const struct node *n = &call->pages->options.nodes->items[node];
    struct link link;
    struct buf url = {0};
    int r = auth_link_create(storage, account, door, &link, &call->err);
    if (r < 0)
        return r;
    buf_printf(&url, "%s/auth/link?t=%s&next=", http_base_url(call->request, n->url), link.secret);
    pages_html_query_value(&url, next);
    set_cookie_of_node(call, node);
    pages_redirect(call, buf_failed(&url) ? NULL : arena_strdup(&call->request->arena, url.data));
    auth_link_wipe(&link);
    buf_fini(&url);
    return 0;
}

/* A browser that was signed in gets a new secret, and the old one dies. */
static void end_old_session(struct view_call *call)
{
    struct api_person old;
    struct err err = {0};
    if (api_who(call->pages->options.api, call->request, call->storages, &old, &err) != 0 ||
        old.session[0] == '\0' || old.node != call->pages->options.nodes->own)
        return;
    struct storage *storage = nodes_storages_get(call->storages, old.node, &err);
    if (storage != NULL)
        auth_session_remove(storage, old.account, old.session, &err);
    api_forget_tokens(call->pages->options.api, old.account);
}

/* Whoever signs in completely may do for a while what a browser that was merely left open may
 * not. */
static void note_fresh(struct view_call *call, struct storage *storage, const char *account,
                       const struct door *door, const char *session)
{
    struct token token;
    struct err err = {0};
    if (auth_fresh_create(storage, account, door, session, &token, &err) < 0) {
        log_event(HEARTH_LOG_WARNING, "pages", "fresh sign-in not noted",
                  LOG_TEXT("account", account), LOG_TEXT("error", err.text));
        return;
    }
    pages_set_cookie(call, FRESH_COOKIE, token.secret, FRESH_LIFE / SECOND, "Strict");
    auth_token_wipe(&token);
}

/* They wanted a sign-in of this moment, and would be asked for it again and again. */
static void show_untold(struct view_call *call)
{
    pages_html_message(call, 200, pages_says_title_untold(), pages_says_untold(),
                       "/auth/signin?next=/account%23forget", "Sign in another way");
}

/* One browser more than an account may have: the one that was not used for longest is out, at
 * once. */
static void end_surplus_session(struct view_call *call, const char *account,
                                const struct token *token)
{
    if (token->ended[0] == '\0')
        return;
    api_forget_tokens(call->pages->options.api, account);
    log_audit("signed out", LOG_TEXT("address", call->request->remote),
              LOG_TEXT("account", account), LOG_TEXT("session", token->ended),
              LOG_TEXT("reason", "too many browsers"));
}

static int start_session_here(struct view_call *call, struct storage *storage, const char *account,
                              const struct door *door, const char *next, enum session_origin origin)
{
    const struct pages_options *options = &call->pages->options;
    char name[SESSION_NAME_SIZE];
    struct token token;
    char id[TOKEN_ID_SIZE];
    end_old_session(call);
    auth_session_name(call->request->user_agent, name);
    int r =
        auth_session_create(storage, account, door, name, &options->sessions, &token, &call->err);
    if (r < 0)
        return r;
    pages_set_cookie(call, SESSION_COOKIE, token.secret, options->sessions.life / SECOND, "Lax");
    memcpy(id, token.id, sizeof(id));
    end_surplus_session(call, account, &token);
    auth_token_wipe(&token);
    pages_set_node_cookie(call);
    if (origin == SESSION_COMPLETE)
        note_fresh(call, storage, account, door, id);
    log_audit("signed in", LOG_TEXT("address", call->request->remote), LOG_TEXT("account", account),
              LOG_TEXT("provider", call->provider), LOG_TEXT("session", id),
              LOG_TEXT("browser", name));
    if (origin == SESSION_UNTOLD)
        show_untold(call);
    else
        pages_redirect(call, arena_strdup(&call->request->arena, next));
    return 0;
}

int pages_start_browser_session(struct view_call *call, size_t node, const char *account,
                                const struct door *door, const char *next,
                                enum session_origin origin)
{
    struct storage *storage = nodes_storages_get(call->storages, node, &call->err);
    int r = call->err.code;
    if (storage != NULL && node == call->pages->options.nodes->own)
        r = start_session_here(call, storage, account, door, next, origin);
    else if (storage != NULL)
        r = start_session_elsewhere(call, storage, node, account, door, next);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        pages_html_error(call);
    return r;
}
