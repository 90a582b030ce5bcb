#include "support/call.h"

#include <string.h>

int support_no_memory(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
}

void *support_keep_bytes(const struct hearth_host *host, struct hearth_call *call,
                         const void *bytes, size_t size)
{
    void *copy = host->alloc(call, size == 0 ? 1 : size);
    if (copy == NULL) {
        support_no_memory(call);
        return NULL;
    }
    return size == 0 ? copy : memcpy(copy, bytes, size);
}

char *support_keep_text(const struct hearth_host *host, struct hearth_call *call, const char *text)
{
    return text == NULL ? NULL : support_keep_bytes(host, call, text, strlen(text) + 1);
}

int support_copy_text(const struct hearth_host *host, struct hearth_call *call, const char *text,
                      const char **ret_copy)
{
    const char *copy = support_keep_text(host, call, text);
    if (text != NULL && copy == NULL)
        return HEARTH_ERR_NOMEM;
    *ret_copy = copy;
    return 0;
}

bool support_is_late(const struct hearth_host *host, const struct hearth_call *call)
{
    return call->deadline != 0 && support_now(host) >= call->deadline;
}

int support_stopped(const struct hearth_host *host, struct hearth_call *call, bool interrupted)
{
    if (interrupted)
        return HEARTH_ERR_CANCELLED;
    if (call == NULL)
        return 0;
    if (support_is_late(host, call))
        return HEARTH_ERR_TIMEOUT;
    return host->should_stop(call) ? HEARTH_ERR_CANCELLED : 0;
}
