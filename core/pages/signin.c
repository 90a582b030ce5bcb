/* /auth/signin, /auth/start, /auth/step, /auth/callback: the flow of steps with a provider, in a
 * browser.
 *
 *   signin ──POST start──► step ◄──► POST step ──► DONE: pages_start_browser_session()
 *                           │  ▲
 *                   another site  callback
 *
 * A form is always answered with 303 to the step's page. */
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

/* --- the beginning --- */

/* How a server is asked for its first person. */
struct setup {
    bool needed;
    const char *code; /* as it came with the address; NULL */
};

static void setup_field(struct view_call *call, const struct setup *setup, const char *method)
{
    if (setup->needed)
        pages_html_put(&call->html,
                       "<p><label for=\"s_%s\">Set-up code of this server</label><br>\n<input "
                       "type=\"text\" id=\"s_%s\" name=\"setup\" "
                       "class=\"code\" value=\"%s\" maxlength=\"40\" autocomplete=\"off\" "
                       "autocapitalize=\"characters\" "
                       "spellcheck=\"false\"></p>\n",
                       method, method, setup->code == NULL ? "" : setup->code);
}

static void begin_form(struct view_call *call, const char *provider, const char *method,
                       const char *next)
{
    pages_form_begin(call, "/auth/start", next);
    pages_html_put(&call->html,
                   "<div><input type=\"hidden\" name=\"provider\" value=\"%s\"><input "
                   "type=\"hidden\" name=\"way\" value=\"%s\"></div>\n",
                   provider, method);
}

static void device_field(struct view_call *call, const char *id)
{
    pages_html_put(&call->html,
                   "<details><summary>More</summary>\n<p><label for=\"%s\">Name of this server in "
                   "your account\u2019s list of devices</label><br>\n"
                   "<input type=\"text\" id=\"%s\" name=\"device\" class=\"wide\" "
                   "maxlength=\"100\"></p>\n</details>\n",
                   id, id);
}

static void provider_forms(struct view_call *call, size_t provider, const char *next,
                           const struct setup *setup)
{
    const struct signin *signin = call->pages->options.signin;
    const char *name = signin_provider_name(signin, provider);
    uint64_t methods = signin_methods(signin, provider);
    if (signin_provider_count(signin) > 1)
        pages_html_put(&call->html, "<h2>%s</h2>\n", name);
    if ((methods & HEARTH_SIGNIN_BROWSER) != 0) {
        buf_add_text(&call->html, "<section>\n");
        pages_html_paragraph(call, pages_says_signin_browser());
        begin_form(call, name, "browser", next);
        setup_field(call, setup, "browser");
        device_field(call, "d_browser");
        pages_form_end(call, "Continue with your Mozilla account");
        buf_add_text(&call->html, "</section>\n");
    }
    if ((methods & HEARTH_SIGNIN_PASSWORD) != 0) {
        buf_add_text(&call->html, "<section>\n");
        pages_html_paragraph(call, pages_says_signin_password());
        begin_form(call, name, "password", next);
        pages_html_put(
            &call->html,
            "<p><label for=\"email\">E-mail address</label><br>\n<input type=\"text\" id=\"email\" "
            "name=\"email\" class=\"wide\" "
            "autocomplete=\"username\" inputmode=\"email\" autocapitalize=\"off\" required></p>\n");
        setup_field(call, setup, "password");
        device_field(call, "d_password");
        pages_form_end(call, "Sign in with a password");
        buf_add_text(&call->html, "</section>\n");
    }
}

void pages_signin_get(struct view_call *call)
{
    const struct pages_options *options = &call->pages->options;
    const char *next = pages_form_next(http_parameter(call->request, "next"));
    struct buf escaped = {0};
    pages_html_query_value(&escaped, next);
    const char *onwards = escaped.data == NULL ? "/" : escaped.data;
    bool any = false;
    struct setup setup = {.code = http_parameter(call->request, "setup")};
    if (call->storages == NULL ||
        signin_needs_setup(options->signin, call->storages, &setup.needed, &call->err) < 0)
        setup.needed = false; /* it is looked at again when somebody has signed in */
    pages_form_mark(call);
    pages_html_begin(call, pages_html_words(call, pages_says_title_signin()), -1, NULL);
    pages_html_paragraph(call, pages_says_signin());
    if (setup.needed)
        pages_setup_notice(call);
    for (size_t i = 0; i < options->sso_count; i++)
        pages_html_put(
            &call->html,
            "<p><a class=\"button\" href=\"/auth/oidc/%s?next=%s\">Sign in with %s</a></p>\n",
            options->sso[i].name, onwards, options->sso[i].title);
    for (size_t i = 0; i < signin_provider_count(options->signin); i++) {
        provider_forms(call, i, next, &setup);
        any = any || signin_methods(options->signin, i) != 0;
    }
    if (!any && options->sso_count == 0)
        pages_html_paragraph(call, pages_says_signin_none());
    buf_add_text(&call->html, "<section>\n");
    pages_html_paragraph(call, pages_says_other_device());
    pages_html_put(&call->html,
                   "<p><a href=\"/auth/code?next=%s\">Type a code</a></p>\n</section>\n", onwards);
    buf_fini(&escaped);
    pages_html_end(call, 200);
}

