/* Functions of libh2o that ours take the place of. */
#ifndef HEARTH_CORE_HTTP_PREEMPT_H
#define HEARTH_CORE_HTTP_PREEMPT_H

#include "base/err.h"

/* Finds what they stand for; INTERNAL when one of them is not in force. Before any other call of
 * libh2o, which would end the process. */
int http_preempt_init(struct err *err);

#endif
