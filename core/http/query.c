#include "http/query.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "codec/codec.h"

/* NULL: an escape is broken, or what it says is no text. */
static const char *decode_text(struct arena *arena, const char *text, size_t size, unsigned how)
{
    char *out = arena_alloc(arena, size + 1);
    size_t n;
    if (out == NULL || codec_percent_decode(CODEC_STRICT | how, text, size, out, size + 1, &n) != 0)
        return NULL;
    return str_is_utf8(out, n) ? out : NULL;
}

const char *http_query_path(struct arena *arena, const char *text, size_t size)
{
    const char *decoded = size > 0 && text[0] == '/' ? decode_text(arena, text, size, 0) : NULL;
    char *out = decoded == NULL ? NULL : arena_alloc(arena, strlen(decoded) + 2);
    size_t n = 0;
    if (out == NULL)
        return NULL;
    for (const char *p = decoded; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return NULL;
    for (const char *p = decoded; *p == '/';) {
        const char *segment = ++p;
        p += strcspn(p, "/");
        size_t length = (size_t)(p - segment);
        bool last = *p == '\0';
        if (length == 2 && memcmp(segment, "..", 2) == 0) {
            while (n > 0 && out[--n] != '/')
                ;
            continue;
        }
        if ((length == 0 && !last) || (length == 1 && segment[0] == '.'))
            continue;
        out[n++] = '/';
        memcpy(out + n, segment, length);
        n += length;
    }
    if (n == 0)
        out[n++] = '/';
    out[n] = '\0';
    return out;
}

char *http_path(struct http_request *request, const char *path)
{
    return arena_printf(&request->arena, "%s%s",
                        request->base_path == NULL ? "" : request->base_path, path);
}

bool http_query_parameters(struct http_request *request, const char *text, size_t size)
{
    const char **names = arena_alloc(&request->arena, QUERY_PARAMETERS_MAX * sizeof(*names));
    const char **values = arena_alloc(&request->arena, QUERY_PARAMETERS_MAX * sizeof(*values));
    size_t n = 0;
    if (names == NULL || values == NULL)
        return false;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '&', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - (text + at));
        if (length > 0) {
            const char *equals = memchr(text + at, '=', length);
            size_t name_size = equals == NULL ? length : (size_t)(equals - (text + at));
            if (n == QUERY_PARAMETERS_MAX)
                return false;
            names[n] = decode_text(&request->arena, text + at, name_size, CODEC_PLUS);
            values[n] = equals == NULL ? ""
                                       : decode_text(&request->arena, equals + 1,
                                                     length - name_size - 1, CODEC_PLUS);
            if (names[n] == NULL || values[n] == NULL)
                return false;
            n++;
        }
        at += length + 1;
    }
    request->names = names;
    request->values = values;
    request->parameter_count = n;
    return true;
}

const char *http_parameter(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->parameter_count; i++)
        if (strcmp(request->names[i], name) == 0)
            return request->values[i];
    return NULL;
}

/* "q=0", "q=0.0", "q=0.000": no. */
static bool weight_is_zero(const char *parameters, size_t size)
{
    for (size_t i = 1; i + 2 < size; i++) {
        if ((parameters[i] != 'q' && parameters[i] != 'Q') || parameters[i + 1] != '=' ||
            strchr("; \t", parameters[i - 1]) == NULL)
            continue;
        for (size_t k = i + 2; k < size && parameters[k] != ';' && parameters[k] != ' '; k++)
            if (parameters[k] != '0' && parameters[k] != '.')
                return false;
        return true;
    }
    return false;
}

bool http_query_accepts(const char *accept_encoding, const char *coding)
{
    bool any = false;
    size_t size = strlen(coding);
    for (const char *p = accept_encoding; p != NULL && *p != '\0';) {
        p += strspn(p, " \t,");
        size_t item = strcspn(p, ","), name = strcspn(p, " \t,;");
        bool zero = weight_is_zero(p + name, item - name);
        if ((name == size && strncasecmp(p, coding, size) == 0) ||
            (name == size + 2 && strncasecmp(p, "x-", 2) == 0 &&
             strncasecmp(p + 2, coding, size) == 0))
            return !zero;
        if (name == 1 && *p == '*')
            any = !zero;
        p += item;
    }
    return any;
}
