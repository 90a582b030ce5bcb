/* Signing in to a Mozilla account: what the files signin*.c share. Section numbers are those of
 * docs/signing-in.md's protocol notes.
 *
 *   BROWSER   start ─► RETURN (visit) ──code──► exchange ─► keys_jwe ─► profile ─► device ─► DONE
 *   PASSWORD  start ─► PASSWORD ─► login ─┬──────────────────────► keys ─► tokens ─► device ─► DONE
 *                          ▲              ├─► CODE, TOTP, BACKUP ┤
 *                          └─ wrong       ├─► LINK (looks again) ┤
 *                                         └─► UNBLOCK ─► login …
 *
 * CODE, TOTP and BACKUP are asked again while they are wrong.
 *
 * Between two steps the host keeps struct fx_signin_state, and nothing is kept here. */
#ifndef HEARTH_PLUGINS_SYNC_FX_SIGNIN_H
#define HEARTH_PLUGINS_SYNC_FX_SIGNIN_H

#include "fx.h"
#include "jose/jose.h"
#include "onepw.h"
#include "support/buf.h"

enum fx_stage {
    FX_AT_RETURN = 1,
    FX_AT_PASSWORD,
    FX_AT_UNBLOCK,
    FX_AT_CODE,
    FX_AT_TOTP,
    FX_AT_BACKUP,
    FX_AT_LINK,
    FX_STAGES
};

/* What the host keeps, as it is: only arrays and numbers, so that it can be checked when it
 * comes back. Texts end with a NUL. */
struct fx_signin_state {
    char magic[8];
    int32_t size, stage;      /* enum fx_stage */
    int64_t began;            /* ms, wall clock */
    char email[FX_EMAIL_MAX]; /* as the account knows it, once that is known */
    char typed[FX_EMAIL_MAX];
    char device_name[256];
    /* BROWSER */
    char callback[FX_URL_MAX]; /* "": the address is pasted */
    char oauth_state[23], verifier[44], pad[5];
    struct jose_ec_key key;
    /* PASSWORD */
    int32_t version; /* of the stretching: 1, 2 */
    int32_t has_session;
    char uid[FX_UID_MAX], method[15];
    uint8_t auth_pw[FX_SECRET]; /* UNBLOCK only */
    uint8_t unwrap[FX_SECRET], session_token[FX_SECRET], key_fetch_token[FX_SECRET];
};

void fx_signin_state_init(struct fx_signin_state *state, int stage, int64_t now);
/* INVALID: not made by this version of this plugin, or changed. */
int fx_signin_state_read(const void *bytes, size_t size, struct fx_signin_state *ret_state);

/* One call of start() or next() of hearth_sync_signin. On the heap, wiped at the end. */
struct fx_signin {
    /* for fx_exchange() and fx_discover(): who asks. A sign-in pulls nothing */
    struct fx_pull asker;
    struct hearth_pull_result result;
    struct fx_signin_state state;
    const struct hearth_signin_answer *answers;
    size_t answer_count;
    struct hearth_signin_step step;
    struct fx_import made;   /* what DONE hands over */
    struct support_buf body; /* of the last answer */
    struct fx_answer answer;
};

const char *fx_signin_answer(const struct fx_signin *s, const char *name); /* NULL: not given */

/* --- signin_step.c: each fills s->step and returns 0 (or NOMEM) --- */

typedef struct hearth_sentence (*fx_words)(void); /* of FX_SIGNIN_MESSAGES, without parameters */

struct fx_signin_field {
    const char *name;
    fx_words label, hint; /* hint NULL: none */
    int input;
};

struct fx_signin_page {
    int stage;
    fx_words title, text; /* text NULL: none */
    const struct fx_signin_field *fields;
    size_t count;
    const char *choice; /* NULL: none */
    fx_words choice_label;
};

/* problem: NULL: nothing was wrong. */
int fx_step_ask(struct fx_signin *s, const struct fx_signin_page *page,
                const struct hearth_sentence *problem);
int fx_step_visit(struct fx_signin *s, const char *url, const struct hearth_sentence *problem);
int fx_step_wait(struct fx_signin *s, fx_words title, fx_words text, int64_t wait);
int fx_step_failed(struct fx_signin *s, const char *reason, struct hearth_sentence text,
                   uint64_t try_methods, int64_t wait);
