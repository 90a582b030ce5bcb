/* Way PASSWORD: stretching, login, the second factor (reference, sections 1.1 to 1.6 and 1.9).
 * What follows is in signin_keys.c. */
#include "signin.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>

#include "json_scan.h"
#include "signin_keys.h"
#include "text.h"
#include "codec/codec.h"

enum { PASSWORD_MAX = 1024, LOOK_AGAIN = 10000, LINK_LIFE = 20 * 60 * 1000, CODE_TEXT = 65 };

int fx_password_start(struct fx_signin *s, const struct hearth_sentence *problem)
{
    static const struct fx_signin_field fields[] = {
        {"email", fx_asks_label_email, NULL, HEARTH_SIGNIN_TEXT},
        {"password", fx_asks_label_password, fx_asks_hint_password, HEARTH_SIGNIN_SECRET}};
    bool known = s->state.email[0] != '\0' && (problem == NULL || s->state.typed[0] != '\0');
    struct fx_signin_page page = {.stage = FX_AT_PASSWORD,
                                  .title = fx_asks_title_password,
                                  .fields = known ? fields + 1 : fields,
                                  .count = known ? 1 : 2};
    int r = fx_step_ask(s, &page, problem);
    if (r == 0 && known)
        s->step.text = fx_message(&s->asker, fx_asks_password_of(s->state.email));
    return r;
}

/* --- stretching --- */

struct stretch {
    char version[8], salt[FX_SALT_MAX];
};

static int stretch_on_status(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct stretch *stretch = ctx;
    if (fx_span_is(key, "currentVersion") && value->kind == FX_JSON_STRING)
        fx_span_text(value, stretch->version, sizeof(stretch->version), NULL);
    else if (fx_span_is(key, "clientSalt") && value->kind == FX_JSON_STRING)
        fx_span_text(value, stretch->salt, sizeof(stretch->salt), NULL);
    return 0;
}

/* Which stretching the account has; servers that do not say have the first. 0, FX_END, negative. */
static int ask_version(struct fx_signin *s, struct stretch *ret_stretch)
{
    static const char SALT[] = "identity.mozilla.com/picl/v1/quickStretchV2:";
    char email[2 * FX_EMAIL_MAX], body[2 * FX_EMAIL_MAX + 16];
    if (fx_json_quote(s->state.email, email, sizeof(email)) != 0)
        return HEARTH_ERR_INVALID;
    snprintf(body, sizeof(body), "{\"email\":%s}", email);
    int r = fx_signin_ask(s, "POST", "/account/credentials/status", NULL, body);
    if (r != 0)
        return r;
    s->state.version = 1;
    if (s->answer.status == 200 &&
        fx_json_scan(s->body.data, s->body.size, stretch_on_status, ret_stretch) == 0 &&
        strcmp(ret_stretch->version, "v2") == 0 &&
        strncmp(ret_stretch->salt, SALT, sizeof(SALT) - 1) == 0)
        s->state.version = 2;
    return 0;
}

/* Whose word it is that the account has the first stretching: with the wrong one the right password
 * would be refused as a wrong one. A server that does not know the question is older than it. */
static bool version_is_answered(const struct fx_signin *s)
{
    struct fx_signin_refusal refusal;
    int status = s->answer.status;
    if (status == 200)
        return fx_signin_has_json(s);
    fx_signin_refusal_read(&s->answer, &refusal);
    return status < 500 && status != 429 &&
           (refusal.number != 0 || (status != 401 && status != 403 && status != 407));
}

static int stretch_password(struct fx_signin *s, const struct stretch *how, const char *password)
{
    uint8_t stretched[FX_SECRET];
    int r = s->state.version == 2 ? fx_stretch_v2(how->salt, password, stretched)
                                  : fx_stretch_v1(s->state.email, password, stretched);
    if (r == 0)
        r = fx_derive(stretched, FX_SECRET, "authPW", s->state.auth_pw, FX_SECRET);
    if (r == 0)
        r = fx_derive(stretched, FX_SECRET, "unwrapBkey", s->state.unwrap, FX_SECRET);
    OPENSSL_cleanse(stretched, sizeof(stretched));
    return r;
}