/* --- what a step leads to --- */

static void step_show(struct view_call *call, struct signin_pending *pending)
{
    buf_add(&call->html, pending->page.data, pending->page.size);
    signin_pending_put(call->pages->pending_signins, pending);
    pages_html_send(call, 200);
}

static void step_redirect(struct view_call *call, struct signin_pending *pending)
{
    /* it looked again, and is where it should be */
    if (call->request->method == HTTP_GET && strcmp(call->request->path, "/auth/step") == 0) {
        step_show(call, pending);
        return;
    }
    pages_set_cookie(call, SIGNIN_COOKIE, arena_strdup(&call->request->arena, pending->secret),
                     SIGNIN_PENDING_LIFE / 1000, "Lax");
    pages_set_node_cookie(call);
    signin_pending_put(call->pages->pending_signins, pending);
    pages_redirect(call, "/auth/step");
}

static void pending_end(struct view_call *call, struct signin_pending *pending)
{
    signin_pending_drop(call->pages->pending_signins, pending);
    pages_set_cookie(call, SIGNIN_COOKIE, "", 0, "Lax");
}

static void step_show_failed(struct view_call *call, struct signin_pending *pending,
                             const struct hearth_signin_step *step)
{
    char *next = arena_strdup(&call->request->arena, pending->next);
    size_t provider = pending->provider;
    pending_end(call, pending);
    const char *title =
        step->title == NULL ? NULL : message_text(&call->request->arena, step->title);
    const char *text = step->text == NULL ? NULL : message_text(&call->request->arena, step->text);
    pages_html_begin(
        call, title == NULL ? pages_html_words(call, pages_says_title_failed()) : title, -1, NULL);
    pages_html_problem(call,
                       text == NULL ? pages_html_words(call, pages_says_not_accepted()) : text);
    if ((step->try_methods & signin_methods(call->pages->options.signin, provider) &
         HEARTH_SIGNIN_BROWSER) != 0) {
        begin_form(call, signin_provider_name(call->pages->options.signin, provider), "browser",
                   next);
        pages_form_end(call, "Continue with your Mozilla account");
    }
    pages_html_put(&call->html, "<p><a href=\"/auth/signin\">Back to signing in</a></p>\n");
    bool throttled = step->reason != NULL && strcmp(step->reason, "throttled") == 0;
    if (step->wait > 0)
        http_reply_header(
            call->reply, "retry-after",
            arena_printf(&call->request->arena, "%lld", (long long)(step->wait + 999) / 1000));
    pages_html_end(call, step->wait == 0 ? 403 : throttled ? 429 : 503);
}

/* Set-up codes are counted as codes are: past its wrong ones an address is refused before one is
 * looked at. What this says goes to end_setup(). */
static bool may_set_up(struct view_call *call, const struct signin_pending *pending,
                       const char *email)
{
    int64_t wait = pending->setup[0] == '\0'
                       ? 0
                       : signin_guesses_begin(call->pages->codes, call->request->remote, NULL);
    if (wait > 0) {
        pages_audit_failed(call, "too_many_codes", email,
                           signin_provider_name(call->pages->options.signin, pending->provider));
        pages_html_too_many(call, wait);
    }
    return wait == 0;
}

static void end_setup(struct view_call *call, const struct signin_pending *pending,
                      const char *email, bool wrong)
{
    if (pending->setup[0] == '\0')
        return;
    signin_guesses_end(call->pages->codes, call->request->remote, NULL, wrong);
    if (wrong)
        pages_audit_failed(call, "wrong_code", email,
                           signin_provider_name(call->pages->options.signin, pending->provider));
}

