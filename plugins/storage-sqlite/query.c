#include "query.h"

#include "connection.h"

static struct statement *statement_find_slot(struct connection *connection, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 32;
    for (size_t i = 0; i < STATEMENTS; i++) {
        struct statement *slot = &connection->statements[(at + i) % STATEMENTS];
        if (slot->sql == sql || slot->sql == NULL)
            return slot;
    }
    return NULL;
}

/* A statement that names an index which the batch has dropped for now is why it is made again. */
static int query_prepare(struct query *query, const char *sql)
{
    struct connection *connection = query->connection;
    unsigned flags = query->slot != NULL ? SQLITE_PREPARE_PERSISTENT : 0;
    int code = sqlite3_prepare_v3(connection->db, sql, -1, flags, &query->stmt, NULL);
    if (code == SQLITE_ERROR && sqlite_bulk_lacks(query->handle, connection)) {
        int r = sqlite_bulk_end(query->handle);
        if (r < 0)
            return r;
        code = sqlite3_prepare_v3(connection->db, sql, -1, flags, &query->stmt, NULL);
    }
    return code == SQLITE_OK ? 0 : sqlite_connection_fail(connection, code);
}

void sql_query_open(struct query *query, struct handle *handle, const char *sql)
{
    struct connection *connection = handle->current;
    *query = (struct query){.handle = handle,
                            .connection = connection,
                            .slot = statement_find_slot(connection, sql),
                            .next = 1};
    if (query->slot != NULL && query->slot->busy)
        query->slot = NULL;
    if (query->slot != NULL && query->slot->stmt != NULL) {
        query->stmt = query->slot->stmt;
    } else {
        query->failed = query_prepare(query, sql);
        if (query->failed < 0) {
            query->slot = NULL;
            return;
        }
    }
    if (query->slot != NULL)
        *query->slot = (struct statement){.sql = sql, .stmt = query->stmt, .busy = true};
}

/* Steps of SQLite's virtual machine: they grow with the rows that a statement walks over,
 * whatever it finds. */
static void count_steps(const struct query *query)
{
    if (query->stmt != NULL)
        query->handle->steps += sqlite3_stmt_status(query->stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
}

void sql_query_close(struct query *query)
{
    count_steps(query);
    if (query->slot == NULL) {
        sqlite3_finalize(query->stmt);
    } else {
        sqlite3_reset(query->stmt);
        query->slot->busy = false;
    }
    query->stmt = NULL;
}

static void check_bind(struct query *query, int result)
{
    if (result != SQLITE_OK && query->failed == 0)
        query->failed = sqlite_connection_fail(query->connection, result);
}

void sql_query_int(struct query *query, int64_t value)
{
    if (query->failed == 0)
        check_bind(query, sqlite3_bind_int64(query->stmt, query->next++, value));
}

void sql_query_flag(struct query *query, int64_t value)
{
    sql_query_int(query, value != 0);
}

void sql_query_text(struct query *query, const char *text)
{
    if (query->failed == 0)
        check_bind(query, sqlite3_bind_text(query->stmt, query->next++, text, -1, SQLITE_STATIC));
}

void sql_query_bytes(struct query *query, const void *bytes, size_t size)
{
    if (query->failed == 0)
        check_bind(query, sqlite3_bind_blob64(query->stmt, query->next++, size == 0 ? "" : bytes,
                                              size, SQLITE_STATIC));
}

void sql_query_real(struct query *query, double value)
{
    if (query->failed == 0)
        check_bind(query, sqlite3_bind_double(query->stmt, query->next++, value));
}

int sql_query_step(struct query *query)
{
    if (query->failed < 0)
        return query->failed;
    int r = sqlite3_step(query->stmt);
    if (r == SQLITE_ROW)
        return 1;
    return r == SQLITE_DONE ? 0 : sqlite_connection_fail(query->connection, r);
}

int sql_query_run(struct query *query, int64_t *ret_rows)
{
    int r;
    do
        r = sql_query_step(query);
    while (r > 0);
    if (r == 0 && ret_rows != NULL)
        *ret_rows = sqlite3_changes64(query->connection->db);
    sql_query_close(query);
    return r;
}

int sql_query_later(struct query *query, enum counter counter, int by)
{
    int64_t *delta = query->handle->batch.delta, rows;
    int r = sql_query_run(query, &rows);
    if (r == 0 && counter != COUNT_NONE)
        delta[counter] += by * rows;
    return r;
}

/* An INSERT that does nothing on a conflict; if so it did, one that updates. */
int sql_query_put(struct query *query, enum counter counter, bool *ret_done)
{
    int64_t rows;
    int r = sql_query_run(query, &rows);
    if (r < 0 || rows == 0)
        return r;
    if (counter != COUNT_NONE)
        query->handle->batch.delta[counter]++;
    *ret_done = true;
    return 0;
}

int sqlite_query_number(struct query *query, int64_t *ret_number)
{
    int r = sql_query_step(query);
    if (r > 0)
        *ret_number = sql_column_int(query, 0);
    sql_query_close(query);
    return r > 0 ? 0 : r == 0 ? HEARTH_ERR_NOT_FOUND : r;
}

int sqlite_query_exec(struct handle *handle, const char *sql)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    return sql_query_run(&query, NULL);
}

int sql_column_keep_bytes(struct query *query, int column, const void **ret_bytes, size_t *ret_size)
{
    const void *bytes = sqlite3_column_blob(query->stmt, column);
    size_t size = (size_t)sqlite3_column_bytes(query->stmt, column);
    int r = sql_copy_bytes(query->handle, bytes, size, ret_bytes);
    if (r == 0)
        *ret_size = size;
    return r;
}

int64_t sqlite_query_changes(struct handle *handle)
{
    return sqlite3_changes64(handle->current->db);
}

void sqlite_query_forget_idle(struct connection *connection)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        if (connection->statements[i].stmt != NULL && !connection->statements[i].busy) {
            sqlite3_finalize(connection->statements[i].stmt);
            connection->statements[i].stmt = NULL;
        }
}

void sqlite_query_forget_all(struct connection *connection)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(connection->statements[i].stmt);
        connection->statements[i] = (struct statement){.sql = NULL};
    }
}
