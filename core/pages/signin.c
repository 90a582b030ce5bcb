/* /auth/signin, /auth/start, /auth/step, /auth/callback: the conversation with a provider, in a browser.
 *
 *   signin ──POST start──► step ◄──► POST step ──► DONE: enter()
 *                           │  ▲
 *                   another site  callback                         a form is always answered with 303 to the step's page */
#include <string.h>

#include <openssl/crypto.h>

#include "auth/vault.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/log.h"
#include "base/str.h"
#include "nodes/who.h"
#include "pages/internal.h"

enum { ANSWERS_MAX = 16, LOOK_PAUSE = 2000 };

const char *attempt_cookie_name(const struct page_call *call)
{
    return call->request->tls ? "__Host-hearth_signin" : "hearth_signin";
}

/* --- the beginning ------------------------------------------------------------------------------------------------------------------ */

/* How a server is asked for its first person. */
struct setup {
    bool needed;
    const char *code; /* as it came with the address; NULL */
};

static void setup_field(struct page_call *call, const struct setup *setup, const char *way)
{
    if (setup->needed)
        html_put(&call->html,
                 "<p><label for=\"s_%s\">Set-up code of this server</label><br>\n<input type=\"text\" id=\"s_%s\" name=\"setup\" "
                 "class=\"code\" value=\"%s\" maxlength=\"40\" autocomplete=\"off\" autocapitalize=\"characters\" "
                 "spellcheck=\"false\"></p>\n",
                 way, way, setup->code == NULL ? "" : setup->code);
}

static void begin_form(struct page_call *call, const char *provider, const char *way, const char *next)
{
    form_begin(call, "/auth/start", next);
    html_put(&call->html,
             "<div><input type=\"hidden\" name=\"provider\" value=\"%s\"><input type=\"hidden\" name=\"way\" value=\"%s\"></div>\n",
             provider, way);
}

static void device_field(struct page_call *call, const char *id)
{
    html_put(
        &call->html,
        "<details><summary>More</summary>\n<p><label for=\"%s\">Name of this server in your account\u2019s list of devices</label><br>\n"
        "<input type=\"text\" id=\"%s\" name=\"device\" class=\"wide\" maxlength=\"100\"></p>\n</details>\n",
        id, id);
}

static void provider_forms(struct page_call *call, size_t provider, const char *next, const struct setup *setup)
{
    const struct signin *signin = call->pages->options.signin;
    const char *name = signin_provider_name(signin, provider);
    uint64_t ways = signin_ways(signin, provider);
    if (signin_provider_count(signin) > 1)
        html_put(&call->html, "<h2>%s</h2>\n", name);
    if ((ways & HEARTH_SIGNIN_BROWSER) != 0) {
        buf_add_text(&call->html, "<section>\n");
        page_paragraph(call, pages_says_signin_browser());
        begin_form(call, name, "browser", next);
        setup_field(call, setup, "browser");
        device_field(call, "d_browser");
        form_end(call, "Continue with your Mozilla account");
        buf_add_text(&call->html, "</section>\n");
    }
    if ((ways & HEARTH_SIGNIN_PASSWORD) != 0) {
        buf_add_text(&call->html, "<section>\n");
        page_paragraph(call, pages_says_signin_password());
        begin_form(call, name, "password", next);
        html_put(&call->html,
                 "<p><label for=\"email\">E-mail address</label><br>\n<input type=\"text\" id=\"email\" name=\"email\" class=\"wide\" "
                 "autocomplete=\"username\" inputmode=\"email\" autocapitalize=\"off\" required></p>\n");
        setup_field(call, setup, "password");
        device_field(call, "d_password");
        form_end(call, "Sign in with a password");
        buf_add_text(&call->html, "</section>\n");
    }
}