/* `identity` may lie in the sign-in worker's memory or in the pending sign-in's, opened. */
static void signin_complete(struct view_call *call, struct signin_pending *pending,
                            const struct hearth_identity *identity, enum signin_keep keep)
{
    const struct pages_options *options = &call->pages->options;
    struct signin_result result;
    struct signin_end end = {.provider = pending->provider,
                             .identity = identity,
                             .keep = keep,
                             .setup = pending->setup,
                             .address = call->request->remote};
    pages_renew_deadline(call);
    if (!may_set_up(call, pending, identity->email)) {
        pending_end(call, pending);
        return;
    }
    int r = signin_finish(call->signin, call->storages, &end, &result, &call->err);
    end_setup(call, pending, identity->email, r == 0 && result.outcome == SIGNIN_SETUP_WRONG);
    if (r == 0 && result.outcome == SIGNIN_KEY_CHANGED) {
        r = signin_pending_seal_identity(call->pages->pending_signins, pending, identity,
                                         &call->err);
        if (r == 0) {
            pending->deciding = pending->engaged = true;
            pending->waits = pending->returns = false;
            pages_step_render_decision(call, pending, identity->email, result.joins);
            step_redirect(call, pending);
            return;
        }
    }
    char *next = arena_strdup(&call->request->arena, pending->next),
         *uid = arena_strdup(&call->request->arena, identity->uid);
    pending_end(call, pending);
    if (r < 0) {
        pages_html_error(call);
    } else if (result.outcome != SIGNIN_IN) {
        pages_signin_refused(call, result.outcome);
    } else {
        if (result.before[0] != '\0')
            api_forget(options->api, result.before);
        if (options->signed_in != NULL)
            options->signed_in(options->ctx, result.account, result.node);
        char issuer[sizeof(WHO_SYNC) + 64];
        struct door door = {.kind = DOOR_IDENTITY, .issuer = issuer, .subject = uid};
        snprintf(issuer, sizeof(issuer), WHO_SYNC "%s", call->provider);
        if (uid == NULL)
            pages_html_error(call);
        else if (pages_start_browser_session(call, result.node, result.account, &door,
                                             next == NULL ? "/" : next,
                                             SESSION_COMPLETE) == HEARTH_ERR_NOT_FOUND)
            pages_signin_refused(call, SIGNIN_ANOTHER);
    }
}

/* Did the person answer wrongly? Not that something passes by itself (a server is down, wants a
 * pause, or is not the one that answered), or that another method is wanted, a real browser. */
static bool step_was_wrong(const struct hearth_signin_step *step)
{
    return (step->kind == HEARTH_SIGNIN_ASK && step->problem != NULL) ||
           (step->kind == HEARTH_SIGNIN_FAILED && step->wait == 0 && step->try_methods == 0);
}

/* A guess is what may get its address banned: what another site can make a browser send is none. */
static void step_note_end(struct view_call *call, const struct signin_pending *pending,
                          const struct hearth_signin_step *step)
{
    if (step_was_wrong(step) && call->request->method == HTTP_POST)
        pages_audit_failed(call, step->reason != NULL ? step->reason : "wrong_answer",
                           pending->email, call->provider);
    else if (step_was_wrong(step) || step->kind == HEARTH_SIGNIN_FAILED)
        pages_audit_ended(call, step->reason, call->provider);
}

/* answered: the person did, else they only began. */
static void step_follow(struct view_call *call, struct signin_pending *pending,
                        const struct hearth_signin_step *step, bool answered)
{
    call->provider = signin_provider_name(call->pages->options.signin, pending->provider);
    step_note_end(call, pending, step);
    if (step->kind == HEARTH_SIGNIN_DONE) {
        signin_complete(call, pending, step->identity, SIGNIN_KEEP_ASK);
    } else if (step->kind == HEARTH_SIGNIN_FAILED) {
        step_show_failed(call, pending, step);
    } else if (signin_pending_seal_state(call->pages->pending_signins, pending, step->state,
                                         step->state_size, &call->err) < 0) {
        pending_end(call, pending);
        pages_html_error(call);
    } else {
        pending->waits = step->kind == HEARTH_SIGNIN_WAIT;
        pending->returns = step->kind == HEARTH_SIGNIN_VISIT && step->returns;
        pending->engaged = pending->engaged || step->kind != HEARTH_SIGNIN_ASK ||
                           (answered && !step_was_wrong(step));
        pending->look_at = clock_monotonic() + LOOK_PAUSE;
        pages_step_render(call, pending, step);
        step_redirect(call, pending);
    }
}

/* --- start --- */

static bool find_provider(struct view_call *call, const char *name, size_t *ret_provider)
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
static const char *trimmed_parameter(struct view_call *call, const char *text)
{
    char *copy =
        text == NULL ? NULL : arena_strdup(&call->request->arena, text + strspn(text, " \t"));
    for (size_t n = copy == NULL ? 0 : strlen(copy);
         n > 0 && (copy[n - 1] == ' ' || copy[n - 1] == '\t'); n--)
        copy[n - 1] = '\0';
    return copy;
}

