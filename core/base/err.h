/* Errors of the core: a code of HEARTH_ERRORS and a text that gets a prefix on the way up. */
#ifndef HEARTH_CORE_BASE_ERR_H
#define HEARTH_CORE_BASE_ERR_H

#include <stdbool.h>
#include "hearth/plugin.h"

/* On the caller's stack; starts as {0}. A function that fails fills it; on success it is
 * untouched. NULL is allowed everywhere. */
struct err {
    int code;
    int64_t retry_after; /* ms; 0: no wish */
    bool told;           /* of an outage that is told by who watches over it: see outage.h */
    char text[512];
};

/* Sets code and text; returns the code. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the text; returns the code. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As err_set with strerror(errno_value) at the end; the code is chosen from it. */
int err_errno(struct err *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *err_name(int code); /* "NOT_FOUND"; "OK" for 0, "UNKNOWN" else */
const char *err_text(int code); /* "not found" */

#endif
