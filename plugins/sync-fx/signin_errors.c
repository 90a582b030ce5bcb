/* What the accounts server may say, one row each (reference, section 1.6): numbers of the
 * accounts server; where the OAuth server uses the same for something else, signin_browser.c
 * looks first. 114 says when to try again: signin_step.c. */
#include "signin.h"

#include <string.h>

#include "json_scan.h"

static const struct fx_signin_error table[] = {
    {102, FX_FAILED, "unknown_account", fx_asks_refused_102},
    {103, FX_ASK_AGAIN, "wrong_password", fx_asks_refused_103},
    {104, FX_FAILED, "unverified_account", fx_asks_refused_104},
    {105, FX_ASK_AGAIN, "wrong_code", fx_asks_refused_105},
    {106, FX_FAILED, "fault", fx_asks_refused_106},
    {107, FX_FAILED, "fault", fx_asks_refused_107},
    {108, FX_FAILED, "fault", fx_asks_refused_108},
    {109, FX_FAILED, "fault", fx_asks_refused_109},
    {110, FX_FAILED, "session_over", fx_asks_refused_110},
    {111, FX_FAILED, "clock", fx_asks_refused_111},
    {112, FX_FAILED, "fault", fx_asks_refused_112},
    {113, FX_FAILED, "fault", fx_asks_refused_113},
    {114, FX_BLOCKED, "throttled", NULL},
    {115, FX_FAILED, "fault", fx_asks_refused_115},
    {116, FX_FAILED, "unsupported_server", fx_asks_refused_116},
    {120, FX_WRONG_CASE, "email_case", fx_asks_refused_120},
    {123, FX_FAILED, "device", fx_asks_refused_123},
    {124, FX_FAILED, "device", fx_asks_refused_124},
    {125, FX_BLOCKED, "blocked", fx_asks_refused_125},
    {126, FX_USE_BROWSER, "must_reset", fx_asks_refused_126},
    {127, FX_ASK_AGAIN, "wrong_unblock_code", fx_asks_refused_127},
    {138, FX_FAILED, "unverified_session", fx_asks_refused_138},
    {142, FX_ASK_AGAIN, "secondary_email", fx_asks_refused_142},
    {148, FX_FAILED, "already_verified", fx_asks_refused_148},
    {149, FX_ASK_AGAIN, "secondary_email", fx_asks_refused_149},
    {151, FX_PASSES, "mail_failed", fx_asks_refused_151},
    {152, FX_ASK_AGAIN, "code_expired", fx_asks_refused_152},
    {153, FX_ASK_AGAIN, "wrong_code", fx_asks_refused_105},
    {155, FX_USE_BROWSER, "totp_missing", fx_asks_refused_155},
    {156, FX_ASK_AGAIN, "wrong_code", fx_asks_wrong_backup},
    {157, FX_FAILED, "device", fx_asks_refused_157},
    {160, FX_USE_BROWSER, "totp_required", fx_asks_refused_160},
    {162, FX_FAILED, "unknown_client", fx_asks_refused_162},
    {163, FX_FAILED, "bad_scopes", fx_asks_refused_163},
    {164, FX_FAILED, "stale", fx_asks_too_late},
    {166, FX_FAILED, "client_not_public", fx_asks_refused_166},
    {169, FX_FAILED, "fault", fx_asks_refused_169},
    {171, FX_FAILED, "client_secret", fx_asks_refused_171},
    {172, FX_FAILED, "code_unknown", fx_asks_refused_172},
    {173, FX_FAILED, "code_mismatch", fx_asks_refused_173},
    {174, FX_FAILED, "code_expired", fx_asks_refused_174},
    {175, FX_FAILED, "code_mismatch", fx_asks_refused_175},
    {182, FX_FAILED, "token_unknown", fx_asks_refused_182},
    {183, FX_ASK_AGAIN, "wrong_code", fx_asks_refused_183},
    {201, FX_PASSES, "server_busy", fx_asks_refused_201},
    {202, FX_PASSES, "server_busy", fx_asks_refused_202},
    {203, FX_PASSES, "server_busy", fx_asks_refused_203},
    {204, FX_FAILED, "client_disabled", fx_asks_refused_204},
    {206, FX_USE_BROWSER, "no_password", fx_asks_refused_206},
    {210, FX_USE_BROWSER, "no_password", fx_asks_refused_210},
    {213, FX_USE_BROWSER, "needs_browser", fx_asks_refused_213},
    {222, FX_USE_BROWSER, "needs_browser", fx_asks_refused_222},
    {223, FX_USE_BROWSER, "needs_browser", fx_asks_refused_223},
    {998, FX_PASSES, "server_error", fx_asks_refused_998},
    {999, FX_PASSES, "server_error", fx_asks_refused_998},
    {0, FX_FAILED, NULL, NULL},
};

const struct fx_signin_error *fx_signin_error(int64_t number)
{
    for (const struct fx_signin_error *error = table; error->number != 0; error++)
        if (error->number == number)
            return error;
    return NULL;
}

static int refusal_on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct fx_signin_refusal *refusal = ctx;
    int64_t seconds;
    if (fx_span_is(key, "errno"))
        fx_span_integer(value, &refusal->number);
    else if (fx_span_is(key, "retryAfter") && fx_span_integer(value, &seconds) == 0 &&
             seconds > 0 && seconds <= 86400)
        refusal->retry_after = seconds * 1000;
    else if (fx_span_is(key, "serverTime"))
        fx_span_integer(value, &refusal->server_time);
    else if (fx_span_is(key, "email") && value->kind == FX_JSON_STRING &&
             fx_span_text(value, refusal->email, sizeof(refusal->email), NULL) != 0)
        refusal->email[0] = '\0';
    else if (fx_span_is(key, "verificationMethod") && value->kind == FX_JSON_STRING &&
             fx_span_text(value, refusal->method, sizeof(refusal->method), NULL) != 0)
        refusal->method[0] = '\0';
    return 0;
}

void fx_signin_refusal_read(const struct fx_answer *answer, struct fx_signin_refusal *ret_refusal)
{
    *ret_refusal = (struct fx_signin_refusal){0};
    if (fx_json_scan(answer->error_body, answer->error_body_size, refusal_on_member, ret_refusal) !=
        0)
        *ret_refusal = (struct fx_signin_refusal){0};
    if (answer->retry_after > ret_refusal->retry_after)
        ret_refusal->retry_after = answer->retry_after;
}