/* The same for what passes by itself and is nobody's answer to what the person typed: with a wait,
 * so that it is not counted as a guess. */
int fx_step_passing(struct fx_signin *s, const char *reason, struct hearth_sentence text,
                    uint64_t try_methods);
/* An answer 200 that is of no use: `text` if it is JSON; a page and what is cut off have words of
 * their own. Passes by itself. */
int fx_step_unusable(struct fx_signin *s, const char *reason, struct hearth_sentence text);
bool fx_signin_has_json(const struct fx_signin *s); /* an object, the answer 200 */
int fx_step_done(struct fx_signin *s);
/* The server's refusal, by the table of signin_errors.c: asks again where that makes sense, else
 * ends. */
int fx_step_refused(struct fx_signin *s);
/* A request did not get through: the words are in the asker's result. */
int fx_step_unreachable(struct fx_signin *s, int code);
/* The page of the stage again, with what was wrong. */
int fx_step_again(struct fx_signin *s, const struct hearth_sentence *problem);

/* --- signin_errors.c --- */

/* FX_PASSES: a fault of the server's own, which says nothing of what was typed. */
enum fx_refusal { FX_FAILED, FX_PASSES, FX_ASK_AGAIN, FX_BLOCKED, FX_USE_BROWSER, FX_WRONG_CASE };

struct fx_signin_error {
    int number; /* errno; 0 ends the table */
    enum fx_refusal what;
    const char *reason; /* for programs */
    fx_words text;      /* for people, with the remedy */
};

const struct fx_signin_error *fx_signin_error(int64_t number); /* NULL: unknown */
/* errno, and what else an error's body tells. */
struct fx_signin_refusal {
    int64_t number, retry_after /* ms */, server_time /* s */;
    char email[FX_EMAIL_MAX], method[32];
};

void fx_signin_refusal_read(const struct fx_answer *answer, struct fx_signin_refusal *ret_refusal);

/* --- signin_request.c --- */

struct fx_signin_auth {
    const char *prefix;   /* "fxs", "fxk"; NULL: `bearer` as it is */
    const char *type;     /* "sessionToken", "keyFetchToken" */
    const uint8_t *token; /* 32 bytes */
    const char *bearer;   /* a token; NULL: none */
};

/* One request to the accounts server (path begins with "/") or a whole address. 0: s->answer,
 * and s->body when 200. Negative: it did not get through. FX_END: discovery has failed in words. */
int fx_signin_ask(struct fx_signin *s, const char *method, const char *where,
                  const struct fx_signin_auth *auth, const char *body);
/* JSON text of a string, with its quotes. FULL. */
int fx_json_quote(const char *text, char *ret_json, size_t capacity);

/* --- the ways --- */

int fx_browser_start(struct fx_signin *s);
int fx_browser_return(struct fx_signin *s);
int fx_password_start(struct fx_signin *s, const struct hearth_sentence *problem);
int fx_password_login(struct fx_signin *s);   /* with an e-mail address and password */
int fx_password_unblock(struct fx_signin *s); /* with the code */
/* with the second factor, or a link that may have been followed */
int fx_password_prove(struct fx_signin *s);
int fx_password_ask_factor(struct fx_signin *s, const struct hearth_sentence *problem);
/* The session is no longer needed: whatever happened. */
void fx_password_end_session(struct fx_signin *s);
/* What a grant of tokens says: fills s->made's refresh token; *ret_access: wipe it. ret_jwe
 * NULL: not wanted; else JOSE_JWE_MAX bytes. */
int fx_signin_take_grant(struct fx_signin *s, char ret_access[FX_TOKEN_MAX], char *ret_jwe);
void fx_signin_register_device(struct fx_signin *s);

/* --- entry points --- */

int fx_signin_start(struct fx_handle *handle, struct hearth_call *call,
                    const struct hearth_signin *signin, struct hearth_signin_step *ret_step);
int fx_signin_next(struct fx_handle *handle, struct hearth_call *call, const void *state,
                   size_t state_size, const struct hearth_signin_answer *answers, size_t count,
                   struct hearth_signin_step *ret_step);
/* Notes in `import` which servers the credentials are of. */
int fx_fill_identity(const struct fx *fx, struct hearth_call *call, struct fx_import *import,
                     struct hearth_identity *ret_identity);

#endif
