/* /auth/oidc/NAME, /auth/oidc/callback: single sign-on. It says who somebody is; the account must be here already. */
#include <string.h>

#include <openssl/crypto.h>

#include "auth/fresh.h"
#include "auth/oidc.h"
#include "auth/vault.h"
#include "base/log.h"
#include "nodes/who.h"
#include "pages/internal.h"
#include "signin/allow.h"
#include "signin/takeover.h"

enum { ARENA_MAX = 64 * 1024 };

static char *callback_url(struct page_call *call)
{
    return arena_printf(&call->request->arena, "%s/auth/oidc/callback", http_base_url(call->request, call->pages->options.base_url));
}

static bool find_sso(const struct page_call *call, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < call->pages->options.sso_count; i++) {
        if (strcmp(call->pages->options.sso[i].name, name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* What the provider or its answer did wrong is for the log; the person reads what to do. */
static void failed(struct page_call *call, int r)
{
    if (r == HEARTH_ERR_DENIED) {
        log_event(HEARTH_LOG_WARNING, "pages", "single sign-on refused", LOG_TEXT("provider", call->provider),
                  LOG_TEXT("error", call->err.text));
        page_message(call, 403, pages_says_title_failed(), pages_says_sso_refused(), "/auth/signin", "Back to signing in");
    } else {
        page_error(call);
    }
}

/* A provider that is slow takes no more than its share of the threads. */
static int enter_gate(struct page_call *call, size_t index, struct gate_visit *visit)
{
    enum gate_state state = gate_enter(&call->pages->sso_gates[index], call->request->remote, NULL, &call->signin->stop, visit);
    if (state == GATE_INSIDE)
        return 0;
    return err_set(&call->err, HEARTH_ERR_UNAVAILABLE, "[oidc %s]: the provider is slow; many people already wait for it",
                   call->pages->options.sso[index].name);
}

static int begin(struct page_call *call, struct attempt *attempt, char url[OIDC_URL_SIZE])
{
    struct oidc_attempt secrets;
    struct call outside;
    struct gate_visit visit;
    int r = enter_gate(call, attempt->provider, &visit);
    if (r < 0)
        return r;
    call_init(&outside, &call->signin->stop, call->pages->options.step_timeout, ARENA_MAX);
    r = oidc_begin(call->pages->options.sso[attempt->provider].oidc, &outside, callback_url(call), strcmp(attempt->next, FRESH_NEXT) == 0,
                   &secrets, url, &call->err);
    gate_leave(&call->pages->sso_gates[attempt->provider], &visit);
    if (r == 0)
        r = attempt_seal_state(call->pages->attempts, attempt, &secrets, sizeof(secrets), &call->err);
    call_fini(&outside);
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    return r;
}

static void ask_to_go_on(struct page_call *call, size_t index)
{
    const struct pages_sso *sso = &call->pages->options.sso[index];
    struct buf next = {0};
    html_query_value(&next, form_next(http_parameter(call->request, "next")));
    page_begin(call, page_words(call, pages_says_title_sso_go_on()), -1, NULL);
    html_put(&call->html, "<p><a class=\"button\" href=\"/auth/oidc/%s?next=%s\">Sign in with %s</a></p>\n", sso->name,
             next.data == NULL ? "/" : next.data, sso->title);
    buf_fini(&next);
    page_end(call, 200);
}

void sso_begin(struct page_call *call)
{
    char url[OIDC_URL_SIZE];
    size_t index;
    if (!find_sso(call, call->request->argument, &index)) {
        page_message(call, 404, pages_says_title_sso_unknown(), pages_says_sso_unknown(), "/auth/signin", "Back to signing in");
        return;
    }
    if (!form_is_marked(call)) { /* another site sent the browser, or a bookmark: a person has to go on */
        form_mark(call);
        ask_to_go_on(call, index);
        return;
    }
    if (!page_may_step(call))
        return;
    struct attempt *attempt = attempt_begin(call->pages->attempts, call->request->remote);
    int r = attempt == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    if (r == 0) {
        attempt->sso = true;
        attempt->provider = index;
        attempt->worth = true;
        snprintf(attempt->next, sizeof(attempt->next), "%s", form_next(http_parameter(call->request, "next")));
        r = begin(call, attempt, url);
    }
    if (r < 0) {
        attempt_drop(call->pages->attempts, attempt);
        failed(call, r);
        return;
    }
    page_cookie(call, attempt_cookie_name(call), arena_strdup(&call->request->arena, attempt->secret), ATTEMPT_LIFE / 1000, "Lax");
    stay_here(call);
    attempt_put(call->pages->attempts, attempt);
    page_redirect(call, arena_strdup(&call->request->arena, url));
}

static int ask_who(struct page_call *call, const struct attempt *attempt, struct oidc_person *ret_person)
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
    int r = enter_gate(call, attempt->provider, &visit);
    if (r < 0)
        return r;
    r = attempt_open_state(call->pages->attempts, attempt, &state, &size, &call->err);
    if (r < 0) {
        gate_leave(&call->pages->sso_gates[attempt->provider], &visit);
        return r;
    }
    memcpy(&secrets, state, size < sizeof(secrets) ? size : sizeof(secrets));
    vault_free(state, size);
    if (answer.state == NULL || strlen(answer.state) != strlen(secrets.state) ||
        CRYPTO_memcmp(answer.state, secrets.state, strlen(secrets.state)) != 0) {
        OPENSSL_cleanse(&secrets, sizeof(secrets));
        gate_leave(&call->pages->sso_gates[attempt->provider], &visit);
        return err_set(&call->err, HEARTH_ERR_NOT_FOUND, "the answer belongs to another sign-in");
    }
    call_init(&outside, &call->signin->stop, call->pages->options.step_timeout, ARENA_MAX);
    r = oidc_finish(call->pages->options.sso[attempt->provider].oidc, &outside, callback_url(call), &secrets, &answer, ret_person,
                    &call->err);
    gate_leave(&call->pages->sso_gates[attempt->provider], &visit);
    call_fini(&outside);
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    return r;
}

static void note_refused(const struct page_call *call, const struct oidc_person *person, const char *reason)
{
    log_audit("sign-in refused", LOG_TEXT("address", call->request->remote), LOG_TEXT("email", person->email),
              LOG_TEXT("provider", call->provider), LOG_TEXT("uid", person->subject), LOG_TEXT("reason", reason));
}

static void refuse_stranger(struct page_call *call, const struct oidc_person *person)
{
    note_refused(call, person, person->email_verified ? "no account" : "the address is not confirmed");
    page_message(call, 403, pages_says_title_sso_stranger(), pages_says_sso_stranger(), "/auth/signin", "Back to signing in");
}

/* It is this person's from now on: remembered by the provider's name for them, not by the address. */
static int join(struct page_call *call, const struct who *who, size_t node, const char *account, bool adopted)
{
    char ended[TAKEOVER_WORDS_SIZE] = "";
    struct store *store = node_stores_get(call->stores, node, &call->err);
    int r = store == NULL ? call->err.code : 0;
    if (r == 0)
        r = adopted ? takeover(store, account, who, ended, &call->err) : who_join(store, account, who, &call->err);
    if (adopted)
        api_forget(call->pages->options.api, account);
    if (r == 0)
        log_audit(adopted ? "single sign-on adopted" : "single sign-on linked", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("account", account), LOG_TEXT("email", who->email), LOG_TEXT("issuer", who->issuer),
                  LOG_TEXT("uid", who->subject), LOG_TEXT("ended", adopted ? ended : NULL));
    return r;
}

static int use_word(struct page_call *call, const struct who *who, size_t node, const char *account)
{
    struct store *store = node_stores_get(call->stores, node, &call->err);
    return store == NULL ? call->err.code : who_use_word(store, account, who, &call->err);
}

static void let_in(struct page_call *call, const struct oidc *oidc, const struct oidc_person *person, const char *next)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char issuer[WHO_TEXT_MAX], id[40];
    struct who who = {.issuer = issuer, .subject = person->subject, .email = person->email_verified ? person->email : NULL, .links = true};
    enum who_is is = WHO_STRANGER;
    size_t node = 0;
    page_renew_deadline(call);
    snprintf(issuer, sizeof(issuer), WHO_OIDC "%s", oidc_issuer(oidc));
    int r = who_find(call->stores, &who, &is, &node, &account, &call->err);
    if (r == 0 && is == WHO_STRANGER) {
        refuse_stranger(call, person);
        return;
    }
    if (r == 0 && !signin_may(call->pages->options.signin, account.email)) {
        note_refused(call, person, ALLOW_REFUSED);
        page_not_allowed(call);
        return;
    }
    if (r == 0 && is == WHO_ANOTHER) {
        note_refused(call, person, "the address is that of an account which another sub opens; see hearthd account adopt");
        page_another(call);
        return;
    }
    snprintf(id, sizeof(id), "%s", r == 0 ? account.id : "");
    if (r == 0)
        r = is == WHO_KNOWN ? use_word(call, &who, node, id) : join(call, &who, node, id, is == WHO_JOINS);
    if (r == HEARTH_ERR_CONFLICT) {
        note_refused(call, person, "another sub linked the account at this moment");
        page_another(call);
    } else if (r < 0) {
        page_error(call);
    } else {
        enum enter_way way = person->fresh ? ENTER_COMPLETE : person->untold ? ENTER_UNTOLD : ENTER_REMEMBERED;
        if (person->untold)
            log_event(HEARTH_LOG_WARNING, "pages", "sign-in time not told", LOG_TEXT("provider", call->provider),
                      LOG_TEXT("hint", "it was asked when the person signed in there (max_age=0), and does not say (auth_time): the "
                                       "account cannot be forgotten by this sign-in"));
        struct door door = {.kind = DOOR_IDENTITY, .issuer = issuer, .subject = person->subject};
        if (enter(call, node, id, &door, next, way) == HEARTH_ERR_NOT_FOUND)
            page_another(call);
    }
}

void sso_callback(struct page_call *call)
{
    bool busy;
    struct oidc_person person = {0};
    struct attempt *attempt = attempt_take(call->pages->attempts, http_cookie(call->request, attempt_cookie_name(call)), &busy);
    if (attempt == NULL || !attempt->sso) {
        if (attempt != NULL)
            attempt_put(call->pages->attempts, attempt);
        page_message(call, 410, pages_says_title_over(), pages_says_over(hearth_duration_of(ATTEMPT_LIFE)), "/auth/signin", "Start over");
        return;
    }
    call->provider = call->pages->options.sso[attempt->provider].name;
    int r = ask_who(call, attempt, &person);
    if (r == HEARTH_ERR_NOT_FOUND) { /* any site can send a browser here: the sign-in that is under way goes on */
        attempt_put(call->pages->attempts, attempt);
        page_message(call, 403, pages_says_title_failed(), pages_says_sso_other(), "/auth/signin", "Start over");
        return;
    }
    if (r == HEARTH_ERR_DENIED)
        page_audit_failed(call, "not_accepted", NULL, call->provider);
    char *next = arena_strdup(&call->request->arena, attempt->next);
    const struct oidc *oidc = call->pages->options.sso[attempt->provider].oidc;
    attempt_drop(call->pages->attempts, attempt);
    page_cookie(call, attempt_cookie_name(call), "", 0, "Lax");
    if (r < 0)
        failed(call, r);
    else
        let_in(call, oidc, &person, next == NULL ? "/" : next);
}
