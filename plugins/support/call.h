/* What an operation does with its host and its call: memory, time, the question whether to stop. */
#ifndef SUPPORT_CALL_H
#define SUPPORT_CALL_H

#include "hearth/plugin.h"

/* --- memory of the call: zeroed, never freed --- */

/* NULL: no memory, which is also said; or there is no text. */
char *support_keep_text(const struct hearth_host *host, struct hearth_call *call, const char *text);
void *support_keep_bytes(const struct hearth_host *host, struct hearth_call *call,
                         const void *bytes, size_t size);
/* NULL text stays NULL. NOMEM leaves *ret_copy untouched. */
int support_copy_text(const struct hearth_host *host, struct hearth_call *call, const char *text,
                      const char **ret_copy);
int support_no_memory(struct hearth_call *call); /* says so; returns NOMEM */

/* --- time and the end --- */

static inline int64_t support_now(const struct hearth_host *host)
{
    return host->monotonic_ms(host);
}

bool support_is_late(const struct hearth_host *host, const struct hearth_call *call);
/* Has the operation to end? 0, CANCELLED or TIMEOUT, without words: the plugin knows what it was
 * at. call NULL: between operations, where only an interrupt ends anything. */
int support_stopped(const struct hearth_host *host, struct hearth_call *call, bool interrupted);

/* --- how a storage is opened --- */

static inline bool support_may_create(const struct hearth_host *host)
{
    return (host->opening & HEARTH_OPEN_MAY_CREATE) != 0;
}

static inline bool support_looks_only(const struct hearth_host *host)
{
    return (host->opening & HEARTH_OPEN_LOOKS_ONLY) != 0;
}

#endif
