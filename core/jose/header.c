#include <string.h>

#include "codec/codec.h"
#include "jose/jose_internal.h"

bool jose_text_member(const json_t *object, const char *name, const char **ret_text)
{
    const json_t *value = json_object_get(object, name);
    if (value != NULL && !json_is_string(value))
        return false;
    *ret_text = json_string_value(value);
    return true;
}

bool jose_split(const char *text, size_t size, size_t count, struct jose_part *ret_parts)
{
    size_t part = 0, start = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] != '.')
            continue;
        if (part == count)
            return false;
        ret_parts[part++] = (struct jose_part){text + start, i - start};
        start = i + 1;
    }
    return part == count;
}

static int header_refuse(const char **ret_reason, const char *reason)
{
    *ret_reason = reason;
    return HEARTH_ERR_INVALID;
}

int jose_header_read(const char *text, size_t size, json_t **ret_header, const char **ret_reason)
{
    uint8_t bytes[JOSE_HEADER_MAX];
    size_t n;
    json_error_t error;
    if (size > JOSE_HEADER_MAX || codec_base64_decode(CODEC_URL, text, size, bytes, &n) != 0)
        return header_refuse(ret_reason, "is malformed");
    json_t *header = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, &error);
    if (header == NULL && json_error_code(&error) == json_error_out_of_memory)
        return HEARTH_ERR_NOMEM;
    int r = 0;
    if (header == NULL && json_error_code(&error) == json_error_duplicate_key)
        r = header_refuse(ret_reason, "names something in its header twice");
    else if (!json_is_object(header))
        r = header_refuse(ret_reason, "is malformed");
    else if (json_object_get(header, "crit") != NULL ||
             json_object_get(header, "b64") != NULL) /* RFC 7515, 4.1.11; RFC 7797 */
        r = header_refuse(ret_reason, "asks for an extension that is not known here");
    if (r == 0)
        *ret_header = header;
    else
        json_decref(header);
    return r;
}