void signin_page(struct page_call *call)
{
    const struct pages_options *options = &call->pages->options;
    const char *next = form_next(http_parameter(call->request, "next"));
    struct buf escaped = {0};
    html_query_value(&escaped, next);
    const char *onwards = escaped.data == NULL ? "/" : escaped.data;
    bool any = false;
    struct setup setup = {.code = http_parameter(call->request, "setup")};
    if (call->stores == NULL || signin_needs_setup(options->signin, call->stores, &setup.needed, &call->err) < 0)
        setup.needed = false; /* it is looked at again when somebody has signed in */
    form_mark(call);
    page_begin(call, page_words(call, pages_says_title_signin()), -1, NULL);
    page_paragraph(call, pages_says_signin());
    if (setup.needed)
        setup_notice(call);
    for (size_t i = 0; i < options->sso_count; i++)
        html_put(&call->html, "<p><a class=\"button\" href=\"/auth/oidc/%s?next=%s\">Sign in with %s</a></p>\n", options->sso[i].name,
                 onwards, options->sso[i].title);
    for (size_t i = 0; i < signin_provider_count(options->signin); i++) {
        provider_forms(call, i, next, &setup);
        any = any || signin_ways(options->signin, i) != 0;
    }
    if (!any && options->sso_count == 0)
        page_paragraph(call, pages_says_signin_none());
    buf_add_text(&call->html, "<section>\n");
    page_paragraph(call, pages_says_other_device());
    html_put(&call->html, "<p><a href=\"/auth/code?next=%s\">Type a code</a></p>\n</section>\n", onwards);
    buf_fini(&escaped);
    page_end(call, 200);
}

/* --- what a step leads to ------------------------------------------------------------------------------------------------------------ */

static void show(struct page_call *call, struct attempt *attempt)
{
    buf_add(&call->html, attempt->page.data, attempt->page.size);
    attempt_put(call->pages->attempts, attempt);
    page_send(call, 200);
}

static void to_step(struct page_call *call, struct attempt *attempt)
{
    if (call->request->method == HTTP_GET &&
        strcmp(call->request->path, "/auth/step") == 0) { /* it looked again, and is where it should be */
        show(call, attempt);
        return;
    }
    page_cookie(call, attempt_cookie_name(call), arena_strdup(&call->request->arena, attempt->secret), ATTEMPT_LIFE / 1000, "Lax");
    stay_here(call);
    attempt_put(call->pages->attempts, attempt);
    page_redirect(call, "/auth/step");
}

static void over(struct page_call *call, struct attempt *attempt)
{
    attempt_drop(call->pages->attempts, attempt);
    page_cookie(call, attempt_cookie_name(call), "", 0, "Lax");
}

static void failed(struct page_call *call, struct attempt *attempt, const struct hearth_signin_step *step)
{
    char *next = arena_strdup(&call->request->arena, attempt->next);
    size_t provider = attempt->provider;
    over(call, attempt);
    const char *title = step->title == NULL ? NULL : message_text(&call->request->arena, step->title);
    const char *text = step->text == NULL ? NULL : message_text(&call->request->arena, step->text);
    page_begin(call, title == NULL ? page_words(call, pages_says_title_failed()) : title, -1, NULL);
    page_problem(call, text == NULL ? page_words(call, pages_says_not_accepted()) : text);
    if ((step->try_ways & signin_ways(call->pages->options.signin, provider) & HEARTH_SIGNIN_BROWSER) != 0) {
        begin_form(call, signin_provider_name(call->pages->options.signin, provider), "browser", next);
        form_end(call, "Continue with your Mozilla account");
    }
    html_put(&call->html, "<p><a href=\"/auth/signin\">Back to signing in</a></p>\n");
    bool throttled = step->reason != NULL && strcmp(step->reason, "throttled") == 0;
    if (step->wait > 0)
        http_reply_header(call->reply, "retry-after", arena_printf(&call->request->arena, "%lld", (long long)(step->wait + 999) / 1000));
    page_end(call, step->wait == 0 ? 403 : throttled ? 429 : 503);
}

/* Set-up codes are counted as codes are: past its wrong ones an address is refused before one is looked at. What this says goes to
 * end_setup(). */
static bool may_set_up(struct page_call *call, const struct attempt *attempt, const char *email)
{
    int64_t wait = attempt->setup[0] == '\0' ? 0 : guesses_begin(call->pages->codes, call->request->remote, NULL);
    if (wait > 0) {
        page_audit_failed(call, "too_many_codes", email, signin_provider_name(call->pages->options.signin, attempt->provider));
        page_too_many(call, wait);
    }
    return wait == 0;
}

static void end_setup(struct page_call *call, const struct attempt *attempt, const char *email, bool wrong)
{
    if (attempt->setup[0] == '\0')
        return;
    guesses_end(call->pages->codes, call->request->remote, NULL, wrong);
    if (wrong)
        page_audit_failed(call, "wrong_code", email, signin_provider_name(call->pages->options.signin, attempt->provider));
}