/* --- login --- */

/* code: of the unblocking mail, checked; NULL: none. */
static int send_login(struct fx_signin *s, const char *code)
{
    char email[2 * FX_EMAIL_MAX], typed[2 * FX_EMAIL_MAX], body[4 * FX_EMAIL_MAX + 512],
        hex[2 * FX_SECRET + 1];
    if (fx_json_quote(s->state.email, email, sizeof(email)) != 0 ||
        fx_json_quote(s->state.typed, typed, sizeof(typed)) != 0)
        return HEARTH_ERR_INVALID;
    bool other = strcmp(s->state.email, s->state.typed) != 0;
    codec_hex_encode(s->state.auth_pw, FX_SECRET, hex);
    snprintf(body, sizeof(body),
             "{\"email\":%s,\"authPW\":\"%s\",\"service\":\"sync\",\"reason\":\"login\","
             "\"verificationMethod\":\"email-2fa\"%s%s%s%s%s}",
             email, hex, other ? ",\"originalLoginEmail\":" : "", other ? typed : "",
             code == NULL ? "" : ",\"unblockCode\":\"", code == NULL ? "" : code,
             code == NULL ? "" : "\"");
    int r = fx_signin_ask(s, "POST", "/account/login?keys=true&service=sync", NULL, body);
    OPENSSL_cleanse(hex, sizeof(hex));
    OPENSSL_cleanse(body, sizeof(body));
    return r;
}

struct login {
    struct fx_signin *s;
    char method[32], reason[32];
    bool session, fetch, email_verified, session_verified, bad;
};

static void take_secret(struct login *login, const struct fx_span *value, uint8_t ret[FX_SECRET],
                        bool *ret_there)
{
    char hex[2 * FX_SECRET + 1];
    size_t size;
    *ret_there = value->kind == FX_JSON_STRING &&
                 fx_span_text(value, hex, sizeof(hex), &size) == 0 &&
                 codec_hex_decode(hex, size, ret, FX_SECRET) == 0;
    login->bad = login->bad || !*ret_there;
    OPENSSL_cleanse(hex, sizeof(hex));
}

static int on_login(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct login *login = ctx;
    struct fx_signin_state *state = &login->s->state;
    bool second = state->version == 2;
    if (fx_span_is(key, "uid") && value->kind == FX_JSON_STRING &&
        fx_span_text(value, state->uid, sizeof(state->uid), NULL) != 0)
        login->bad = true;
    else if (fx_span_is(key, "sessionToken"))
        take_secret(login, value, state->session_token, &login->session);
    else if (fx_span_is(key, "keyFetchToken") && !second)
        take_secret(login, value, state->key_fetch_token, &login->fetch);
    else if (fx_span_is(key, "keyFetchTokenVersion2") && second)
        take_secret(login, value, state->key_fetch_token, &login->fetch);
    else if (fx_span_is(key, "emailVerified"))
        login->email_verified = fx_span_is(value, "true");
    else if (fx_span_is(key, "sessionVerified"))
        login->session_verified = fx_span_is(value, "true");
    else if (fx_span_is(key, "verificationMethod") && value->kind == FX_JSON_STRING)
        fx_span_text(value, login->method, sizeof(login->method), NULL);
    else if (fx_span_is(key, "verificationReason") && value->kind == FX_JSON_STRING)
        fx_span_text(value, login->reason, sizeof(login->reason), NULL);
    return 0;
}

static int password_end_failed(struct fx_signin *s, const char *reason,
                               struct hearth_sentence words, uint64_t methods)
{
    fx_password_end_session(s);
    return fx_step_failed(s, reason, words, methods, 0);
}

