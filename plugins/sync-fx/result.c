#include "fx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "support/call.h"

bool fx_stopping(struct fx_pull *p)
{
    return support_stopped(p->host, p->call, atomic_load(&p->handle->interrupted)) < 0;
}

int64_t fx_with_jitter(struct fx_pull *p, int64_t ms)
{
    uint32_t random;
    p->host->random(p->host, &random, sizeof(random));
    return ms + (int64_t)((double)ms * 0.25 * (random / 4294967296.0));
}

const struct hearth_message *fx_message(struct fx_pull *p, struct hearth_sentence sentence)
{
    static const struct hearth_message NO_MEMORY =
        HEARTH_ENGLISH("Memory is short on this server at the moment.");
    struct hearth_message said = hearth_sentence_message(&sentence);
    const struct hearth_message *message = hearth_message_keep(p->host, p->call, &said);
    return message == NULL ? &NO_MEMORY : message;
}

int fx_end(struct fx_pull *p, int state, struct hearth_sentence sentence)
{
    p->result->state = state;
    p->result->message = fx_message(p, sentence);
    return FX_END;
}

int fx_end_passing(struct fx_pull *p, struct hearth_sentence sentence)
{
    p->result->passing = 1;
    return fx_end(p, HEARTH_ACCOUNT_ERROR, sentence);
}

int fx_leave(struct fx_pull *p, bool passing, struct hearth_sentence sentence)
{
    p->left = fx_message(p, sentence);
    p->left_is_error = true;
    p->result->passing = passing;
    return FX_LEFT;
}

int fx_end_left(struct fx_pull *p, int collection)
{
    if (p->left == NULL)
        return fx_end(p, HEARTH_ACCOUNT_OK, fx_says_key_changes(fx_collections[collection].name));
    p->result->state = p->left_is_error ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK;
    p->result->message = p->left;
    return FX_END;
}

int fx_break(struct fx_pull *p, int code, struct hearth_sentence sentence)
{
    char text[HEARTH_MESSAGE_TEXT_MAX];
    fx_end(p, HEARTH_ACCOUNT_ERROR, sentence);
    hearth_message_render(p->result->message, text, sizeof(text));
    return hearth_fail(p->call, code, "%s", text);
}

/* The body of a 400 of the storage server is a number in JSON. */
static int64_t weave_code(const struct fx_answer *answer)
{
    const char *body = answer->error_body + strspn(answer->error_body, " \"\r\n");
    size_t size = strspn(body, "0123456789");
    int64_t code = 0;
    for (size_t i = 0; i < size && size <= 3; i++)
        code = code * 10 + (body[i] - '0');
    return size > 0 && body[size + strspn(body + size, " \"\r\n")] == '\0' ? code : 0;
}

/* The rows of FX_SERVER_MESSAGES, of one server. reason: that of a 400, as digits; a sentence
 * borrows its texts, so that it is the caller's. foreign: no service is shut down by a page. */
#define STATUS_SENTENCES(server)                                                                   \
    static struct hearth_sentence server##_status(int status, const char *path,                    \
                                                  const char *reason, bool foreign)                \
    {                                                                                              \
        switch (status) {                                                                          \
        case 400:                                                                                  \
            return fx_says_##server##_refused(path, reason);                                       \
        case 403:                                                                                  \
            return fx_says_##server##_forbidden(path);                                             \
        case 404:                                                                                  \
        case 410:                                                                                  \
            return fx_says_##server##_missing(path, status);                                       \
        case 405:                                                                                  \
        case 415:                                                                                  \
            return fx_says_##server##_stranger(path, status);                                      \
        case 406:                                                                                  \
            return fx_says_##server##_browser_check();                                             \
        case 409:                                                                                  \
            return fx_says_##server##_conflict();                                                  \
        case 429:                                                                                  \
            return fx_says_##server##_throttles();                                                 \
        case 503:                                                                                  \
            return fx_says_##server##_overloaded();                                                \
        case 513:                                                                                  \
            return foreign ? fx_says_##server##_failed(status, path)                               \
                           : fx_says_##server##_shut_down();                                       \
        default:                                                                                   \
            return status >= 500                   ? fx_says_##server##_failed(status, path)       \
                   : status >= 300 && status < 400 ? fx_says_##server##_redirects(path, status)    \
                                                   : fx_says_##server##_unknown(status, path);     \
        }                                                                                          \
    }
STATUS_SENTENCES(sync)
STATUS_SENTENCES(token)
STATUS_SENTENCES(accounts)

static void set_pauses(struct fx_pull *p, const struct fx_answer *answer)
{
    int64_t wait = answer->retry_after > answer->backoff ? answer->retry_after : answer->backoff;
    if (wait == 0)
        return; /* the core's own back-off grows with each failure */
    fx_log(p, "the server asks to be left alone for %lld s (Retry-After, with %d)",
           (long long)wait / 1000, answer->status);
    wait = fx_with_jitter(p, wait);
    p->result->account_backoff = wait;
    if (answer->status == 503 || answer->status == 429)
        p->result->host_backoff = wait;
}

/* A refusal that is not the server's own, but of something in between. The two that always answer
 * with JSON say nothing with an empty body either. */
static bool is_refused_between(enum fx_server server, const struct fx_answer *answer)
{
    bool empty = server != FX_SYNC_SERVER && !answer->is_hawk && answer->error_body_size == 0;
    switch (answer->status) {
    case 404: /* their sentences are true of both */
    case 405:
    case 406:
    case 409:
    case 410:
    case 413:
    case 414: /* may be said by a proxy, and is of the request: it stays so */
    case 415:
    case 429:
    case 431:
        return false;
    default:
        return answer->status >= 400 && answer->status < 500 &&
               (empty || fx_answer_is_foreign(answer));
    }
}

int fx_end_status(struct fx_pull *p, enum fx_server server, const char *path,
                  const struct fx_answer *answer)
{
    enum { OVER_QUOTA = 14, MUST_UPGRADE = 16 };
    int64_t code = answer->status == 400 ? weave_code(answer) : 0;
    bool between = is_refused_between(server, answer), foreign = fx_answer_is_foreign(answer);
    char reason[24] = "not given";
    if (code != 0)
        snprintf(reason, sizeof(reason), "%lld", (long long)code);
    set_pauses(p, answer);
    p->result->passing = answer->status == 409 || answer->status == 429 ||
                         (answer->status >= 500 && (answer->status != 513 || foreign)) ||
                         (answer->status == 404 && foreign) ||
                         /* a request that a proxy cannot read stays so */
                         (between && (answer->status != 400 || server != FX_SYNC_SERVER));
    if (between)
        return fx_end(p, HEARTH_ACCOUNT_ERROR,
                      server == FX_SYNC_SERVER    ? fx_says_storage_foreign(answer->status)
                      : server == FX_TOKEN_SERVER ? fx_says_token_foreign(answer->status)
                                                  : fx_says_accounts_foreign(answer->status));
    if (server == FX_SYNC_SERVER && code == OVER_QUOTA)
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_over_quota());
    if (server == FX_SYNC_SERVER && code == MUST_UPGRADE)
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_must_upgrade());
    return fx_end(p, HEARTH_ACCOUNT_ERROR,
                  server == FX_SYNC_SERVER ? sync_status(answer->status, path, reason, foreign)
                  : server == FX_TOKEN_SERVER
                      ? token_status(answer->status, path, reason, foreign)
                      : accounts_status(answer->status, path, reason, foreign));
}
