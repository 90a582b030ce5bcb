/* Parameters, cursors and bodies: bounded, and refused by name. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "codec/codec.h"

enum { CURSOR_MAX = 2 * API_HOST_MAX + 128 };

static bool parameter_refuse(struct api_call *call, struct hearth_sentence sentence)
{
    api_problem(call, 400, sentence);
    return false;
}

bool api_int_parameter(struct api_call *call, const char *name, int64_t fallback, int64_t *ret)
{
    const char *text = http_parameter(call->request, name);
    if (text == NULL) {
        *ret = fallback;
        return true;
    }
    return str_to_int(text, ret) ? true : parameter_refuse(call, api_says_parameter_number(name));
}

bool api_limit(struct api_call *call, size_t *ret_limit)
{
    int64_t limit;
    if (!api_int_parameter(call, "limit", API_LIMIT_DEFAULT, &limit))
        return false;
    if (limit < 1 || limit > API_LIMIT_MAX)
        return parameter_refuse(call, api_says_parameter_range("limit", 1, API_LIMIT_MAX));
    *ret_limit = (size_t)limit;
    return true;
}

bool api_text_parameter(struct api_call *call, const char *name, const char **ret)
{
    const char *text = http_parameter(call->request, name);
    if (text != NULL && strlen(text) > API_TEXT_MAX)
        return parameter_refuse(call, api_says_parameter_length(name, API_TEXT_MAX));
    *ret = text != NULL && text[0] != '\0' ? text : NULL;
    return true;
}

/* "KIND1.NUMBER.NUMBER.…~TEXT", the text in hex so that the cursor needs no escaping. */
char *api_make_cursor(struct api_call *call, char kind, const int64_t *numbers, size_t count,
                      const char *text)
{
    struct buf buf = {0};
    buf_printf(&buf, "%c1", kind);
    for (size_t i = 0; i < count; i++)
        buf_printf(&buf, ".%lld", (long long)numbers[i]);
    if (text != NULL) {
        buf_add_char(&buf, '~');
        size_t size = strlen(text);
        char *room = buf_reserve(&buf, 2 * size + 1);
        if (room != NULL) {
            codec_hex_encode((const uint8_t *)text, size, room);
            buf_grew(&buf, 2 * size);
        }
    }
    char *cursor = buf_failed(&buf) ? NULL : arena_strdup(&call->request->arena, buf.data);
    buf_fini(&buf);
    /* no cursor would say that there is no more */
    call->reply->body.failed |= cursor == NULL;
    return cursor;
}

static bool parse_cursor(struct api_call *call, char kind, char *cursor, int64_t *ret_numbers,
                         size_t count, const char **ret_text)
{
    char *tilde = strchr(cursor, '~');
    if (cursor[0] != kind || cursor[1] != '1')
        return false;
    if ((tilde != NULL) != (ret_text != NULL))
        return false;
    if (tilde != NULL) {
        size_t n = strlen(tilde + 1);
        char *text = n % 2 == 0 && n / 2 <= API_HOST_MAX
                         ? arena_alloc(&call->request->arena, n / 2 + 1)
                         : NULL;
        if (text == NULL || codec_hex_decode(tilde + 1, n, (uint8_t *)text, n / 2) != 0 ||
            strlen(text) != n / 2 || !str_is_utf8(text, n / 2))
            return false;
        *ret_text = text;
        *tilde = '\0';
    }
    char *p = cursor + 2;
    for (size_t i = 0; i < count; i++) {
        char *end = *p == '.' ? p + 1 + strcspn(p + 1, ".") : NULL;
        if (end == NULL)
            return false;
        char saved = *end;
        *end = '\0';
        bool ok = str_to_int(p + 1, &ret_numbers[i]);
        *end = saved;
        if (!ok)
            return false;
        p = end;
    }
    return *p == '\0';
}

bool api_cursor(struct api_call *call, char kind, int64_t *ret_numbers, size_t count,
                const char **ret_text, bool *ret_given)
{
    const char *given = http_parameter(call->request, "cursor");
    *ret_given = given != NULL && given[0] != '\0';
    if (!*ret_given)
        return true;
    char *copy = strlen(given) <= CURSOR_MAX ? arena_strdup(&call->request->arena, given) : NULL;
    if (copy == NULL || !parse_cursor(call, kind, copy, ret_numbers, count, ret_text))
        return parameter_refuse(call, api_says_parameter_cursor());
    return true;
}

/* jansson recurses as deep as the text nests: count first. */
static bool too_deep(const char *text, size_t size)
{
    int depth = 0;
    for (size_t i = 0; i < size; i++) {
        depth += text[i] == '{' || text[i] == '[';
        /* brackets, opened or not closed again, in strings or not: a body has a handful */
        if (depth > 200)
            return true;
    }
    return false;
}

json_t *api_body(struct api_call *call)
{
    const struct http_request *request = call->request;
    if (request->content_type == NULL || strncmp(request->content_type, "application/", 12) != 0 ||
        strstr(request->content_type, "json") == NULL) {
        api_problem(call, 415, api_says_media_type());
        return NULL;
    }
    json_t *body =
        request->body == NULL || too_deep(request->body, request->body_size)
            ? NULL
            : json_loadb(request->body, request->body_size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(body)) {
        json_decref(body);
        api_problem(call, 400, api_says_body_object());
        return NULL;
    }
    return body;
}

const char *api_lower(struct api_call *call, const char *text)
{
    char *lower = text == NULL ? NULL : arena_strdup(&call->request->arena, text);
    codec_lower_text(lower);
    return lower;
}
