#include "base/err.h"

#include <errno.h>
#include <string.h>

static const struct {
    int code;
    const char *name, *text;
} codes[] = {
#define X(name, number, text, retry) {number, #name, text},
    HEARTH_ERRORS(X)
#undef X
};

static int err_find(int code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return (int)i;
    return -1;
}

const char *err_name(int code)
{
    int i = err_find(code);
    return code == 0 ? "OK" : i < 0 ? "UNKNOWN" : codes[i].name;
}

const char *err_text(int code)
{
    int i = err_find(code);
    return code == 0 ? "no error" : i < 0 ? "unknown error" : codes[i].text;
}

int err_set(struct err *err, int code, const char *format, ...)
{
    if (err == NULL)
        return code;
    va_list ap;
    va_start(ap, format);
    vsnprintf(err->text, sizeof(err->text), format, ap);
    va_end(ap);
    err->code = code;
    err->told = false;
    return code;
}

int err_prefix(struct err *err, const char *format, ...)
{
    if (err == NULL)
        return HEARTH_ERR_INTERNAL;
    char text[sizeof(err->text)];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(text))
        snprintf(text + n, sizeof(text) - (size_t)n, ": %s", err->text);
    memcpy(err->text, text, sizeof(text));
    return err->code;
}

static int code_of_errno(int value)
{
    switch (value) {
    case ENOENT:
        return HEARTH_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return HEARTH_ERR_DENIED;
    case EEXIST:
        return HEARTH_ERR_CONFLICT;
    case ENOSPC:
    case EMFILE:
    case ENFILE:
        return HEARTH_ERR_FULL;
    case ENOMEM:
        return HEARTH_ERR_NOMEM;
    case ETIMEDOUT:
        return HEARTH_ERR_TIMEOUT;
    case EINVAL:
        return HEARTH_ERR_INVALID;
    default:
        return HEARTH_ERR_IO;
    }
}

int err_errno(struct err *err, int errno_value, const char *format, ...)
{
    int code = code_of_errno(errno_value);
    if (err == NULL)
        return code;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(err->text, sizeof(err->text), format, ap);
    va_end(ap);
    char why[128];
    if (n >= 0 && (size_t)n < sizeof(err->text))
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s",
                 strerror_r(errno_value, why, sizeof(why)));
    err->code = code;
    err->told = false;
    return code;
}