static int take_login(struct fx_signin *s)
{
    struct login login = {.s = s};
    OPENSSL_cleanse(s->state.auth_pw, FX_SECRET);
    if (fx_json_scan(s->body.data, s->body.size, on_login, &login) != 0 || login.bad ||
        !login.session || s->state.uid[0] == '\0')
        return fx_step_unusable(s, "server_error", fx_asks_bad_answer());
    s->state.has_session = 1;
    if (strcmp(login.reason, "change_password") == 0)
        return password_end_failed(s, "must_change_password", fx_asks_must_change_password(),
                                   HEARTH_SIGNIN_BROWSER);
    if (!login.email_verified)
        return password_end_failed(s, "unverified_account", fx_asks_refused_104(), 0);
    if (!login.fetch)
        return password_end_failed(s, "no_sync_key", fx_asks_no_key_offered(),
                                   HEARTH_SIGNIN_BROWSER);
    if (login.session_verified)
        return fx_signin_keys(s);
    snprintf(s->state.method, sizeof(s->state.method), "%.14s", login.method);
    return fx_password_ask_factor(s, NULL);
}

/* --- the answer to a login --- */

static int ask_for_unblock_code(struct fx_signin *s)
{
    char email[2 * FX_EMAIL_MAX], body[2 * FX_EMAIL_MAX + 16];
    if (fx_json_quote(s->state.email, email, sizeof(email)) != 0)
        return HEARTH_ERR_INVALID;
    snprintf(body, sizeof(body), "{\"email\":%s}", email);
    int r = fx_signin_ask(s, "POST", "/account/login/send_unblock_code", NULL, body);
    if (r != 0)
        return fx_step_unreachable(s, r);
    if (s->answer.status != 200)
        return fx_step_refused(s);
    if (!fx_signin_has_json(s))
        return fx_step_unusable(s, "server_error", fx_asks_bad_answer());
    s->state.stage = FX_AT_UNBLOCK;
    return fx_step_again(s, NULL);
}

static int after_login(struct fx_signin *s)
{
    struct fx_signin_refusal refusal;
    if (s->answer.status == 200)
        return take_login(s);
    fx_signin_refusal_read(&s->answer, &refusal);
    bool unblock = (refusal.number == 125 || refusal.number == 114) &&
                   strcmp(refusal.method, "email-captcha") == 0;
    if (unblock && s->state.stage != FX_AT_UNBLOCK)
        return ask_for_unblock_code(s);
    if (refusal.number != 127)
        OPENSSL_cleanse(s->state.auth_pw, FX_SECRET);
    if (s->state.stage == FX_AT_UNBLOCK && refusal.number != 127)
        s->state.stage = FX_AT_PASSWORD; /* the code was right, the password was not */
    return fx_step_refused(s);
}

/* The account's address is written in another case than was typed; only version 1 depends on it.
 * Once. */
static int login_in_right_case(struct fx_signin *s, const struct stretch *how, const char *password)
{
    struct fx_signin_refusal refusal;
    fx_signin_refusal_read(&s->answer, &refusal);
    if (s->answer.status == 200 || refusal.number != 120 ||
        strcasecmp(refusal.email, s->state.email) != 0 ||
        strcmp(refusal.email, s->state.email) == 0)
        return after_login(s);
    snprintf(s->state.email, sizeof(s->state.email), "%s", refusal.email);
    int r = stretch_password(s, how, password);
    if (r == 0)
        r = send_login(s, NULL);
    return r == 0 ? after_login(s) : fx_step_unreachable(s, r);
}

static bool take_email(struct fx_signin *s)
{
    const char *email = fx_signin_answer(s, "email");
    if (email != NULL && fx_email_is_valid(email) && strlen(email) < sizeof(s->state.email)) {
        snprintf(s->state.email, sizeof(s->state.email), "%s", email);
        snprintf(s->state.typed, sizeof(s->state.typed), "%s", email);
    }
    return fx_email_is_valid(s->state.email);
}

