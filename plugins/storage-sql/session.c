/* What every session does on either database. */
#include "driver.h"
#include "support/call.h"

struct batch *op_batch_of(struct op *op, const char *account)
{
    struct batch *batch = &op->session->batch;
    return batch->open && strcmp(batch->id, account) == 0 ? batch : NULL;
}

int session_copy_bytes(struct session *session, const void *bytes, size_t size, const void **ret_copy)
{
    const void *copy = support_keep_bytes(session->store->host, session->call, bytes, size);
    if (copy == NULL)
        return HEARTH_ERR_NOMEM;
    *ret_copy = copy;
    return 0;
}

int session_copy(struct session *session, const char *text, const char **ret_copy)
{
    return support_copy_text(session->store->host, session->call, text, ret_copy);
}