/* `identity` may lie in the sign-in worker's memory or in the attempt's, opened. */
static void done(struct page_call *call, struct attempt *attempt, const struct hearth_identity *identity, enum signin_keep keep)
{
    const struct pages_options *options = &call->pages->options;
    struct signin_result result;
    struct signin_end end = {
        .provider = attempt->provider, .identity = identity, .keep = keep, .setup = attempt->setup, .address = call->request->remote};
    page_renew_deadline(call);
    if (!may_set_up(call, attempt, identity->email)) {
        over(call, attempt);
        return;
    }
    int r = signin_finish(call->signin, call->stores, &end, &result, &call->err);
    end_setup(call, attempt, identity->email, r == 0 && result.outcome == SIGNIN_SETUP_WRONG);
    if (r == 0 && result.outcome == SIGNIN_KEY_CHANGED) {
        r = attempt_seal_identity(call->pages->attempts, attempt, identity, &call->err);
        if (r == 0) {
            attempt->deciding = attempt->worth = true;
            attempt->waits = attempt->returns = false;
            step_render_decision(call, attempt, identity->email, result.joins);
            to_step(call, attempt);
            return;
        }
    }
    char *next = arena_strdup(&call->request->arena, attempt->next), *uid = arena_strdup(&call->request->arena, identity->uid);
    over(call, attempt);
    if (r < 0) {
        page_error(call);
    } else if (result.outcome != SIGNIN_IN) {
        signin_refused(call, result.outcome);
    } else {
        if (result.before[0] != '\0')
            api_forget(options->api, result.before);
        if (options->signed_in != NULL)
            options->signed_in(options->ctx, result.account, result.node);
        char issuer[sizeof(WHO_SYNC) + 64];
        struct door door = {.kind = DOOR_IDENTITY, .issuer = issuer, .subject = uid};
        snprintf(issuer, sizeof(issuer), WHO_SYNC "%s", call->provider);
        if (uid == NULL)
            page_error(call);
        else if (enter(call, result.node, result.account, &door, next == NULL ? "/" : next, ENTER_COMPLETE) == HEARTH_ERR_NOT_FOUND)
            signin_refused(call, SIGNIN_ANOTHER);
    }
}

/* Did the person answer wrongly? Not that the accounts server wants a pause, or a real browser first. */
static bool was_wrong(const struct hearth_signin_step *step)
{
    return (step->kind == HEARTH_SIGNIN_ASK && step->problem != NULL) || (step->kind == HEARTH_SIGNIN_FAILED && step->wait == 0);
}

/* answered: the person did, else they only began. */
static void goes_on(struct page_call *call, struct attempt *attempt, const struct hearth_signin_step *step, bool answered)
{
    call->provider = signin_provider_name(call->pages->options.signin, attempt->provider);
    if ((was_wrong(step) || step->kind == HEARTH_SIGNIN_FAILED) && call->request->method != HTTP_POST)
        page_audit_ended(call, step->reason, call->provider);
    else if (was_wrong(step) || step->kind == HEARTH_SIGNIN_FAILED)
        page_audit_failed(call, step->reason != NULL ? step->reason : "wrong_answer", attempt->email, call->provider);
    if (step->kind == HEARTH_SIGNIN_DONE) {
        done(call, attempt, step->identity, SIGNIN_KEEP_ASK);
    } else if (step->kind == HEARTH_SIGNIN_FAILED) {
        failed(call, attempt, step);
    } else if (attempt_seal_state(call->pages->attempts, attempt, step->state, step->state_size, &call->err) < 0) {
        over(call, attempt);
        page_error(call);
    } else {
        attempt->waits = step->kind == HEARTH_SIGNIN_WAIT;
        attempt->returns = step->kind == HEARTH_SIGNIN_VISIT && step->returns;
        attempt->worth = attempt->worth || step->kind != HEARTH_SIGNIN_ASK || (answered && !was_wrong(step));
        attempt->look_at = clock_monotonic() + LOOK_PAUSE;
        step_render(call, attempt, step);
        to_step(call, attempt);
    }
}

/* --- start -----------------------------------------------------------------------------------------------------------------------------
 */

