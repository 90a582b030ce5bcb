#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/magic.h"
#include "base/str.h"
#include "codec/codec.h"
#include "pages/internal.h"

enum { FORM_COOKIE_LIFE = 24 * 3600 };

static const char form_cookie[] = "hearth_form";

/* The browser's value; NULL: it has none. */
static const char *form_own_token(struct view_call *call)
{
    const char *value =
        call->form_token != NULL ? call->form_token : http_cookie(call->request, form_cookie);
    return value != NULL && strlen(value) == FORM_TOKEN_SIZE - 1 ? value : NULL;
}

static const char *form_token(struct view_call *call)
{
    const char *value = form_own_token(call);
    if (value != NULL)
        return value;
    uint8_t bytes[16];
    char text[32];
    ASSERT(RAND_bytes(bytes, sizeof(bytes)) == 1);
    codec_base64_encode(CODEC_URL, bytes, sizeof(bytes), text);
    pages_set_cookie(call, form_cookie, text, FORM_COOKIE_LIFE, "Strict");
    call->form_token = arena_strdup(&call->request->arena, text);
    return call->form_token;
}

void pages_form_mark(struct view_call *call)
{
    form_token(call);
}

bool pages_form_is_marked(struct view_call *call)
{
    return form_own_token(call) != NULL;
}

void pages_form_begin(struct view_call *call, const char *action, const char *next)
{
    pages_html_put(&call->html,
                   "<form method=\"post\" action=\"%s\">\n<div><input type=\"hidden\" "
                   "name=\"form\" value=\"%s\">",
                   action, form_token(call));
    if (next != NULL && strcmp(next, "/") != 0)
        pages_html_put(&call->html, "<input type=\"hidden\" name=\"next\" value=\"%s\">", next);
    buf_add_text(&call->html, "</div>\n");
}

void pages_form_end(struct view_call *call, const char *label)
{
    pages_html_put(&call->html, "<p><button type=\"submit\">%s</button></p>\n</form>\n", label);
}

bool pages_form_read(struct view_call *call)
{
    if (!http_form(call->request)) {
        pages_html_message(call, 400, pages_says_title_form(), pages_says_form(), "/auth/signin",
                           "Start over");
        return false;
    }
    const char *cookie = form_own_token(call), *field = http_parameter(call->request, "form");
    bool ours = cookie != NULL && field != NULL && strlen(field) == FORM_TOKEN_SIZE - 1 &&
                CRYPTO_memcmp(cookie, field, FORM_TOKEN_SIZE - 1) == 0 &&
                http_same_origin(call->request, call->pages->options.base_url) != 0;
    if (!ours)
        pages_html_message(call, 403, pages_says_title_form_foreign(),
                           call->request->forwarded && !call->request->trusted
                               ? pages_says_form_proxy()
                               : pages_says_form_foreign(),
                           "/auth/signin", "Start over");
    return ours;
}

const char *pages_form_next(const char *text)
{
    enum { NEXT_MAX = SIGNIN_PENDING_NEXT_SIZE - 1 };
    if (text == NULL || text[0] != '/' || text[1] == '/' || text[1] == '\\' ||
        strlen(text) > NEXT_MAX)
        return "/";
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == '\\' || *p == 0x7f || (unsigned char)*p >= 0x80)
            return "/";
    return str_starts(text, "/auth/") || str_starts(text, "/api/") ? "/" : text;
}
