/* Steps: what the host shows. Everything lives in the call's arena. */
#include "signin.h"

#include "support/call.h"

/* What the next call gets. */
static int keep_state(struct fx_signin *s)
{
    s->step.state = support_keep_bytes(s->asker.host, s->asker.call, &s->state, sizeof(s->state));
    s->step.state_size = sizeof(s->state);
    return s->step.state == NULL ? HEARTH_ERR_NOMEM : 0;
}

static int put_fields(struct fx_signin *s, const struct fx_signin_field *fields, size_t count)
{
    struct hearth_signin_field *to = s->asker.host->alloc(s->asker.call, (count + 1) * sizeof(*to));
    if (to == NULL)
        return support_no_memory(s->asker.call);
    for (size_t i = 0; i < count; i++)
        to[i] = (struct hearth_signin_field){.struct_size = sizeof(to[0]),
                                             .input = fields[i].input,
                                             .name = fields[i].name,
                                             .label = fields[i].label,
                                             .hint = fields[i].hint};
    s->step.fields = to;
    s->step.field_count = count;
    return 0;
}

static int put_choice(struct fx_signin *s, const char *name, const char *label)
{
    struct hearth_signin_choice *to = s->asker.host->alloc(s->asker.call, sizeof(*to));
    if (to == NULL)
        return support_no_memory(s->asker.call);
    *to = (struct hearth_signin_choice){.struct_size = sizeof(*to), .name = name, .label = label};
    s->step.choices = to;
    s->step.choice_count = 1;
    return 0;
}

int fx_step_ask(struct fx_signin *s, int stage, const char *title, const char *words, const char *problem,
                const struct fx_signin_field *fields, size_t count, const char *choice, const char *choice_label)
{
    s->state.stage = stage;
    s->step.kind = HEARTH_SIGNIN_ASK;
    s->step.title = title;
    s->step.text = support_keep_text(s->asker.host, s->asker.call, words);
    s->step.problem = support_keep_text(s->asker.host, s->asker.call, problem);
    int r = put_fields(s, fields, count);
    if (r == 0 && choice != NULL)
        r = put_choice(s, choice, choice_label);
    return r == 0 ? keep_state(s) : r;
}

int fx_step_visit(struct fx_signin *s, const char *url, const char *problem)
{
    static const struct fx_signin_field ADDRESS[] = {
        {"address", "The address where you ended", "It begins with https:// and contains code=", HEARTH_SIGNIN_ADDRESS}};
    static const char BACK[] =
        "Your accounts server asks for your password and whatever else you have set up. Afterwards you come back here by yourself.";
    static const char PASTE[] = "1. Open the sign-in page with the button. It opens in a new tab.\n"
                                "2. Sign in there as you always do.\n"
                                "3. When it says that you are signed in, or shows an empty or broken page, do not close it: copy the whole "
                                "address from the address bar at the top.\n"
                                "4. Come back to this tab, paste the address here, and continue.\n"
                                "If the address was already gone, you find it in your browser's history, as the last page of that visit.";
    bool returns = s->state.callback[0] != '\0';
    s->state.stage = FX_AT_RETURN;
    s->step.kind = HEARTH_SIGNIN_VISIT;
    s->step.title = "Sign in to your Mozilla account";
    s->step.text = returns ? BACK : PASTE;
    s->step.problem = support_keep_text(s->asker.host, s->asker.call, problem);
    s->step.url = support_keep_text(s->asker.host, s->asker.call, url);
    s->step.returns = returns;
    int r = s->step.url == NULL ? support_no_memory(s->asker.call) : returns ? 0 : put_fields(s, ADDRESS, 1);
    return r == 0 ? keep_state(s) : r;
}

int fx_step_wait(struct fx_signin *s, const char *title, const char *words, int64_t wait)
{
    s->state.stage = FX_AT_LINK;
    s->step.kind = HEARTH_SIGNIN_WAIT;
    s->step.title = title;
    s->step.text = words;
    s->step.wait = wait;
    return keep_state(s);
}

