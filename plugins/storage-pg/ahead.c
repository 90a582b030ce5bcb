#include "ahead.h"

#include "base/hash.h"
#include "connection.h"
#include "handle.h"

static uint64_t parameters_hash(const struct query *query)
{
    uint64_t hash = (uint64_t)query->count;
    for (int i = 0; i < query->count; i++) {
        const char *value = query->values[i];
        size_t size = value == NULL            ? 0
                      : query->formats[i] == 1 ? (size_t)query->sizes[i]
                                               : strlen(value);
        uint64_t pair[2] = {hash, value == NULL ? 0 : hash_bytes(value, size)};
        hash = hash_bytes(pair, sizeof(pair));
    }
    return hash;
}

int pg_ahead_add(const struct query *query)
{
    struct handle *handle = query->handle;
    if (handle->asked_count == ASKED_MAX)
        return -1;
    handle->asked[handle->asked_count] =
        (struct asked){.sql = query->sql, .parameters = parameters_hash(query)};
    return handle->asked_count++;
}

int pg_ahead_find(const struct query *query)
{
    const struct handle *handle = query->handle;
    if (handle->asked_count == 0)
        return -1;
    uint64_t parameters = parameters_hash(query);
    for (int i = 0; i < handle->asked_count; i++)
        if (handle->asked[i].sql == query->sql && handle->asked[i].parameters == parameters)
            return i;
    return -1;
}

int pg_ahead_keep(struct handle *handle, int index, PGresult *result)
{
    if (index < handle->asked_count)
        handle->asked[index].result = result;
    else
        PQclear(result);
    return 0;
}

PGresult *pg_ahead_take(struct handle *handle, int index)
{
    PGresult *result = handle->asked[index].result;
    handle->asked[index].result = NULL;
    handle->asked[index].sql = NULL;
    return result;
}

void pg_ahead_forget(struct handle *handle)
{
    for (int i = 0; i < handle->asked_count; i++)
        PQclear(handle->asked[i].result);
    handle->asked_count = 0;
}

/* What was sent and not taken is answered, and thrown away, with the next statement. */
int pg_ahead(void *self, struct hearth_call *call, int32_t what)
{
    struct handle *handle = sql_handle_of(self);
    (void)call;
    if (what != HEARTH_AHEAD_END)
        pg_ahead_forget(handle);
    if (what == HEARTH_AHEAD_BEGIN)
        pg_connection_check_idle(handle);
    handle->asking = what == HEARTH_AHEAD_BEGIN;
    handle->asks = handle->asking && handle->pg != NULL && handle->pending_count == 0 &&
                   !handle->batch.open && handle->depth == 0;
    return 0;
}
