/* What the accounts server may say, one row each (reference, section 1.6): numbers of the accounts server; where the OAuth server uses the
 * same for something else, signin_browser.c looks first. */
#include "signin.h"

#include <string.h>

#include "json_scan.h"

#define OPERATOR "Whoever runs this server can look at client_id, redirect_uri and scopes in its configuration."
#define WEB      "Sign in at the accounts server's own pages instead."

static const struct fx_signin_error table[] = {
    {102, FX_FAILED, "unknown_account", "There is no Mozilla account with this e-mail address. Check how it is written."},
    {103, FX_ASK_AGAIN, "wrong_password", "That password is not right. After a few wrong ones the accounts server makes you wait."},
    {104, FX_FAILED, "unverified_account",
     "This account was never confirmed. Follow the link in the mail that the accounts server sent when it was made, then sign in again."},
    {105, FX_ASK_AGAIN, "wrong_code", "That code is not right."},
    {106, FX_FAILED, "fault", "The accounts server did not understand the request (106). This is a fault of Hearth: please report it."},
    {107, FX_FAILED, "fault", "The accounts server did not accept the request (107). This is a fault of Hearth: please report it."},
    {108, FX_FAILED, "fault", "The accounts server misses something in the request (108). This is a fault of Hearth: please report it."},
    {109, FX_FAILED, "fault", "The accounts server did not accept the signature (109). Check that no proxy changes requests to it."},
    {110, FX_FAILED, "session_over", "The accounts server has ended this sign-in. Please start again."},
    {111, FX_FAILED, "clock", "The accounts server says that this machine's clock is wrong. Whoever runs this server can set it."},
    {112, FX_FAILED, "fault", "The accounts server did not accept the request (112). This is a fault of Hearth: please report it."},
    {113, FX_FAILED, "fault", "The accounts server did not accept the request (113). This is a fault of Hearth: please report it."},
    {114, FX_BLOCKED, "throttled", "There were too many attempts, and the accounts server makes you wait."},
    {115, FX_FAILED, "fault", "The accounts server saw a request twice (115). Please start again."},
    {116, FX_FAILED, "unsupported_server", "The accounts server no longer offers this way of signing in. " WEB},
    {120, FX_WRONG_CASE, "email_case",
     "The account's e-mail address is written with other capital letters. Type it exactly as you did when you made the account."},
    {123, FX_FAILED, "device", "The accounts server does not know this device. Please start again."},
    {124, FX_FAILED, "device", "The accounts server has another device of this name. Please start again."},
    {125, FX_BLOCKED, "blocked",
     "The accounts server has blocked this sign-in for security. Try again later, or sign in on its own pages."},
    {126, FX_USE_BROWSER, "must_reset", "This account's password must be reset. Do that at the accounts server, then sign in again."},
    {127, FX_ASK_AGAIN, "wrong_unblock_code", "That code is not right, or has run out. Look for the newest mail."},
    {138, FX_FAILED, "unverified_session", "The sign-in was not confirmed. Please start again."},
    {142, FX_ASK_AGAIN, "secondary_email", "This is a secondary address of the account. Use the primary one."},
    {148, FX_FAILED, "already_verified", "The address is confirmed already. Please sign in again."},
    {149, FX_ASK_AGAIN, "secondary_email", "This address cannot sign in. Use the account's primary one."},
    {151, FX_FAILED, "mail_failed", "The accounts server could not send the mail. Try again later."},
    {152, FX_ASK_AGAIN, "code_expired", "That code has run out. Look for the newest mail, or have one sent again."},
    {153, FX_ASK_AGAIN, "wrong_code", "That code is not right."},
    {155, FX_USE_BROWSER, "totp_missing",
     "The account's authenticator is not set up completely. Finish that at the accounts server, then sign in again."},
    {156, FX_ASK_AGAIN, "wrong_code", "That backup code is not right, or was used before."},
    {157, FX_FAILED, "device", "The accounts server does not support this for the device."},
    {160, FX_USE_BROWSER, "totp_required",
     "This account needs two-step authentication first. Set it up at the accounts server, then sign in again."},
    {162, FX_FAILED, "unknown_client", "The accounts server does not know the client id of this server. " OPERATOR},
    {163, FX_FAILED, "bad_scopes", "The accounts server does not give this client the keys of Sync. " OPERATOR},
    {164, FX_FAILED, "stale", "This sign-in took too long. Please start again."},
    {166, FX_FAILED, "client_not_public", "The accounts server wants a secret for this client id, which is not supported. " OPERATOR},
    {169, FX_FAILED, "fault", "The accounts server misses the proof key (169). This is a fault of Hearth: please report it."},
    {171, FX_FAILED, "client_secret", "The accounts server does not accept this client. " OPERATOR},
    {172, FX_FAILED, "code_unknown", "The accounts server does not know that code, or it was used before. Please start again."},
    {173, FX_FAILED, "code_mismatch", "That code was made for another client id. Please start again. " OPERATOR},
    {174, FX_FAILED, "code_expired", "That code has run out: it is good for fifteen minutes. Please start again."},
    {175, FX_FAILED, "code_mismatch", "That code belongs to another sign-in. Please start again, and use only one window."},
    {182, FX_FAILED, "token_unknown", "The accounts server has already forgotten this sign-in. Please start again."},
    {183, FX_ASK_AGAIN, "wrong_code", "That code is not right, or has run out."},
    {201, FX_FAILED, "server_busy", "The accounts server is overloaded. Try again in a few minutes."},
    {202, FX_FAILED, "server_busy", "The accounts server has switched this off for now. Try again later."},
    {203, FX_FAILED, "server_busy", "Something behind the accounts server does not work. Try again later."},
    {204, FX_FAILED, "client_disabled", "The accounts server has disabled the client id of this server. " OPERATOR},
    {206, FX_USE_BROWSER, "no_password", "A password cannot be made for this account here. " WEB},
    {210, FX_USE_BROWSER, "no_password", "This account has no password. " WEB},
    {213, FX_USE_BROWSER, "needs_browser", "The accounts server wants more than a password. " WEB},
    {222, FX_USE_BROWSER, "needs_browser", "The accounts server wants a stronger proof than a password. " WEB},
    {223, FX_USE_BROWSER, "needs_browser", "The accounts server wants a second factor that works only on its own pages. " WEB},
    {998, FX_FAILED, "server_error", "The accounts server failed. Try again later."},
    {999, FX_FAILED, "server_error", "The accounts server failed. Try again later."},
    {0, FX_FAILED, NULL, NULL},
};

const struct fx_signin_error *fx_signin_error(int64_t number)
{
    for (const struct fx_signin_error *error = table; error->number != 0; error++)
        if (error->number == number)
            return error;
    return NULL;
}

static int on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct fx_signin_refusal *refusal = ctx;
    int64_t seconds;
    if (fx_span_is(key, "errno"))
        fx_span_integer(value, &refusal->number);
    else if (fx_span_is(key, "retryAfter") && fx_span_integer(value, &seconds) == 0 && seconds > 0 && seconds <= 86400)
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
    if (fx_json_scan(answer->error_body, answer->error_body_size, on_member, ret_refusal) != 0)
        *ret_refusal = (struct fx_signin_refusal){0};
    if (answer->retry_after > ret_refusal->retry_after)
        ret_refusal->retry_after = answer->retry_after;
}
