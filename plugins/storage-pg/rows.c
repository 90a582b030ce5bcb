#include "rows.h"

#include <endian.h>
#include <stdlib.h>

#include "support/call.h"

/* What one statement carries at most, and about how much memory all of it takes. */
enum { ROWS_MOST = 400, ROWS_BYTES_MOST = 128 * 1024 };

/* The elements of an array in PostgreSQL's binary form, behind room for its head. */
struct column {
    char *bytes;
    size_t size, room;
    uint32_t type;
    bool nulls;
};

struct rows {
    const char *sql;
    uint32_t count, columns;
    size_t size;
    struct number_set keys;
    struct column column[QUERY_PARAMETERS - 1];
};

struct all_rows {
    uint32_t count;
    bool no_memory;
    struct rows of[ROWS_KINDS];
};

struct array_head {
    uint32_t dimensions, nulls, type, size, first;
};

void pg_rows_open(struct query *query, struct handle *handle, enum rows_kind kind, const char *sql)
{
    struct batch *batch = &handle->batch;
    sql_query_open(query, handle, sql);
    if (batch->rows == NULL)
        batch->rows = calloc(1, sizeof(*batch->rows));
    query->collects = true;
    query->rows_of = batch->rows == NULL ? NULL : &batch->rows->of[kind];
    if (query->rows_of != NULL)
        query->rows_of->sql = sql;
}

static bool column_reserve(struct column *column, size_t more)
{
    size_t room = column->room == 0 ? 4096 : column->room;
    while (room < column->size + more)
        room *= 2;
    char *bytes = room == column->room ? column->bytes : realloc(column->bytes, room);
    if (bytes == NULL)
        return false;
    column->bytes = bytes;
    column->room = room;
    return true;
}

void pg_rows_bind(struct query *query, enum rows_type type, const void *bytes, size_t size)
{
    struct rows *rows = query->rows_of;
    uint32_t length = bytes == NULL ? UINT32_MAX : htobe32((uint32_t)size);
    if (rows == NULL)
        return;
    assert((size_t)query->count < sizeof(rows->column) / sizeof(rows->column[0]));
    struct column *column = &rows->column[query->count++];
    size = bytes == NULL ? 0 : size;
    if (!column_reserve(column, sizeof(struct array_head) + sizeof(length) + size)) {
        query->handle->batch.rows->no_memory = true;
        return;
    }
    if (rows->count == 0) {
        column->size = sizeof(struct array_head);
        column->nulls = false;
    }
    column->type = type;
    column->nulls |= bytes == NULL;
    memcpy(column->bytes + column->size, &length, sizeof(length));
    if (size > 0)
        memcpy(column->bytes + column->size + sizeof(length), bytes, size);
    column->size += sizeof(length) + size;
    rows->size += sizeof(length) + size;
}

int pg_rows_add(struct query *query)
{
    struct rows *rows = query->rows_of;
    struct all_rows *all = query->handle->batch.rows;
    if (rows == NULL || all->no_memory)
        return support_no_memory(query->handle->call);
    rows->columns = (uint32_t)query->count;
    rows->count++;
    all->count++;
    return rows->count < ROWS_MOST && rows->size < ROWS_BYTES_MOST
               ? 0
               : pg_query_send_rows(query->handle);
}

int pg_rows_open_once(struct query *query, struct handle *handle, enum rows_kind kind,
                      const char *sql, uint64_t key)
{
    pg_rows_open(query, handle, kind, sql);
    struct rows *rows = query->rows_of;
    int r = rows != NULL && number_set_has(&rows->keys, key) ? pg_query_send_rows(handle) : 0;
    if (r == 0 && rows != NULL && !number_set_add(&rows->keys, key))
        r = support_no_memory(handle->call);
    return r;
}

int pg_rows_open_once_text(struct query *query, struct handle *handle, enum rows_kind kind,
                           const char *sql, const char *key)
{
    pg_rows_open(query, handle, kind, sql);
    struct rows *rows = query->rows_of;
    int r = rows != NULL && number_set_has_text(&rows->keys, key) ? pg_query_send_rows(handle) : 0;
    if (r == 0 && rows != NULL && !number_set_add_text(&rows->keys, key))
        r = support_no_memory(handle->call);
    return r;
}

bool pg_rows_waiting(const struct handle *handle)
{
    return handle->batch.rows != NULL && handle->batch.rows->count > 0;
}

static void rows_bind_arrays(struct query *query, const struct rows *rows)
{
    for (uint32_t i = 0; i < rows->columns; i++) {
        const struct column *column = &rows->column[i];
        struct array_head head = {htobe32(1), htobe32(column->nulls), htobe32(column->type),
                                  htobe32(rows->count), htobe32(1)};
        memcpy(column->bytes, &head, sizeof(head));
        sql_query_bytes(query, column->bytes, column->size);
    }
}

int pg_rows_send(struct handle *handle, int (*send)(struct query *query))
{
    struct all_rows *all = handle->batch.rows;
    int r = 0;
    all->count = 0;
    for (int kind = 0; kind < ROWS_KINDS; kind++) {
        struct rows *rows = &all->of[kind];
        struct query query;
        if (rows->count > 0 && r == 0) {
            sql_query_open(&query, handle, rows->sql);
            sql_query_batch(&query);
            rows_bind_arrays(&query, rows);
            handle->batch.written += rows->count;
            r = send(&query);
        }
        rows->count = 0;
        rows->size = 0;
        number_set_clear(&rows->keys);
    }
    return r;
}

void pg_rows_free(struct batch *batch)
{
    for (int kind = 0; batch->rows != NULL && kind < ROWS_KINDS; kind++) {
        struct rows *rows = &batch->rows->of[kind];
        for (size_t i = 0; i < sizeof(rows->column) / sizeof(rows->column[0]); i++)
            free(rows->column[i].bytes);
        number_set_fini(&rows->keys);
    }
    free(batch->rows);
    batch->rows = NULL;
}
