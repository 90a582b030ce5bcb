#include "fx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "support/call.h"

bool fx_stopping(struct fx_pull *p)
{
    return support_stopped(p->host, p->call, atomic_load(&p->session->interrupted)) < 0;
}

int64_t fx_with_jitter(struct fx_pull *p, int64_t ms)
{
    uint32_t random;
    p->host->random(p->host, &random, sizeof(random));
    return ms + (int64_t)((double)ms * 0.25 * (random / 4294967296.0));
}

/* Sentences carry texts of servers: on one line, and never with half a character. */
static void set_detail(struct fx_pull *p, int state, const char *format, va_list ap)
{
    char text[1024];
    p->result->state = state;
    vsnprintf(text, sizeof(text), format, ap);
    fx_text_plain(text);
    size_t size = strlen(text);
    if (size >= sizeof(p->result->detail))
        for (size = sizeof(p->result->detail) - 1; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
            size--;
    memcpy(p->result->detail, text, size);
    p->result->detail[size] = '\0';
}

int fx_end(struct fx_pull *p, int state, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    set_detail(p, state, format, ap);
    va_end(ap);
    return FX_END;
}

int fx_end_passing(struct fx_pull *p, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    set_detail(p, HEARTH_ACCOUNT_ERROR, format, ap);
    va_end(ap);
    p->result->passing = 1;
    return FX_END;
}

int fx_leave(struct fx_pull *p, bool passing, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(p->left, sizeof(p->left), format, ap);
    va_end(ap);
    p->left_is_error = true;
    p->result->passing = passing;
    return FX_LEFT;
}

int fx_break(struct fx_pull *p, int code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    set_detail(p, HEARTH_ACCOUNT_ERROR, format, ap);
    va_end(ap);
    return hearth_fail(p->call, code, "%s", p->result->detail);
}

/* The body of a 400 of the storage server is a number. */
static const char *weave_words(const struct fx_answer *answer)
{
    static const struct {
        const char *code, *words;
    } codes[] = {{"0", "unknown error"},
                 {"1", "illegal method or protocol"},
                 {"6", "could not read JSON"},
                 {"8", "invalid record"},
                 {"13", "invalid collection"},
                 {"14", "the account is over its quota"},
                 {"16", "the client must be upgraded; update Hearth"},
                 {"17", "size limit exceeded"}};
    const char *body = answer->error_body + strspn(answer->error_body, " \"\r\n");
    size_t size = strcspn(body, " \"\r\n");
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strlen(codes[i].code) == size && memcmp(codes[i].code, body, size) == 0)
            return codes[i].words;
    }
    return "no reason given";
}

static void set_pauses(struct fx_pull *p, const struct fx_answer *answer)
{
    int64_t wait = answer->retry_after > answer->backoff ? answer->retry_after : answer->backoff;
    if (wait == 0)
        return; /* the core's own back-off grows with each failure */
    fx_say(p, "the server asks to be left alone for %lld s (Retry-After, with %d)", (long long)wait / 1000, answer->status);
    wait = fx_with_jitter(p, wait);
    p->result->account_backoff = wait;
    if (answer->status == 503 || answer->status == 429)
        p->result->host_backoff = wait;
}

int fx_end_status(struct fx_pull *p, const char *who, const char *what, const struct fx_answer *answer)
{
    int state = HEARTH_ACCOUNT_ERROR;
    set_pauses(p, answer);
    p->result->passing = answer->status == 409 || answer->status == 429 || (answer->status >= 500 && answer->status != 513);
    switch (answer->status) {
    case 400:
        return fx_end(p, state, "The %s refused the request for %s (400: %s). If it repeats, this is a fault of Hearth: please report it.",
                      who, what, weave_words(answer));
    case 403:
        return fx_end(p, state, "The %s does not allow %s to be read (403). Ask its operator.", who, what);
    case 404:
    case 410:
        return fx_end(p, state, "The %s has no %s (%d). Check the server's address in the configuration.", who, what, answer->status);
    case 405:
    case 415:
        return fx_end(p, state, "The %s does not accept the request for %s (%d): it seems not to be a Sync 1.5 server. Check the address.",
                      who, what, answer->status);
    case 406:
        return fx_end(p, state, "The %s asked for a browser check that a program cannot pass (406). Try again later, or sign in again.",
                      who);
    case 409:
        return fx_end(p, state, "Another device was writing to the account (409). It is tried again.");
    case 429:
        return fx_end(p, state, "The %s asks for fewer requests (429). Hearth waits before it tries again.", who);
    case 503:
        return fx_end(p, state, "The %s is down for maintenance or overloaded (503). Hearth waits before it tries again.", who);
    case 513:
        return fx_end(p, state, "This Sync service has been shut down (513). Move the account to another service.");
    default:
        if (answer->status >= 500)
            return fx_end(p, state, "The %s failed (%d at %s). It is tried again.", who, answer->status, what);
        if (answer->status >= 300 && answer->status < 400)
            return fx_end(p, state, "The %s redirects %s elsewhere (%d), which is not followed. Check the server's address.", who, what,
                          answer->status);
        return fx_end(p, state, "The %s gave an answer that Hearth does not understand (%d at %s).", who, answer->status, what);
    }
}