static bool find_provider(struct page_call *call, const char *name, size_t *ret_provider)
{
    const struct signin *signin = call->pages->options.signin;
    for (size_t i = 0; i < signin_provider_count(signin); i++) {
        if (name != NULL && strcmp(signin_provider_name(signin, i), name) == 0) {
            *ret_provider = i;
            return true;
        }
    }
    return false;
}

/* Keyboards of phones put a space behind what they complete. */
static const char *trimmed(struct page_call *call, const char *text)
{
    char *copy = text == NULL ? NULL : arena_strdup(&call->request->arena, text + strspn(text, " \t"));
    for (size_t n = copy == NULL ? 0 : strlen(copy); n > 0 && (copy[n - 1] == ' ' || copy[n - 1] == '\t'); n--)
        copy[n - 1] = '\0';
    return copy;
}

void signin_begin_post(struct page_call *call)
{
    if (!form_read(call))
        return;
    const char *way = http_parameter(call->request, "way"), *email = trimmed(call, http_parameter(call->request, "email"));
    const char *device = http_parameter(call->request, "device"), *setup = http_parameter(call->request, "setup");
    bool password = way != NULL && strcmp(way, "password") == 0;
    size_t provider;
    if (!find_provider(call, http_parameter(call->request, "provider"), &provider) ||
        (email != NULL && email[0] != '\0' && email_fault(email) != NULL) || (device != NULL && strlen(device) > 400) ||
        (setup != NULL && strlen(setup) >= SETUP_TYPED_MAX)) {
        page_message(call, 400, pages_says_title_form_incomplete(), pages_says_form_incomplete(), "/auth/signin", "Start over");
        return;
    }
    if (!page_may_step(call))
        return;
    struct attempt *attempt = attempt_begin(call->pages->attempts, call->request->remote);
    struct hearth_signin_step step;
    struct hearth_signin what = {
        .struct_size = sizeof(what),
        .way = password ? HEARTH_SIGNIN_PASSWORD : HEARTH_SIGNIN_BROWSER,
        .email = email == NULL || email[0] == '\0' ? NULL : email,
        .callback = arena_printf(&call->request->arena, "%s/auth/callback", http_base_url(call->request, call->pages->options.base_url)),
        .device_name = device == NULL || device[0] == '\0' ? NULL : device,
    };
    call->signin->address = call->request->remote;
    call->signin->email = what.email;
    int r = attempt == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory")
                            : signin_start(call->signin, provider, &what, &step, &call->err);
    if (r < 0) {
        attempt_drop(call->pages->attempts, attempt);
        if (r == HEARTH_ERR_UNAVAILABLE)
            page_slow(call, "/auth/signin");
        else if (r == HEARTH_ERR_CONFLICT)
            page_busy(call, "/auth/signin");
        else
            page_error(call);
        return;
    }
    attempt->provider = provider;
    attempt->way = what.way;
    snprintf(attempt->email, sizeof(attempt->email), "%s", what.email == NULL ? "" : what.email);
    snprintf(attempt->setup, sizeof(attempt->setup), "%s", setup == NULL ? "" : setup);
    snprintf(attempt->next, sizeof(attempt->next), "%s", form_next(http_parameter(call->request, "next")));
    goes_on(call, attempt, &step, false);
}

/* --- step ------------------------------------------------------------------------------------------------------------------------------
 */

/* The attempt of this browser; NULL: the reply says what is the matter. */
static struct attempt *take(struct page_call *call)
{
    bool busy;
    struct attempt *attempt = attempt_take(call->pages->attempts, http_cookie(call->request, attempt_cookie_name(call)), &busy);
    if (attempt != NULL && attempt->sso) {
        attempt_put(call->pages->attempts, attempt);
        attempt = NULL;
    }
    if (attempt == NULL && busy)
        page_message(call, 409, pages_says_title_moment(), pages_says_worked_on(), "/auth/step", "Look again");
    else if (attempt == NULL)
        page_message(call, 410, pages_says_title_over(), pages_says_over(hearth_duration_of(ATTEMPT_LIFE)), "/auth/signin", "Start over");
    return attempt;
}

/* Is this address, or this person from there, past its wrong answers? Then the reply says so, and the attempt is back. */
static bool may_answer(struct page_call *call, struct attempt *attempt)
{
    int64_t wait = guesses_begin(call->pages->answers, call->request->remote, attempt->email);
    if (wait > 0) {
        page_audit_failed(call, "too_many_answers", attempt->email, signin_provider_name(call->pages->options.signin, attempt->provider));
        attempt_put(call->pages->attempts, attempt);
        page_too_many(call, wait);
    }
    return wait == 0;
}