int fx_step_failed(struct fx_signin *s, const char *reason, const char *words, uint64_t try_ways, int64_t wait)
{
    s->step.kind = HEARTH_SIGNIN_FAILED;
    s->step.title = "That did not work";
    s->step.reason = reason;
    s->step.text = support_keep_text(s->asker.host, s->asker.call, words);
    s->step.try_ways = try_ways;
    s->step.wait = wait;
    return s->step.text == NULL ? support_no_memory(s->asker.call) : 0;
}

int fx_step_done(struct fx_signin *s)
{
    struct hearth_identity *identity = s->asker.host->alloc(s->asker.call, sizeof(*identity));
    if (identity == NULL)
        return support_no_memory(s->asker.call);
    identity->struct_size = sizeof(*identity);
    s->step.kind = HEARTH_SIGNIN_DONE;
    s->step.identity = identity;
    return fx_fill_identity(s->asker.fx, s->asker.call, &s->made, identity);
}

int fx_step_again(struct fx_signin *s, const char *problem)
{
    static const struct fx_signin_field UNBLOCK[] = {{"code", "Code from the mail", "Eight letters and digits", HEARTH_SIGNIN_CODE}};
    switch (s->state.stage) {
    case FX_AT_PASSWORD:
        return fx_password_start(s, problem);
    case FX_AT_UNBLOCK:
        return fx_step_ask(s, FX_AT_UNBLOCK, "Is it you?",
                           "The accounts server wants to be sure, and has sent a mail with a code to your address.", problem, UNBLOCK, 1,
                           NULL, NULL);
    default:
        return fx_password_ask_factor(s, problem);
    }
}

/* What is not in the body: by the status. */
static int refused_by_status(struct fx_signin *s, int64_t wait)
{
    char words[256];
    switch (s->answer.status) {
    case 406:
        return fx_step_failed(s, "anti_bot_challenge",
                              "The accounts server wants to see a real browser and does not let programs sign in with a password. Use the "
                              "sign-in on its own pages.",
                              HEARTH_SIGNIN_BROWSER, 0);
    case 429:
        return fx_step_failed(s, "throttled", "There were too many attempts, and the accounts server makes you wait. Try again later.", 0,
                              wait == 0 ? 60000 : wait);
    case 404:
    case 410:
        return fx_step_failed(s, "unsupported_server", "The accounts server does not offer this way of signing in. Use its own pages.",
                              HEARTH_SIGNIN_BROWSER, 0);
    default:
        snprintf(words, sizeof(words), "The accounts server failed (%d). Try again in a few minutes.", s->answer.status);
        return fx_step_failed(s, "server_error", words, 0, s->answer.status >= 500 ? (wait == 0 ? 60000 : wait) : 0);
    }
}

int fx_step_refused(struct fx_signin *s)
{
    struct fx_signin_refusal refusal;
    char words[512];
    fx_signin_refusal_read(&s->answer, &refusal);
    const struct fx_signin_error *error = fx_signin_error(refusal.number);
    if (error == NULL || s->answer.status == 406)
        return refused_by_status(s, refusal.retry_after);
    if (error->what == FX_ASK_AGAIN && s->state.stage != FX_AT_RETURN)
        return fx_step_again(s, error->text);
    if (error->number == 114 && refusal.retry_after > 0)
        snprintf(words, sizeof(words), "%s Try again in %lld minutes.", error->text, (long long)(refusal.retry_after + 59999) / 60000);
    else
        snprintf(words, sizeof(words), "%s", error->text);
    uint64_t ways = error->what == FX_USE_BROWSER || error->what == FX_BLOCKED ? HEARTH_SIGNIN_BROWSER : 0;
    return fx_step_failed(s, error->reason, words, ways, refusal.retry_after > 0 ? refusal.retry_after : error->number == 114 ? 60000 : 0);
}

int fx_step_unreachable(struct fx_signin *s, int code)
{
    int64_t wait = s->asker.call->retry_after;
    if (code == HEARTH_ERR_CANCELLED || code == HEARTH_ERR_NOMEM || code == HEARTH_ERR_INTERNAL)
        return code;
    if (wait > 0)
        return fx_step_failed(s, "throttled", "The accounts server has asked this server to wait. Try again later.", 0, wait);
    return fx_step_failed(s, code == FX_END ? "server_error" : "unreachable", s->result.detail, 0, code == FX_END ? 0 : 30000);
}
