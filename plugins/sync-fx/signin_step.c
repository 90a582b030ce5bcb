/* Steps: what the host shows. Everything lives in the call's arena. */
#include "signin.h"

#include <string.h>

#include "json_scan.h"
#include "support/call.h"

/* What the next call gets. */
static int keep_state(struct fx_signin *s)
{
    s->step.state = support_keep_bytes(s->asker.host, s->asker.call, &s->state, sizeof(s->state));
    s->step.state_size = sizeof(s->state);
    return s->step.state == NULL ? HEARTH_ERR_NOMEM : 0;
}

static const struct hearth_message *refusal_words_of(struct fx_signin *s, fx_words words)
{
    return words == NULL ? NULL : fx_message(&s->asker, words());
}

static int step_put_fields(struct fx_signin *s, const struct fx_signin_field *fields, size_t count)
{
    struct hearth_signin_field *to = s->asker.host->alloc(s->asker.call, (count + 1) * sizeof(*to));
    if (to == NULL)
        return support_no_memory(s->asker.call);
    for (size_t i = 0; i < count; i++)
        to[i] = (struct hearth_signin_field){.struct_size = sizeof(to[0]),
                                             .input = fields[i].input,
                                             .name = fields[i].name,
                                             .label = refusal_words_of(s, fields[i].label),
                                             .hint = refusal_words_of(s, fields[i].hint)};
    s->step.fields = to;
    s->step.field_count = count;
    return 0;
}

static int put_choice(struct fx_signin *s, const char *name, fx_words label)
{
    struct hearth_signin_choice *to = s->asker.host->alloc(s->asker.call, sizeof(*to));
    if (to == NULL)
        return support_no_memory(s->asker.call);
    *to = (struct hearth_signin_choice){
        .struct_size = sizeof(*to), .name = name, .label = refusal_words_of(s, label)};
    s->step.choices = to;
    s->step.choice_count = 1;
    return 0;
}

static const struct hearth_message *refusal_problem(struct fx_signin *s,
                                                    const struct hearth_sentence *problem)
{
    return problem == NULL ? NULL : fx_message(&s->asker, *problem);
}

int fx_step_ask(struct fx_signin *s, const struct fx_signin_page *page,
                const struct hearth_sentence *problem)
{
    s->state.stage = page->stage;
    s->step.kind = HEARTH_SIGNIN_ASK;
    s->step.title = refusal_words_of(s, page->title);
    s->step.text = refusal_words_of(s, page->text);
    s->step.problem = refusal_problem(s, problem);
    int r = step_put_fields(s, page->fields, page->count);
    if (r == 0 && page->choice != NULL)
        r = put_choice(s, page->choice, page->choice_label);
    return r == 0 ? keep_state(s) : r;
}

int fx_step_visit(struct fx_signin *s, const char *url, const struct hearth_sentence *problem)
{
    static const struct fx_signin_field ADDRESS[] = {
        {"address", fx_asks_label_address, fx_asks_hint_address, HEARTH_SIGNIN_ADDRESS}};
    bool returns = s->state.callback[0] != '\0';
    s->state.stage = FX_AT_RETURN;
    s->step.kind = HEARTH_SIGNIN_VISIT;
    s->step.title = refusal_words_of(s, fx_asks_title_visit);
    s->step.text = refusal_words_of(s, returns ? fx_asks_visit_returns : fx_asks_visit_paste);
    s->step.problem = refusal_problem(s, problem);
    s->step.url = support_keep_text(s->asker.host, s->asker.call, url);
    s->step.returns = returns;
    int r = s->step.url == NULL ? support_no_memory(s->asker.call)
            : returns           ? 0
                                : step_put_fields(s, ADDRESS, 1);
    return r == 0 ? keep_state(s) : r;
}

int fx_step_wait(struct fx_signin *s, fx_words title, fx_words text, int64_t wait)
{
    s->state.stage = FX_AT_LINK;
    s->step.kind = HEARTH_SIGNIN_WAIT;
    s->step.title = refusal_words_of(s, title);
    s->step.text = refusal_words_of(s, text);
    s->step.wait = wait;
    return keep_state(s);
}