void pages_start_post(struct view_call *call)
{
    if (!pages_form_read(call))
        return;
    const char *method = http_parameter(call->request, "way"),
               *email = trimmed_parameter(call, http_parameter(call->request, "email"));
    const char *device = http_parameter(call->request, "device"),
               *setup = http_parameter(call->request, "setup");
    bool password = method != NULL && strcmp(method, "password") == 0;
    size_t provider;
    if (!find_provider(call, http_parameter(call->request, "provider"), &provider) ||
        (email != NULL && email[0] != '\0' && email_fault(email) != NULL) ||
        (device != NULL && strlen(device) > 400) ||
        (setup != NULL && strlen(setup) >= SETUP_TYPED_MAX)) {
        pages_html_message(call, 400, pages_says_title_form_incomplete(),
                           pages_says_form_incomplete(), "/auth/signin", "Start over");
        return;
    }
    if (!pages_may_step(call))
        return;
    struct signin_pending *pending =
        signin_pending_begin(call->pages->pending_signins, call->request->remote);
    struct hearth_signin_step step;
    struct hearth_signin what = {
        .struct_size = sizeof(what),
        .method = password ? HEARTH_SIGNIN_PASSWORD : HEARTH_SIGNIN_BROWSER,
        .email = email == NULL || email[0] == '\0' ? NULL : email,
        .callback = arena_printf(&call->request->arena, "%s/auth/callback",
                                 http_base_url(call->request, call->pages->options.base_url)),
        .device_name = device == NULL || device[0] == '\0' ? NULL : device,
    };
    call->signin->address = call->request->remote;
    call->signin->email = what.email;
    int r = pending == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory")
                            : signin_start(call->signin, provider, &what, &step, &call->err);
    if (r < 0) {
        signin_pending_drop(call->pages->pending_signins, pending);
        if (r == HEARTH_ERR_UNAVAILABLE)
            pages_html_slow(call, "/auth/signin");
        else if (r == HEARTH_ERR_CONFLICT)
            pages_html_busy(call, "/auth/signin");
        else
            pages_html_error(call);
        return;
    }
    pending->provider = provider;
    pending->method = what.method;
    snprintf(pending->email, sizeof(pending->email), "%s", what.email == NULL ? "" : what.email);
    snprintf(pending->setup, sizeof(pending->setup), "%s", setup == NULL ? "" : setup);
    snprintf(pending->next, sizeof(pending->next), "%s",
             pages_form_next(http_parameter(call->request, "next")));
    step_follow(call, pending, &step, false);
}

/* --- step --- */

/* An answer that came with the address is still good then: looking again is asking for it again. */
void pages_signin_worked_on(struct view_call *call)
{
    const struct http_request *request = call->request;
    bool answers = request->method == HTTP_GET && request->query != NULL;
    const char *again =
        answers ? arena_printf(&call->request->arena, "%s?%s", request->path, request->query)
                : NULL;
    pages_html_message(call, 409, pages_says_title_moment(), pages_says_worked_on(),
                       again == NULL ? "/auth/step" : again, "Look again");
}

/* The pending sign-in of this browser; NULL: the reply says what is the matter. */
static struct signin_pending *pending_take(struct view_call *call)
{
    bool busy;
    struct signin_pending *pending = signin_pending_take(
        call->pages->pending_signins, http_cookie(call->request, SIGNIN_COOKIE), &busy);
    if (pending != NULL && pending->sso) {
        signin_pending_put(call->pages->pending_signins, pending);
        pending = NULL;
    }
    if (pending == NULL && busy)
        pages_signin_worked_on(call);
    else if (pending == NULL)
        pages_html_message(call, 410, pages_says_title_over(),
                           pages_says_over(hearth_duration_of(SIGNIN_PENDING_LIFE)), "/auth/signin",
                           "Start over");
    return pending;
}

/* Is this address, or this person from there, past its wrong answers? Then the reply says so,
 * and the pending sign-in is back. */
static bool step_may_answer(struct view_call *call, struct signin_pending *pending)
{
    int64_t wait =
        signin_guesses_begin(call->pages->answers, call->request->remote, pending->email);
    if (wait > 0) {
        pages_audit_failed(call, "too_many_answers", pending->email,
                           signin_provider_name(call->pages->options.signin, pending->provider));
        signin_pending_put(call->pages->pending_signins, pending);
        pages_html_too_many(call, wait);
    }
    return wait == 0;
}

