#include "http/internal.h"

#include <string.h>

#define METHOD_ROW(method, name, value) {method, name},
static const struct {
    enum http_method method;
    const char *name;
} methods[] = {HTTP_METHODS(METHOD_ROW)};

const char *http_method_name(enum http_method method)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (methods[i].method == method)
            return methods[i].name;
    return "other";
}

bool http_method_parse(const char *name, size_t size, enum http_method *ret_method)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strlen(methods[i].name) == size && memcmp(methods[i].name, name, size) == 0) {
            *ret_method = methods[i].method;
            return true;
        }
    return false;
}

void http_method_list(unsigned some, struct buf *out)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if ((some & methods[i].method) != 0)
            buf_printf(out, "%s%s", out->size == 0 ? "" : ", ", methods[i].name);
}