int fx_step_failed(struct fx_signin *s, const char *reason, struct hearth_sentence text,
                   uint64_t try_methods, int64_t wait)
{
    s->step.kind = HEARTH_SIGNIN_FAILED;
    s->step.title = refusal_words_of(s, fx_asks_title_failed);
    s->step.reason = reason;
    s->step.text = fx_message(&s->asker, text);
    s->step.try_methods = try_methods;
    s->step.wait = wait;
    return 0;
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

int fx_step_again(struct fx_signin *s, const struct hearth_sentence *problem)
{
    static const struct fx_signin_field CODE[] = {
        {"code", fx_asks_label_mailed, fx_asks_hint_unblock, HEARTH_SIGNIN_CODE}};
    static const struct fx_signin_page UNBLOCK = {.stage = FX_AT_UNBLOCK,
                                                  .title = fx_asks_title_unblock,
                                                  .text = fx_asks_mailed_unblock,
                                                  .fields = CODE,
                                                  .count = 1};
    switch (s->state.stage) {
    case FX_AT_PASSWORD:
        return fx_password_start(s, problem);
    case FX_AT_UNBLOCK:
        return fx_step_ask(s, &UNBLOCK, problem);
    default:
        return fx_password_ask_factor(s, problem);
    }
}

enum { PAUSE = 60000, SHORT_PAUSE = 30000 };

static int refusal_throttled(struct fx_signin *s, int64_t wait, uint64_t methods)
{
    wait = wait == 0 ? PAUSE : wait;
    return fx_step_failed(s, "throttled", fx_asks_throttled(hearth_duration_of(wait)), methods,
                          wait);
}

int fx_step_passing(struct fx_signin *s, const char *reason, struct hearth_sentence text,
                    uint64_t try_methods)
{
    return fx_step_failed(s, reason, text, try_methods, PAUSE);
}

bool fx_signin_has_json(const struct fx_signin *s)
{
    return s->body.data != NULL && fx_json_scan(s->body.data, s->body.size, NULL, NULL) == 0;
}

int fx_step_unusable(struct fx_signin *s, const char *reason, struct hearth_sentence text)
{
    const char *body = s->body.data == NULL ? "" : s->body.data;
    if (fx_signin_has_json(s))
        return fx_step_passing(s, reason, text, 0);
    return fx_step_passing(s, "server_error",
                           body[strspn(body, " \t\r\n")] == '<' ? fx_asks_foreign(s->answer.status)
                                                                : fx_asks_cut_off(),
                           0);
}

/* What is not in the body: by the status. Without a number of its own it is not the accounts
 * server that refuses, or not what was typed. */
static int refused_by_status(struct fx_signin *s, const struct fx_signin_refusal *refusal)
{
    int status = s->answer.status;
    int64_t wait = refusal->retry_after;
    bool nobodys = refusal->number == 0 || fx_answer_is_foreign(&s->answer),
         missing = status == 404 || status == 410;
    if (status >= 400 && status < 500 && status != 406 && status != 429 &&
        (missing ? fx_answer_is_foreign(&s->answer) : nobodys))
        return fx_step_passing(s, "server_error", fx_asks_foreign(status),
                               missing ? HEARTH_SIGNIN_BROWSER : 0);
    switch (status) {
    case 406:
        return fx_step_failed(s, "anti_bot_challenge", fx_asks_browser_check(),
                              HEARTH_SIGNIN_BROWSER, 0);
    case 429:
        return refusal_throttled(s, wait, 0);
    case 404:
    case 410:
        return fx_step_failed(s, "unsupported_server", fx_asks_unsupported(), HEARTH_SIGNIN_BROWSER,
                              0);
    default:
        return fx_step_failed(s, "server_error", fx_asks_server_failed(status), 0,
                              wait == 0 ? PAUSE : wait);
    }
}

int fx_step_refused(struct fx_signin *s)
{
    struct fx_signin_refusal refusal;
    fx_signin_refusal_read(&s->answer, &refusal);
    const struct fx_signin_error *error = fx_signin_error(refusal.number);
    if (error == NULL || s->answer.status == 406)
        return refused_by_status(s, &refusal);
    uint64_t methods =
        error->what == FX_USE_BROWSER || error->what == FX_BLOCKED ? HEARTH_SIGNIN_BROWSER : 0;
    if (error->text == NULL)
        return refusal_throttled(s, refusal.retry_after, methods);
    struct hearth_sentence text = error->text();
    if (error->what == FX_ASK_AGAIN && s->state.stage != FX_AT_RETURN)
        return fx_step_again(s, &text);
    bool passes = error->what == FX_PASSES || s->answer.status >= 500;
    return fx_step_failed(s, error->reason, text, methods,
                          passes && refusal.retry_after == 0 ? PAUSE : refusal.retry_after);
}

/* Words for whoever waits in front of it: nothing is tried again by itself here. */
int fx_step_unreachable(struct fx_signin *s, int code)
{
    int64_t wait = s->asker.call->retry_after;
    if (code == HEARTH_ERR_CANCELLED || code == HEARTH_ERR_NOMEM || code == HEARTH_ERR_INTERNAL)
        return code;
    if (wait > 0)
        return fx_step_failed(s, "throttled", fx_asks_server_waits(hearth_duration_of(wait)), 0,
                              wait);
    if (code != FX_END)
        return fx_step_failed(s, "unreachable",
                              code == HEARTH_ERR_TIMEOUT ? fx_asks_timeout()
                              : code == HEARTH_ERR_FULL  ? fx_asks_large()
                              : s->answer.status != 0    ? fx_asks_broke_off(s->asker.reason)
                                                         : fx_asks_unreachable(s->asker.reason),
                              0, SHORT_PAUSE);
    struct hearth_sentence failed = fx_asks_discovery_failed();
    fx_step_passing(s, "server_error", failed, 0);
    /* what is wrong will stay so, and does not say that it is tried again */
    if (s->result.passing == 0)
        s->step.text = s->result.message;
    return 0;
}