/* count 0: nobody answered, it is looked again. What came by a form of ours is an answer that
 * may be wrong; what came by a GET (the browser is back, or looks) is no guess, and another site
 * can make it come. */
static void step_advance(struct view_call *call, struct signin_pending *pending,
                         const struct hearth_signin_answer *answers, size_t count)
{
    struct hearth_signin_step step;
    bool typed = count > 0 && call->request->method == HTTP_POST;
    if (typed && !step_may_answer(call, pending))
        return;
    void *state;
    size_t size;
    int r =
        signin_pending_open_state(call->pages->pending_signins, pending, &state, &size, &call->err);
    if (r == 0) {
        call->signin->address = call->request->remote;
        call->signin->email = pending->email;
        r = signin_next(call->signin, pending->provider, state, size, answers, count, &step,
                        &call->err);
        auth_vault_free(state, size);
    }
    if (typed)
        signin_guesses_end(call->pages->answers, call->request->remote, pending->email,
                           r == 0 && step_was_wrong(&step));
    if (r == 0) {
        step_follow(call, pending, &step, count > 0);
        return;
    }
    signin_pending_put(call->pages->pending_signins, pending); /* the same answer may do later */
    if (r == HEARTH_ERR_UNAVAILABLE)
        pages_html_slow(call, "/auth/step");
    else if (r == HEARTH_ERR_CONFLICT)
        pages_html_busy(call, "/auth/step");
    else
        pages_html_error(call);
}

void pages_step_get(struct view_call *call)
{
    struct signin_pending *pending = pending_take(call);
    if (pending != NULL && pending->waits && clock_monotonic() >= pending->look_at)
        step_advance(call, pending, NULL, 0);
    else if (pending != NULL)
        step_show(call, pending);
}

static size_t read_answers(struct view_call *call, struct hearth_signin_answer *answers)
{
    size_t n = 0;
    for (size_t i = 0; i < call->request->parameter_count && n < ANSWERS_MAX; i++)
        if (str_starts(call->request->names[i], "f_") || str_starts(call->request->names[i], "c_"))
            answers[n++] = (struct hearth_signin_answer){.struct_size = sizeof(answers[0]),
                                                         .name = call->request->names[i] + 2,
                                                         .value = call->request->values[i]};
    return n;
}

static void decision_post(struct view_call *call, struct signin_pending *pending)
{
    bool keep = http_parameter(call->request, "c_keep") != NULL,
         nothing = http_parameter(call->request, "c_nothing") != NULL;
    struct hearth_identity identity;
    void *bytes;
    size_t size;
    if (keep == nothing) {
        step_show(call, pending);
        return;
    }
    if (signin_pending_open_identity(call->pages->pending_signins, pending, &identity, &bytes,
                                     &size, &call->err) < 0) {
        pending_end(call, pending);
        pages_html_error(call);
        return;
    }
    call->provider = signin_provider_name(call->pages->options.signin, pending->provider);
    signin_complete(call, pending, &identity, keep ? SIGNIN_KEEP_DATA : SIGNIN_KEEP_NOTHING);
    auth_vault_free(bytes, size);
}

void pages_step_post(struct view_call *call)
{
    struct hearth_signin_answer answers[ANSWERS_MAX];
    if (!pages_form_read(call))
        return;
    struct signin_pending *pending = pending_take(call);
    if (pending == NULL)
        return;
    if (pending->deciding) {
        decision_post(call, pending);
    } else if (!pages_may_step(call)) {
        signin_pending_put(call->pages->pending_signins, pending);
    } else {
        size_t count = read_answers(call, answers);
        step_advance(call, pending, answers, count);
    }
}

/* The browser comes back from another site. The cookie, not the address, says which pending
 * sign-in it belongs to; the provider compares `state`. */
void pages_callback_get(struct view_call *call)
{
    struct signin_pending *pending = pending_take(call);
    if (pending == NULL)
        return;
    struct hearth_signin_answer answer = {
        .struct_size = sizeof(answer),
        .name = "query",
        .value = call->request->query == NULL ? "" : call->request->query};
    if (pending->returns)
        step_advance(call, pending, &answer, 1);
    else
        step_show(call, pending);
}

void pages_cancel_post(struct view_call *call)
{
    if (!pages_form_read(call))
        return;
    bool busy;
    pending_end(call, signin_pending_take(call->pages->pending_signins,
                                          http_cookie(call->request, SIGNIN_COOKIE), &busy));
    pages_redirect(call, "/auth/signin");
}
