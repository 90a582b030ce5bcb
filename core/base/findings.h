/* Several faults at once: whoever checks something as a whole says all of what is wrong with it,
 * not the first only. */
#ifndef HEARTH_CORE_BASE_FINDINGS_H
#define HEARTH_CORE_BASE_FINDINGS_H

#include "base/err.h"

enum { FINDINGS_MAX = 100 }; /* kept; more are counted */

struct finding {
    int code;   /* HEARTH_ERR_…; 0: a warning */
    char *text; /* whole, whatever its length */
};

/* On the caller's memory; starts as {0}. One thread. */
struct findings {
    struct finding items[FINDINGS_MAX];
    size_t count, more; /* more: those that were not kept */
    /* INVALID when one of them is; else that of the first that is no warning; 0: there are none,
     * or warnings alone */
    int code;
};

void findings_fini(struct findings *findings);
/* code 0: a warning. The same text is kept once. Returns the code. */
int findings_add(struct findings *findings, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int findings_add_err(struct findings *findings, const struct err *err);
/* The first that is no warning as an error; returns findings->code. */
int findings_first(const struct findings *findings, struct err *err);

#endif
