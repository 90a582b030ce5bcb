/* /auth/oidc/NAME, /auth/oidc/callback: single sign-on. It says who somebody is; the account
 * must be here already. */
#include <string.h>

#include <openssl/crypto.h>

#include "auth/fresh.h"
#include "auth/oidc.h"
#include "auth/vault.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/outage.h"
#include "nodes/who.h"
#include "pages/internal.h"
#include "signin/allow.h"
#include "signin/takeover.h"

enum { ARENA_MAX = 64 * 1024 };

static char *callback_url(struct view_call *call)
{
    return arena_printf(&call->request->arena, "%s/auth/oidc/callback",
                        http_base_url(call->request, call->pages->options.base_url));
}

static bool find_sso(const struct view_call *call, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < call->pages->options.sso_count; i++) {
        if (strcmp(call->pages->options.sso[i].name, name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* The line of `net` has said it to the operator. */
static void sso_show_paused(struct view_call *call)
{
    int64_t wait = call->err.retry_after;
    log_event(outage_level_of_request(&call->err, HEARTH_LOG_ERROR), "pages", "request failed",
              LOG_TEXT("path", call->request->path), LOG_TEXT("error", call->err.text));
    http_reply_header(call->reply, "retry-after",
                      arena_printf(&call->request->arena, "%lld", (long long)(wait + 999) / 1000));
    pages_html_message(call, 503, pages_says_title_not_now(),
                       pages_says_sso_paused(hearth_duration_of(wait)), "/auth/signin",
                       "Back to signing in");
}

/* What the provider or its answer did wrong is for the log; the person reads what to do. */
static void sso_show_failed(struct view_call *call, int r)
{
    if (r == HEARTH_ERR_DENIED) {
        log_event(HEARTH_LOG_WARNING, "pages", "single sign-on refused",
                  LOG_TEXT("provider", call->provider), LOG_TEXT("error", call->err.text));
        pages_html_message(call, 403, pages_says_title_failed(), pages_says_sso_refused(),
                           "/auth/signin", "Back to signing in");
    } else if (r == HEARTH_ERR_UNAVAILABLE && call->err.retry_after > 0) {
        sso_show_paused(call);
    } else {
        pages_html_error(call);
    }
}

/* A provider that is slow takes no more than its share of the threads. */
static int sso_enter_gate(struct view_call *call, size_t index, struct gate_visit *visit)
{
    enum gate_state state = signin_gate_enter(&call->pages->sso_gates[index], call->request->remote,
                                              NULL, &call->signin->stop, visit);
    if (state == GATE_INSIDE)
        return 0;
    return err_set(&call->err, HEARTH_ERR_UNAVAILABLE,
                   "[oidc %s]: the provider is slow; many people already wait for it",
                   call->pages->options.sso[index].name);
}

static int sso_redirect_to_provider(struct view_call *call, struct signin_pending *pending,
                                    char url[OIDC_URL_SIZE])
{
    struct oidc_attempt secrets;
    struct call outside;
    struct gate_visit visit;
    int r = sso_enter_gate(call, pending->provider, &visit);
    if (r < 0)
        return r;
    plug_call_init(&outside, &call->signin->stop, call->pages->options.step_timeout, ARENA_MAX);
    r = auth_oidc_begin(call->pages->options.sso[pending->provider].oidc, &outside,
                        callback_url(call), strcmp(pending->next, FRESH_NEXT) == 0, &secrets, url,
                        &call->err);
    signin_gate_leave(&call->pages->sso_gates[pending->provider], &visit);
    if (r == 0)
        r = signin_pending_seal_state(call->pages->pending_signins, pending, &secrets,
                                      sizeof(secrets), &call->err);
    plug_call_fini(&outside);
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    return r;
}

static void ask_to_go_on(struct view_call *call, size_t index)
{
    const struct pages_sso *sso = &call->pages->options.sso[index];
    struct buf next = {0};
    pages_html_query_value(&next, pages_form_next(http_parameter(call->request, "next")));
    pages_html_begin(call, pages_html_words(call, pages_says_title_sso_go_on()), -1, NULL);
    pages_html_put(
        &call->html,
        "<p><a class=\"button\" href=\"/auth/oidc/%s?next=%s\">Sign in with %s</a></p>\n",
        sso->name, next.data == NULL ? "/" : next.data, sso->title);
    buf_fini(&next);
    pages_html_end(call, 200);
}

void pages_sso_get(struct view_call *call)
{
    char url[OIDC_URL_SIZE];
    size_t index;
    if (!find_sso(call, call->request->argument, &index)) {
        pages_html_message(call, 404, pages_says_title_sso_unknown(), pages_says_sso_unknown(),
                           "/auth/signin", "Back to signing in");
        return;
    }
    if (!pages_form_is_marked(call)) {
        /* another site sent the browser, or a bookmark: a person has to go on */
        pages_form_mark(call);
        ask_to_go_on(call, index);
        return;
    }
    if (!pages_may_step(call))
        return;
    struct signin_pending *pending =
        signin_pending_begin(call->pages->pending_signins, call->request->remote);
    int r = pending == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    if (r == 0) {
        pending->sso = true;
        pending->provider = index;
        pending->engaged = true;
        snprintf(pending->next, sizeof(pending->next), "%s",
                 pages_form_next(http_parameter(call->request, "next")));
        r = sso_redirect_to_provider(call, pending, url);
    }
    if (r < 0) {
        signin_pending_drop(call->pages->pending_signins, pending);
        sso_show_failed(call, r);
        return;
    }
    pages_set_cookie(call, SIGNIN_COOKIE, arena_strdup(&call->request->arena, pending->secret),
                     SIGNIN_PENDING_LIFE / 1000, "Lax");
    pages_set_node_cookie(call);
    signin_pending_put(call->pages->pending_signins, pending);
    pages_redirect(call, arena_strdup(&call->request->arena, url));
}

static int ask_who(struct view_call *call, const struct signin_pending *pending,
                   struct oidc_person *ret_person)
{
    struct oidc_answer answer = {.code = http_parameter(call->request, "code"),
                                 .state = http_parameter(call->request, "state"),
                                 .error = http_parameter(call->request, "error"),
                                 .iss = http_parameter(call->request, "iss")};
    struct oidc_attempt secrets;
    struct call outside;
    void *state;
    size_t size;
    struct gate_visit visit;
    int r = sso_enter_gate(call, pending->provider, &visit);
    if (r < 0)
        return r;
    r = signin_pending_open_state(call->pages->pending_signins, pending, &state, &size, &call->err);
    if (r < 0) {
        signin_gate_leave(&call->pages->sso_gates[pending->provider], &visit);
        return r;
    }
    memcpy(&secrets, state, size < sizeof(secrets) ? size : sizeof(secrets));
    auth_vault_free(state, size);
    if (answer.state == NULL || strlen(answer.state) != strlen(secrets.state) ||
        CRYPTO_memcmp(answer.state, secrets.state, strlen(secrets.state)) != 0) {
        OPENSSL_cleanse(&secrets, sizeof(secrets));
        signin_gate_leave(&call->pages->sso_gates[pending->provider], &visit);
        return err_set(&call->err, HEARTH_ERR_NOT_FOUND, "the answer belongs to another sign-in");
    }
    plug_call_init(&outside, &call->signin->stop, call->pages->options.step_timeout, ARENA_MAX);
    r = auth_oidc_finish(call->pages->options.sso[pending->provider].oidc, &outside,
                         callback_url(call), &secrets, &answer, ret_person, &call->err);
    signin_gate_leave(&call->pages->sso_gates[pending->provider], &visit);
    plug_call_fini(&outside);
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    return r;
}

static void sso_audit_refused(const struct view_call *call, const struct oidc_person *person,
                              const char *reason)
{
    metrics_add(METRIC(SIGNIN_FAILURES, "refused"), 1);
    log_audit("sign-in refused", LOG_TEXT("address", call->request->remote),
              LOG_TEXT("email", person->email), LOG_TEXT("provider", call->provider),
              LOG_TEXT("uid", person->subject), LOG_TEXT("reason", reason));
}

static void refuse_stranger(struct view_call *call, const struct oidc_person *person)
{
    sso_audit_refused(call, person,
                      person->email_verified ? "no account" : "the address is not confirmed");
    pages_html_message(call, 403, pages_says_title_sso_stranger(), pages_says_sso_stranger(),
                       "/auth/signin", "Back to signing in");
}

/* It is this person's from now on: remembered by the provider's name for them, not by the
 * address. */
static int sso_join(struct view_call *call, const struct who *who, size_t node, const char *account,
                    bool adopted)
{
    char ended[TAKEOVER_WORDS_SIZE] = "";
    struct storage *storage = nodes_storages_get(call->storages, node, &call->err);
    int r = storage == NULL ? call->err.code : 0;
    if (r == 0)
        r = adopted ? signin_takeover(storage, account, who, ended, &call->err)
                    : nodes_who_join(storage, account, who, &call->err);
    if (adopted)
        api_forget(call->pages->options.api, account);
    if (r == 0)
        log_audit(adopted ? "single sign-on adopted" : "single sign-on linked",
                  LOG_TEXT("address", call->request->remote), LOG_TEXT("account", account),
                  LOG_TEXT("email", who->email), LOG_TEXT("issuer", who->issuer),
                  LOG_TEXT("uid", who->subject), LOG_TEXT("ended", adopted ? ended : NULL));
    return r;
}

static int sso_use_word(struct view_call *call, const struct who *who, size_t node,
                        const char *account)
{
    struct storage *storage = nodes_storages_get(call->storages, node, &call->err);
    return storage == NULL ? call->err.code : nodes_who_use_word(storage, account, who, &call->err);
}

static void sso_let_in(struct view_call *call, const struct oidc *oidc,
                       const struct oidc_person *person, const char *next)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char issuer[WHO_TEXT_MAX], id[40];
    struct who who = {.issuer = issuer,
                      .subject = person->subject,
                      .email = person->email_verified ? person->email : NULL,
                      .links = true};
    enum who_is is = WHO_STRANGER;
    size_t node = 0;
    pages_renew_deadline(call);
    snprintf(issuer, sizeof(issuer), WHO_OIDC "%s", auth_oidc_issuer(oidc));
    int r = nodes_who_find(call->storages, &who, &is, &node, &account, &call->err);
    if (r == 0 && is == WHO_STRANGER) {
        refuse_stranger(call, person);
        return;
    }
    if (r == 0 && !signin_may(call->pages->options.signin, account.email)) {
        sso_audit_refused(call, person, ALLOW_REFUSED);
        pages_html_not_allowed(call);
        return;
    }
    if (r == 0 && is == WHO_ANOTHER) {
        sso_audit_refused(
            call, person,
            "the address is that of an account which another sub opens; see hearthd account adopt");
        pages_html_another(call);
        return;
    }
    snprintf(id, sizeof(id), "%s", r == 0 ? account.id : "");
    if (r == 0)
        r = is == WHO_KNOWN ? sso_use_word(call, &who, node, id)
                            : sso_join(call, &who, node, id, is == WHO_JOINS);
    if (r == HEARTH_ERR_CONFLICT) {
        sso_audit_refused(call, person, "another sub linked the account at this moment");
        pages_html_another(call);
    } else if (r < 0) {
        pages_html_error(call);
    } else {
        enum session_origin origin = person->fresh    ? SESSION_COMPLETE
                                     : person->untold ? SESSION_UNTOLD
                                                      : SESSION_REMEMBERED;
        if (person->untold)
            log_event(HEARTH_LOG_WARNING, "pages", "sign-in time not told",
                      LOG_TEXT("provider", call->provider),
                      LOG_TEXT("hint", "it was asked when the person signed in there (max_age=0), "
                                       "and does not say (auth_time): the "
                                       "account cannot be forgotten by this sign-in"));
        struct door door = {.kind = DOOR_IDENTITY, .issuer = issuer, .subject = person->subject};
        if (pages_start_browser_session(call, node, id, &door, next, origin) ==
            HEARTH_ERR_NOT_FOUND)
            pages_html_another(call);
    }
}

void pages_sso_callback_get(struct view_call *call)
{
    bool busy;
    struct oidc_person person = {0};
    struct signin_pending *pending = signin_pending_take(
        call->pages->pending_signins, http_cookie(call->request, SIGNIN_COOKIE), &busy);
    if (pending == NULL && busy) {
        pages_signin_worked_on(call);
        return;
    }
    if (pending == NULL || !pending->sso) {
        if (pending != NULL)
            signin_pending_put(call->pages->pending_signins, pending);
        pages_html_message(call, 410, pages_says_title_over(),
                           pages_says_over(hearth_duration_of(SIGNIN_PENDING_LIFE)), "/auth/signin",
                           "Start over");
        return;
    }
    call->provider = call->pages->options.sso[pending->provider].name;
    int r = ask_who(call, pending, &person);
    if (r == HEARTH_ERR_NOT_FOUND) {
        /* any site can send a browser here: the sign-in that is under way goes on */
        signin_pending_put(call->pages->pending_signins, pending);
        pages_html_message(call, 403, pages_says_title_failed(), pages_says_sso_other(),
                           "/auth/signin", "Start over");
        return;
    }
    if (r == HEARTH_ERR_DENIED)
        pages_audit_failed(call, "not_accepted", NULL, call->provider);
    char *next = arena_strdup(&call->request->arena, pending->next);
    const struct oidc *oidc = call->pages->options.sso[pending->provider].oidc;
    signin_pending_drop(call->pages->pending_signins, pending);
    pages_set_cookie(call, SIGNIN_COOKIE, "", 0, "Lax");
    if (r < 0)
        sso_show_failed(call, r);
    else
        sso_let_in(call, oidc, &person, next == NULL ? "/" : next);
}
