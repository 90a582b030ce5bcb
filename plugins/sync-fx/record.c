#include "record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"
#include "support/text.h"

bool fx_record_is_deleted(const json_t *json)
{
    return json_is_true(json_object_get(json, "deleted"));
}

bool fx_record_is_tombstone(const struct fx_record *record)
{
    return fx_record_is_deleted(record->json);
}

const char *fx_record_string(struct fx_translate *t, const json_t *string)
{
    if (!json_is_string(string))
        return NULL;
    const char *text = json_string_value(string);
    size_t size = json_string_length(string);
    size_t zeros = 0;
    for (const char *c = memchr(text, '\0', size); c != NULL;
         c = memchr(c + 1, '\0', size - (size_t)(c + 1 - text)))
        zeros++;
    if (zeros == 0)
        return text;
    char *copy = fx_arena_alloc(t->arena, size + 2 * zeros + 1), *out = copy;
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\0') {
            *out++ = text[i];
        } else {
            memcpy(out, "\xef\xbf\xbd", 3);
            out += 3;
        }
    }
    return copy;
}

const char *fx_record_text(struct fx_translate *t, const json_t *json, const char *name)
{
    return fx_record_string(t, json_object_get(json, name));
}

const char *fx_record_cut(struct fx_translate *t, const char *text, size_t units)
{
    if (text == NULL)
        return NULL;
    size_t size = strlen(text), kept = support_utf8_cut(text, size, units);
    return kept == size ? text : fx_arena_copy(t->arena, text, kept);
}

bool fx_record_integer(const json_t *value, bool strings, int64_t *ret_value)
{
    const double limit = 9007199254740992.0; /* 2^53: beyond it JavaScript has no integers */
    double number;
    if (json_is_integer(value)) {
        *ret_value = json_integer_value(value);
        return true;
    }
    if (json_is_real(value)) {
        number = json_real_value(value);
    } else if (strings && json_is_string(value)) {
        const char *text = json_string_value(value);
        char *end;
        if (strspn(text, "0123456789.") != strlen(text) || strlen(text) > 30)
            return false;
        number = strtod(text, &end);
        if (end == text || *end != '\0')
            return false;
    } else {
        return false;
    }
    if (!(fabs(number) < limit) || (!strings && number != trunc(number)))
        return false;
    *ret_value = (int64_t)number;
    return true;
}

bool fx_record_has_scheme(const char *url, const char *const *schemes)
{
    for (; *schemes != NULL; schemes++) {
        if (strncasecmp(url, *schemes, strlen(*schemes)) == 0)
            return true;
    }
    return false;
}
