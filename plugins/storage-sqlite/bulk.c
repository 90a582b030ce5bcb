#include "bulk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "driver.h"

/* Few rows are not worth a change of the schema, for which every other connection prepares its
 * statements anew. Of very many the sort would take too much room for temporary files; filter:
 * bits, a power of two. */
enum { ROWS_TO_BEGIN = 1000, ROWS_TO_END = 1500000, FILTER = 1 << 21 };
/* one thread more, which sorts while this one reads; not having it is no reason to fail */
static const char SORT_BESIDE[] = "PRAGMA threads = 1", SORT_HERE[] = "PRAGMA threads = 0";

/* What needs one of them says INDEXED BY: see sql_query_open(). */
static const char *const DROPPED[BULK_INDEXES] = {"pages_by_frecency", "visits_by_date",
                                                  "visits_by_host", "page_guids_by_page"};

/* Ids come from a hash, so that bits of them are as good as a hash. */
static uint32_t filter_bit(int64_t page, int which)
{
    return (uint32_t)((uint64_t)page >> (which * 21)) & (FILTER - 1);
}

static void filter_add(struct bulk *bulk, int64_t page)
{
    for (int i = 0; bulk->seen != NULL && i < 3; i++)
        bulk->seen[filter_bit(page, i) / 64] |= 1ull << filter_bit(page, i) % 64;
}

bool sqlite_bulk_may_have(const struct bulk *bulk, int64_t page)
{
    bool may = true;
    for (int i = 0; bulk->seen != NULL && may && i < 3; i++)
        may = (bulk->seen[filter_bit(page, i) / 64] >> filter_bit(page, i) % 64 & 1) != 0;
    return may;
}

/* Sorting needs a directory for temporary files, which SQLite looks for in this order. */
static bool can_sort(void)
{
    const char *const places[] = {
        getenv("SQLITE_TMPDIR"), getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp", "."};
    bool can = false;
    for (size_t i = 0; !can && i < sizeof(places) / sizeof(places[0]); i++)
        can = places[i] != NULL && access(places[i], W_OK | X_OK) == 0;
    return can;
}

/* A statement that somebody is still reading from keeps its indexes. */
static bool somebody_reads(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    while ((stmt = sqlite3_next_stmt(db, stmt)) != NULL)
        if (sqlite3_stmt_busy(stmt))
            return true;
    return false;
}

static int read_ids(struct handle *handle, struct bulk *bulk)
{
    struct query query;
    int r;
    bulk->seen = calloc(FILTER / 64, sizeof(*bulk->seen)); /* it can do without */
    if (bulk->seen == NULL)
        return 0;
    sql_query_open(&query, handle, "SELECT id FROM pages");
    while ((r = sql_query_step(&query)) > 0)
        filter_add(bulk, sql_column_int(&query, 0));
    sql_query_close(&query);
    return r;
}

static int keep_statement(struct handle *handle, int which, char **ret_sql)
{
    static const char FIND[] = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?";
    struct query query;
    sql_query_open(&query, handle, FIND);
    sql_query_text(&query, DROPPED[which]);
    int r = sql_query_step(&query);
    if (r > 0) {
        const char *sql = sql_column_text(&query, 0);
        char *copy = sql == NULL ? NULL : strdup(sql);
        r = copy == NULL ? hearth_fail(handle->call, HEARTH_ERR_NOMEM, "out of memory") : 0;
        *ret_sql = copy;
    }
    sql_query_close(&query);
    return r;
}

static int drop_index(struct handle *handle, int which)
{
    char drop[64], *sql = NULL;
    int r = keep_statement(handle, which, &sql);
    if (r < 0 || sql == NULL) /* one that is missing stays so */
        return r;
    snprintf(drop, sizeof(drop), "DROP INDEX %s", DROPPED[which]);
    r = sqlite_connection_exec(handle->current, drop);
    if (r < 0)
        free(sql);
    else
        handle->batch.bulk.indexes[which] = sql;
    return r;
}

/* What is left to be put into at random is small; the sorts need the other half. */
static int bulk_begin(struct handle *handle)
{
    struct bulk *bulk = &handle->batch.bulk;
    bulk->may_begin = false;
    if (somebody_reads(handle->current->db) || !can_sort())
        return 0;
    int r = read_ids(handle, bulk);
    bulk->dropped = true;
    sqlite_connection_set_cache(handle->current, handle->database->batch_cache / 2);
    for (int i = 0; r == 0 && i < BULK_INDEXES; i++)
        r = drop_index(handle, i);
    /* statements that name an index have to be prepared again, to find that it is missing */
    sqlite_query_forget_idle(handle->current);
    return r;
}

int sqlite_bulk_count(struct handle *handle, int64_t page)
{
    struct bulk *bulk = &handle->batch.bulk;
    if (page != 0)
        filter_add(bulk, page);
    bulk->rows++;
    if (bulk->may_begin && bulk->rows >= ROWS_TO_BEGIN)
        return bulk_begin(handle);
    return bulk->dropped && bulk->rows >= ROWS_TO_END ? sqlite_bulk_end(handle) : 0;
}

bool sqlite_bulk_lacks(const struct handle *handle, const struct connection *connection)
{
    return handle->batch.open && handle->batch.bulk.dropped &&
           handle->batch.connection == connection;
}

/* What the cache holds goes into the log by itself: while an index is made, each page that has to
 * leave the cache would be written to the statement's journal too. Pages in use stay. */
static int write_cache(struct connection *connection)
{
    int code = sqlite3_db_cacheflush(connection->db);
    return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY
               ? 0
               : sqlite_connection_fail(connection, code);
}

/* A sort takes as much memory as the page cache may, and what fits the processor's own cache is
 * sorted sooner than more at a time. */
int sqlite_bulk_end(struct handle *handle)
{
    struct batch *batch = &handle->batch;
    struct database *database = handle->database;
    if (!batch->bulk.dropped)
        return 0;
    int r = write_cache(batch->connection);
    sqlite_connection_set_cache(batch->connection, database->batch_cache / 16);
    sqlite3_exec(batch->connection->db, SORT_BESIDE, NULL, NULL, NULL);
    for (int i = 0; r == 0 && i < BULK_INDEXES; i++) {
        char **sql = &batch->bulk.indexes[i];
        if (*sql == NULL)
            continue;
        r = sqlite_connection_exec(batch->connection, *sql);
        if (r == 0) {
            free(*sql);
            *sql = NULL;
        }
    }
    sqlite3_exec(batch->connection->db, SORT_HERE, NULL, NULL, NULL);
    sqlite_connection_set_cache(batch->connection, database->batch_cache);
    batch->bulk.dropped = r < 0;
    return r;
}

void sqlite_bulk_free(struct bulk *bulk)
{
    for (int i = 0; i < BULK_INDEXES; i++)
        free(bulk->indexes[i]);
    free(bulk->seen);
    *bulk = (struct bulk){.may_begin = false};
}
