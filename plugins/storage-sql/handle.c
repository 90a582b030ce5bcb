/* What every handle does on either database. */
#include "driver.h"
#include "support/call.h"

struct batch *sql_op_batch_of(struct op *op, const char *account)
{
    struct batch *batch = &op->handle->batch;
    return batch->open && strcmp(batch->id, account) == 0 ? batch : NULL;
}

int sql_copy_bytes(struct handle *handle, const void *bytes, size_t size, const void **ret_copy)
{
    const void *copy = support_keep_bytes(handle->database->host, handle->call, bytes, size);
    if (copy == NULL)
        return HEARTH_ERR_NOMEM;
    *ret_copy = copy;
    return 0;
}

int sql_copy_text(struct handle *handle, const char *text, const char **ret_copy)
{
    return support_copy_text(handle->database->host, handle->call, text, ret_copy);
}
