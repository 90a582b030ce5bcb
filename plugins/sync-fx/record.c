#include "record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"
#include "codec/codec.h"
#include "support/text.h"

/* Whatever JavaScript takes for true. */
bool fx_record_is_deleted(const struct fx_json *json)
{
    const struct fx_json *deleted = fx_json_get(json, "deleted");
    if (fx_json_is(deleted, FX_JSON_NUMBER))
        return deleted->whole ? deleted->integer != 0 : deleted->real != 0;
    if (fx_json_is(deleted, FX_JSON_STRING))
        return fx_json_size(deleted) > 0;
    return deleted != NULL && (!fx_json_is(deleted, FX_JSON_WORD) || fx_json_is_true(deleted));
}

bool fx_record_is_tombstone(const struct fx_record *record)
{
    return fx_record_is_deleted(record->json);
}

/* U+0000 has been replaced when the text was read. */
const char *fx_record_string(struct fx_translate *t, const struct fx_json *string)
{
    (void)t;
    return fx_json_text(string);
}

const char *fx_record_text(struct fx_translate *t, const struct fx_json *json, const char *name)
{
    return fx_record_string(t, fx_json_get(json, name));
}

const char *fx_record_cut(struct fx_translate *t, const char *text, size_t units)
{
    if (text == NULL)
        return NULL;
    size_t size = strlen(text), kept = support_utf8_cut(text, size, units);
    return kept == size ? text : fx_arena_copy(t->arena, text, kept);
}

/* As JavaScript makes a number of a text: white space around it, an exponent, hexadecimal. */
bool fx_record_number(const char *text, double *ret_number)
{
    enum { DIGITS_MAX = 40 };
    char number[DIGITS_MAX + 1], *end;
    size_t size = strlen(text);
    codec_trim(&text, &size);
    if (size == 0 || size > DIGITS_MAX)
        return false;
    memcpy(number, text, size);
    number[size] = '\0';
    bool hex = number[0] == '0' && codec_lower(number[1]) == 'x';
    if (strspn(hex ? number + 2 : number, hex ? "0123456789abcdefABCDEF" : "0123456789.eE+-") !=
        (hex ? size - 2 : size))
        return false;
    *ret_number = strtod(number, &end);
    return *end == '\0' && (!hex || size > 2);
}

bool fx_record_integer(const struct fx_json *value, bool strings, int64_t *ret_value)
{
    const double limit = 9223372036854774784.0; /* the largest below 2^63 */
    double number;
    if (fx_json_is(value, FX_JSON_NUMBER) && value->whole) {
        *ret_value = value->integer;
        return true;
    }
    if (fx_json_is(value, FX_JSON_NUMBER))
        number = value->real;
    else if (!strings || !fx_json_is(value, FX_JSON_STRING) ||
             !fx_record_number(fx_json_text(value), &number))
        return false;
    if (!(fabs(number) <= limit) || (!strings && number != trunc(number)))
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