int fx_password_login(struct fx_signin *s)
{
    const char *password = fx_signin_answer(s, "password");
    struct stretch how = {0};
    if (!take_email(s)) {
        s->state.email[0] = s->state.typed[0] = '\0';
        struct hearth_sentence problem = fx_asks_not_email();
        return fx_password_start(s, &problem);
    }
    struct hearth_sentence missing = fx_asks_type_password();
    if (password == NULL || password[0] == '\0' || strlen(password) > PASSWORD_MAX)
        return fx_password_start(s, &missing);
    int r = ask_version(s, &how);
    if (r == 0 && !version_is_answered(s))
        return s->answer.status == 200 ? fx_step_unusable(s, "server_error", fx_asks_bad_answer())
                                       : fx_step_refused(s);
    if (r == 0)
        r = stretch_password(s, &how, password);
    if (r == 0)
        r = send_login(s, NULL);
    return r == 0 ? login_in_right_case(s, &how, password) : fx_step_unreachable(s, r);
}

/* Letters and digits only, without the blanks that people type. false: nothing usable. */
static bool take_code(const struct fx_signin *s, char ret_code[CODE_TEXT])
{
    const char *typed = fx_signin_answer(s, "code");
    size_t n = 0;
    for (const char *c = typed == NULL ? "" : typed; *c != '\0'; c++) {
        bool good =
            (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (*c == ' ' || *c == '-')
            continue;
        if (!good || n + 1 == CODE_TEXT)
            return false;
        ret_code[n++] = *c;
    }
    ret_code[n] = '\0';
    return n > 0;
}

int fx_password_unblock(struct fx_signin *s)
{
    char code[CODE_TEXT];
    struct hearth_sentence missing = fx_asks_type_unblock();
    if (!take_code(s, code))
        return fx_step_again(s, &missing);
    int r = send_login(s, code);
    return r == 0 ? after_login(s) : fx_step_unreachable(s, r);
}

/* --- the second factor --- */

int fx_password_ask_factor(struct fx_signin *s, const struct hearth_sentence *problem)
{
    static const struct fx_signin_field TOTP[] = {
        {"code", fx_asks_label_totp, fx_asks_hint_six, HEARTH_SIGNIN_CODE}};
    static const struct fx_signin_field MAILED[] = {
        {"code", fx_asks_label_mailed, fx_asks_hint_six, HEARTH_SIGNIN_CODE}};
    static const struct fx_signin_field BACKUP[] = {
        {"code", fx_asks_label_backup, fx_asks_hint_backup, HEARTH_SIGNIN_CODE}};
    static const struct fx_signin_page ASK_BACKUP = {
        FX_AT_BACKUP, fx_asks_title_backup, NULL, BACKUP, 1, "totp", fx_asks_choice_totp};
    static const struct fx_signin_page ASK_TOTP = {FX_AT_TOTP, fx_asks_title_totp,   NULL, TOTP, 1,
                                                   "backup",   fx_asks_choice_backup};
    static const struct fx_signin_page ASK_MAILED = {
        FX_AT_CODE, fx_asks_title_code, fx_asks_mailed_code,  MAILED,
        1,          "resend",           fx_asks_choice_resend};
    if (s->state.stage == FX_AT_BACKUP)
        return fx_step_ask(s, &ASK_BACKUP, problem);
    if (strcmp(s->state.method, "totp-2fa") == 0)
        return fx_step_ask(s, &ASK_TOTP, problem);
    if (strcmp(s->state.method, "email-2fa") == 0 || strcmp(s->state.method, "email-otp") == 0)
        return fx_step_ask(s, &ASK_MAILED, problem);
    if (strcmp(s->state.method, "email") == 0)
        return fx_step_wait(s, fx_asks_title_link, fx_asks_mailed_link, LOOK_AGAIN);
    return password_end_failed(s, "needs_browser", fx_asks_refused_223(), HEARTH_SIGNIN_BROWSER);
}

static int on_success(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    if (fx_span_is(key, "success") && fx_span_is(value, "false"))
        *(bool *)ctx = false;
    return 0;
}

static int send_code(struct fx_signin *s, const char *code)
{
    struct fx_signin_auth auth = fx_signin_session_auth(s);
    char body[CODE_TEXT + 64];
    bool good = true, totp = s->state.stage == FX_AT_TOTP, backup = s->state.stage == FX_AT_BACKUP;
    snprintf(body, sizeof(body),
             backup ? "{\"code\":\"%s\"}" : "{\"code\":\"%s\",\"service\":\"sync\"}", code);
    int r = fx_signin_ask(s, "POST",
                          totp     ? "/session/verify/totp"
                          : backup ? "/session/verify/recoveryCode"
                                   : "/session/verify_code",
                          &auth, body);
    OPENSSL_cleanse(body, sizeof(body));
    if (r != 0)
        return fx_step_unreachable(s, r);
    if (s->answer.status != 200)
        return fx_step_refused(s);
    if (fx_json_scan(s->body.data, s->body.size, on_success, &good) != 0)
        return fx_step_unusable(s, "server_error", fx_asks_bad_answer());
    struct hearth_sentence wrong = totp     ? fx_asks_wrong_totp()
                                   : backup ? fx_asks_wrong_backup()
                                            : fx_asks_wrong_mailed();
    return good ? fx_signin_keys(s) : fx_password_ask_factor(s, &wrong);
}

static int password_resend_code(struct fx_signin *s)
{
    struct fx_signin_auth auth = fx_signin_session_auth(s);
    int r = fx_signin_ask(s, "POST", "/session/resend_code", &auth, "{}");
    if (r != 0)
        return fx_step_unreachable(s, r);
    if (s->answer.status != 200)
        return fx_step_refused(s);
    if (!fx_signin_has_json(s))
        return fx_step_unusable(s, "server_error", fx_asks_bad_answer());
    r = fx_password_ask_factor(s, NULL);
    s->step.text = fx_message(&s->asker, fx_asks_resent());
    return r;
}

static int on_state(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    if (fx_span_is(key, "state"))
        *(bool *)ctx = fx_span_is(value, "verified");
    return 0;
}

static int look_for_link(struct fx_signin *s)
{
    struct fx_signin_auth auth = fx_signin_session_auth(s);
    bool verified = false;
    int r = fx_signin_ask(s, "GET", "/session/status", &auth, NULL);
    if (r != 0)
        return fx_step_unreachable(s, r);
    if (s->answer.status != 200)
        return fx_step_refused(s);
    if (fx_json_scan(s->body.data, s->body.size, on_state, &verified) == 0 && verified)
        return fx_signin_keys(s);
    if (s->asker.host->now_ms(s->asker.host) - s->state.began > LINK_LIFE)
        return password_end_failed(s, "too_late",
                                   fx_asks_link_too_late(hearth_duration_of(LINK_LIFE)), 0);
    return fx_password_ask_factor(s, NULL);
}

int fx_password_prove(struct fx_signin *s)
{
    char code[CODE_TEXT];
    struct hearth_sentence missing = fx_asks_type_code();
    if (s->state.has_session == 0)
        return fx_step_failed(s, "session_over", fx_asks_over(), 0, 0);
    if (s->state.stage == FX_AT_LINK)
        return look_for_link(s);
    if (s->state.stage == FX_AT_CODE && fx_signin_answer(s, "resend") != NULL)
        return password_resend_code(s);
    if (s->state.stage == FX_AT_TOTP && fx_signin_answer(s, "backup") != NULL)
        s->state.stage = FX_AT_BACKUP;
    else if (s->state.stage == FX_AT_BACKUP && fx_signin_answer(s, "totp") != NULL)
        s->state.stage = FX_AT_TOTP;
    else
        return take_code(s, code) ? send_code(s, code) : fx_password_ask_factor(s, &missing);
    return fx_password_ask_factor(s, NULL);
}
