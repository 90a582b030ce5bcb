/* Entry points of the sign-in, and its state between two steps. */
#include "signin.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "text.h"
#include "codec/codec.h"
#include "support/abi.h"
#include "support/buf.h"
#include "support/call.h"
#include "support/text.h"

enum { LIFE = 40 * 60 * 1000 };

static const char MAGIC[8] = "FXSIGN1";

/* --- state --- */

void fx_signin_state_init(struct fx_signin_state *state, int stage, int64_t now)
{
    memset(state, 0, sizeof(*state));
    memcpy(state->magic, MAGIC, sizeof(MAGIC));
    state->size = (int32_t)sizeof(*state);
    state->stage = stage;
    state->began = now;
}

static bool state_text_is_whole(const char *text, size_t capacity)
{
    const char *end = memchr(text, '\0', capacity);
    return end != NULL && codec_utf8_valid(text, (size_t)(end - text));
}

int fx_signin_state_read(const void *bytes, size_t size, struct fx_signin_state *ret_state)
{
    struct fx_signin_state *s = ret_state;
    if (size != sizeof(*s))
        return HEARTH_ERR_INVALID;
    memcpy(s, bytes, size);
    bool ok = memcmp(s->magic, MAGIC, sizeof(MAGIC)) == 0 && s->size == (int32_t)sizeof(*s) &&
              s->stage > 0 && s->stage < FX_STAGES &&
              (s->version == 0 || s->version == 1 || s->version == 2) &&
              (s->has_session == 0 || s->has_session == 1) &&
              state_text_is_whole(s->email, sizeof(s->email)) &&
              state_text_is_whole(s->typed, sizeof(s->typed)) &&
              state_text_is_whole(s->device_name, sizeof(s->device_name)) &&
              state_text_is_whole(s->callback, sizeof(s->callback)) &&
              state_text_is_whole(s->oauth_state, sizeof(s->oauth_state)) &&
              state_text_is_whole(s->verifier, sizeof(s->verifier)) &&
              state_text_is_whole(s->uid, sizeof(s->uid)) &&
              state_text_is_whole(s->method, sizeof(s->method));
    if (!ok)
        OPENSSL_cleanse(s, sizeof(*s));
    return ok ? 0 : HEARTH_ERR_INVALID;
}

const char *fx_signin_answer(const struct fx_signin *s, const char *name)
{
    for (size_t i = 0; i < s->answer_count; i++)
        if (strcmp(HEARTH_AT(s->answers, i)->name, name) == 0)
            return HEARTH_AT(s->answers, i)->value;
    return NULL;
}

/* --- calls --- */

static struct fx_signin *flow_create(struct fx_handle *handle, struct hearth_call *call)
{
    struct fx_signin *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->asker.fx = handle->fx;
    s->asker.handle = handle;
    s->asker.call = call;
    s->asker.host = handle->fx->host;
    s->asker.result = &s->result;
    s->step = (struct hearth_signin_step){.struct_size = sizeof(s->step)};
    return s;
}

static int flow_finish(struct fx_signin *s, int r, struct hearth_signin_step *ret_step)
{
    if (r == 0)
        SUPPORT_GIVE(s->step, ret_step);
    support_buf_fini(&s->body);
    OPENSSL_cleanse(s, sizeof(*s));
    free(s);
    return r;
}

static bool flow_take_text(char *to, size_t capacity, const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);
    if (size >= capacity || !codec_utf8_valid(text == NULL ? "" : text, size))
        return false;
    memcpy(to, text == NULL ? "" : text, size);
    fx_text_plain(to);
    return true;
}

int fx_signin_start(struct fx_handle *handle, struct hearth_call *call,
                    const struct hearth_signin *signin, struct hearth_signin_step *ret_step)
{
    bool browser = signin->method == HEARTH_SIGNIN_BROWSER;
    struct fx_signin *s = flow_create(handle, call);
    if (s == NULL)
        return support_no_memory(call);
    struct fx_signin_state *state = &s->state;
    fx_signin_state_init(state, browser ? FX_AT_RETURN : FX_AT_PASSWORD,
                         s->asker.host->now_ms(s->asker.host));
    int r = 0;
    if (!flow_take_text(state->email, sizeof(state->email), signin->email) ||
        !flow_take_text(state->typed, sizeof(state->typed), signin->email) ||
        !flow_take_text(state->device_name, sizeof(state->device_name),
                        signin->device_name == NULL ? handle->fx->config.device_name
                                                    : signin->device_name))
        r = hearth_fail(call, HEARTH_ERR_INVALID,
                        "the e-mail address or the device's name is too long");
    if (r == 0 && signin->callback != NULL &&
        strcmp(signin->callback, handle->fx->config.redirect_uri) == 0)
        r = flow_take_text(state->callback, sizeof(state->callback), signin->callback)
                ? 0
                : hearth_fail(call, HEARTH_ERR_INVALID, "the callback is too long");
    if (r == 0)
        r = browser ? fx_browser_start(s) : fx_password_start(s, NULL);
    return flow_finish(s, r, ret_step);
}

static int go_on(struct fx_signin *s)
{
    switch (s->state.stage) {
    case FX_AT_RETURN:
        return fx_browser_return(s);
    case FX_AT_PASSWORD:
        return fx_password_login(s);
    case FX_AT_UNBLOCK:
        return fx_password_unblock(s);
    default:
        return fx_password_prove(s);
    }
}

int fx_signin_next(struct fx_handle *handle, struct hearth_call *call, const void *state,
                   size_t state_size, const struct hearth_signin_answer *answers, size_t count,
                   struct hearth_signin_step *ret_step)
{
    struct fx_signin *s = flow_create(handle, call);
    if (s == NULL)
        return support_no_memory(call);
    s->answers = answers;
    s->answer_count = count;
    int r = fx_signin_state_read(state, state_size, &s->state);
    int64_t age = r == 0 ? s->asker.host->now_ms(s->asker.host) - s->state.began : 0;
    if (r < 0)
        r = hearth_fail(call, r,
                        "this sign-in was begun by another version of Hearth; start again");
    else if (age > LIFE)
        r = fx_step_failed(s, "too_late", fx_asks_too_late(), 0, 0);
    else
        r = go_on(s);
    return flow_finish(s, r, ret_step);
}