/* count 0: nobody answered, it is looked again. What came by a form of ours is an answer that may be wrong; what came by a GET (the browser
 * is back, or looks) is no guess, and another site can make it come. */
static void next_step(struct page_call *call, struct attempt *attempt, const struct hearth_signin_answer *answers, size_t count)
{
    struct hearth_signin_step step;
    bool typed = count > 0 && call->request->method == HTTP_POST;
    if (typed && !may_answer(call, attempt))
        return;
    void *state;
    size_t size;
    int r = attempt_open_state(call->pages->attempts, attempt, &state, &size, &call->err);
    if (r == 0) {
        call->signin->address = call->request->remote;
        call->signin->email = attempt->email;
        r = signin_next(call->signin, attempt->provider, state, size, answers, count, &step, &call->err);
        vault_free(state, size);
    }
    if (typed)
        guesses_end(call->pages->answers, call->request->remote, attempt->email, r == 0 && was_wrong(&step));
    if (r == 0) {
        goes_on(call, attempt, &step, count > 0);
        return;
    }
    attempt_put(call->pages->attempts, attempt); /* the same answer may do later */
    if (r == HEARTH_ERR_UNAVAILABLE)
        page_slow(call, "/auth/step");
    else if (r == HEARTH_ERR_CONFLICT)
        page_busy(call, "/auth/step");
    else
        page_error(call);
}

void signin_step_page(struct page_call *call)
{
    struct attempt *attempt = take(call);
    if (attempt != NULL && attempt->waits && clock_monotonic() >= attempt->look_at)
        next_step(call, attempt, NULL, 0);
    else if (attempt != NULL)
        show(call, attempt);
}

static size_t read_answers(struct page_call *call, struct hearth_signin_answer *answers)
{
    size_t n = 0;
    for (size_t i = 0; i < call->request->parameter_count && n < ANSWERS_MAX; i++)
        if (str_starts(call->request->names[i], "f_") || str_starts(call->request->names[i], "c_"))
            answers[n++] = (struct hearth_signin_answer){
                .struct_size = sizeof(answers[0]), .name = call->request->names[i] + 2, .value = call->request->values[i]};
    return n;
}

static void decide(struct page_call *call, struct attempt *attempt)
{
    bool keep = http_parameter(call->request, "c_keep") != NULL, nothing = http_parameter(call->request, "c_nothing") != NULL;
    struct hearth_identity identity;
    void *bytes;
    size_t size;
    if (keep == nothing) {
        show(call, attempt);
        return;
    }
    if (attempt_open_identity(call->pages->attempts, attempt, &identity, &bytes, &size, &call->err) < 0) {
        over(call, attempt);
        page_error(call);
        return;
    }
    call->provider = signin_provider_name(call->pages->options.signin, attempt->provider);
    done(call, attempt, &identity, keep ? SIGNIN_KEEP_DATA : SIGNIN_KEEP_NOTHING);
    vault_free(bytes, size);
}

void signin_step_post(struct page_call *call)
{
    struct hearth_signin_answer answers[ANSWERS_MAX];
    if (!form_read(call))
        return;
    struct attempt *attempt = take(call);
    if (attempt == NULL)
        return;
    if (attempt->deciding) {
        decide(call, attempt);
    } else if (!page_may_step(call)) {
        attempt_put(call->pages->attempts, attempt);
    } else {
        size_t count = read_answers(call, answers);
        next_step(call, attempt, answers, count);
    }
}

/* The browser comes back from another site. Which attempt it belongs to says the cookie, not the address; the provider compares `state`. */
void signin_callback(struct page_call *call)
{
    struct attempt *attempt = take(call);
    if (attempt == NULL)
        return;
    struct hearth_signin_answer answer = {
        .struct_size = sizeof(answer), .name = "query", .value = call->request->query == NULL ? "" : call->request->query};
    if (attempt->returns)
        next_step(call, attempt, &answer, 1);
    else
        show(call, attempt);
}

void signin_cancel_post(struct page_call *call)
{
    if (!form_read(call))
        return;
    bool busy;
    over(call, attempt_take(call->pages->attempts, http_cookie(call->request, attempt_cookie_name(call)), &busy));
    page_redirect(call, "/auth/signin");
}
