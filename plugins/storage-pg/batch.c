#include "batch.h"

#include "connection.h"
#include "driver.h"
#include "rows.h"
#include "storage-sql/accounts.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/bookmark_hooks.h"
#include "storage-sql/removals.h"

void pg_batch_forget(struct batch *batch)
{
    number_set_fini(&batch->pages);
    number_set_fini(&batch->guids);
    number_set_fini(&batch->visited);
    number_set_fini(&batch->bookmarks);
    number_set_fini(&batch->lists);
    number_set_fini(&batch->roots);
    pg_rows_free(batch);
    *batch = (struct batch){.open = false};
}

/* A question takes as long as some sixty rows of a list. */
enum { LEARN_FROM = 64 };

/* An older release has written: from here on, what is removed is known again. Part of the batch. */
static int follow_older(struct handle *handle)
{
    static const char *const FOLLOW[] = {
        "DELETE FROM removals WHERE account = ?1 AND kind <> 1",
        "UPDATE accounts SET removals_forgotten = generation WHERE row = ?1",
        "INSERT INTO generations (account, collection, generation) SELECT a.row, c.collection, "
        "a.generation FROM accounts a "
        "CROSS JOIN collections c WHERE a.row = ?1 AND c.collection > 0 "
        "ON CONFLICT (account, collection) DO UPDATE SET generation = excluded.generation",
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(FOLLOW) / sizeof(FOLLOW[0]); i++) {
        struct query query;
        sql_query_open(&query, handle, FOLLOW[i]);
        sql_query_batch(&query);
        r = sql_query_later(&query, COUNT_NONE, 0);
    }
    return r;
}

/* Makes batches of one account, in whatever process, wait for each other here. It is no lock of
 * its row: who changes that meanwhile (when its person was seen, when it is due) waits for no
 * batch. A statement of its own: the next one sees what the batch before has committed.
 * 1215460457 is the number behind that of the migrations. */
static int wait_for_account(struct handle *handle, const char *account)
{
    static const char WAIT[] = "SELECT pg_advisory_xact_lock(1215460457, (row % "
                               "2147483647)::integer) FROM accounts WHERE id = $1";
    struct query query;
    sql_query_open(&query, handle, WAIT);
    sql_query_text(&query, account);
    int r = sql_query_step(&query);
    sql_query_close(&query);
    return r == 0 ? sql_account_is_missing(handle->call) : r < 0 ? r : 0;
}

/* Until the end of the batch the account cannot be removed. */
static int batch_load_account(struct handle *handle, const char *account)
{
    static const char LOAD[] =
        "SELECT a.row, a.generation, NOT EXISTS (SELECT 1 FROM pages p WHERE p.account = "
        "a.row), " REMOVAL_KINDS(
            "r.account = a.row AND ") ", a.pages + a.bookmarks, " WRITTEN_BY_OLDER
                                      ", NOT EXISTS (SELECT 1 FROM visits v WHERE v.account = "
                                      "a.row), NOT EXISTS (SELECT 1 FROM "
                                      "bookmarks b WHERE b.account = a.row) AND NOT EXISTS (SELECT "
                                      "1 FROM bookmark_claims c WHERE "
                                      "c.account = a.row) AND NOT EXISTS (SELECT 1 FROM "
                                      "bookmark_tombstones t WHERE t.account = "
                                      "a.row) AND NOT EXISTS (SELECT 1 FROM bookmark_tags t WHERE "
                                      "t.account = a.row)"
                                      " FROM accounts a WHERE id = $1 FOR KEY SHARE";
    struct batch *batch = &handle->batch;
    struct query query;
    bool older = false;
    sql_query_open(&query, handle, LOAD);
    sql_query_text(&query, account);
    int r = sql_query_step(&query);
    if (r > 0) {
        int64_t rows = sql_column_int(&query, 4);
        *batch = (struct batch){.open = true,
                                .account = sql_column_int(&query, 0),
                                .generation = sql_column_int(&query, 1) + 1,
                                .gone = (unsigned)sql_column_int(&query, 3),
                                .knows = sql_column_flag(&query, 2),
                                .empty = sql_column_flag(&query, 6),
                                .knows_bookmarks = sql_column_flag(&query, 7),
                                .worth = rows < LEARN_FROM * LEARN_FROM ? LEARN_FROM
                                                                        : rows / LEARN_FROM};
        strncat(batch->id, account, sizeof(batch->id) - 1);
        older = sql_column_flag(&query, 5);
    }
    sql_query_close(&query);
    if (r == 0)
        return sql_account_is_missing(handle->call);
    return r < 0 ? r : older ? follow_older(handle) : 0;
}

int sql_batch_start(struct handle *handle, const char *account)
{
    int r = pg_transaction_begin(handle, "BEGIN");
    if (r < 0)
        return r;
    r = wait_for_account(handle, account);
    if (r == 0)
        r = batch_load_account(handle, account);
    return r < 0 ? pg_transaction_end(handle, r) : 0;
}

enum { OUTGROWS = 1000 }; /* rows */
#define OUTGROWN(table)                                                                            \
    "SELECT reltuples < $1::bigint FROM pg_class WHERE relname = '" table                          \
    "' AND relkind = 'r' AND "                                                                     \
    "relnamespace = current_schema()::regnamespace"

/* Plans are made once for each connection, and on a table that is all but empty any index looks
 * as good as the one that a statement was written for: after a first sync, pages were looked up
 * by walking all of them, until autovacuum came by. So when a batch has more than doubled a
 * table it is analyzed, which has every process make its plans anew. Nobody waits for that but
 * the sync; and where it fails autovacuum does it later. */
static void analyze_outgrown(struct handle *handle, const int64_t *delta)
{
    /* Not all at once: a table that is known to be empty is worse than one that nothing is known
     * of. */
    static const struct {
        enum counter counter;
        const char *outgrown, *analyze;
    } tables[] = {
        {COUNT_PAGES, OUTGROWN("pages"), "ANALYZE (SKIP_LOCKED) pages, page_guids"},
        {COUNT_VISITS, OUTGROWN("visits"), "ANALYZE (SKIP_LOCKED) visits"},
        {COUNT_BOOKMARKS, OUTGROWN("bookmarks"),
         "ANALYZE (SKIP_LOCKED) bookmarks, bookmark_tags, bookmark_folders, bookmark_claims"},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct query query;
        if (delta[tables[i].counter] < OUTGROWS)
            continue;
        sql_query_open(&query, handle, tables[i].outgrown);
        sql_query_int(&query, delta[tables[i].counter]);
        bool outgrown = sql_query_step(&query) > 0 && sql_column_flag(&query, 0);
        sql_query_close(&query);
        if (outgrown)
            pg_query_exec(handle, tables[i].analyze);
    }
}

/* A process of an older release excludes batches by a lock of the row, and not these: of two the
 * second is not stored. */
static int check_alone(struct handle *handle)
{
    struct query query;
    sql_query_open(&query, handle,
                   "SELECT 1 FROM accounts WHERE row = ?1 AND generation = ?2 FOR NO KEY UPDATE");
    sql_query_batch(&query);
    sql_query_int(&query, handle->batch.generation - 1);
    int r = sql_query_step(&query);
    sql_query_close(&query);
    if (r == 0)
        return hearth_fail(handle->call, HEARTH_ERR_CONFLICT,
                           "a process of an older release has stored something of this account "
                           "meanwhile: nothing of this batch was stored, "
                           "and it is tried again");
    return r < 0 ? r : 0;
}

int sql_batch_finish(struct handle *handle, bool changed)
{
    int64_t delta[COUNTERS];
    int r = sql_bookmark_add_moves(handle);
    if (r == 0)
        r = pg_query_settle(handle); /* the counters are complete now */
    if (r == 0)
        r = check_alone(handle);
    if (r == 0)
        r = sql_batch_write_account(handle, changed);
    if (r == 0)
        r = pg_query_settle(handle);
    memcpy(delta, handle->batch.delta, sizeof(delta));
    pg_batch_forget(&handle->batch);
    r = pg_transaction_end(handle, r);
    if (r == 0)
        analyze_outgrown(handle, delta);
    return r;
}

/* ms for a rollback; after that the connection is closed, and the server rolls back. */
enum { ABORT_PATIENCE = 1000 };

void sql_batch_abort(void *self)
{
    struct handle *handle = sql_handle_of(self);
    char error[512];
    struct hearth_call call = {.struct_size = sizeof(call),
                               .error = error,
                               .error_size = sizeof(error)},
                       *outer = handle->call;
    if (!handle->batch.open)
        return;
    pg_batch_forget(&handle->batch);
    if (handle->pg == NULL)
        return;
    /* Nobody's call: what is still under way is dropped with the connection when it is much,
     * else answered first. */
    if (handle->pending_count > 0 || PQtransactionStatus(handle->pg) == PQTRANS_ACTIVE) {
        pg_connection_close(handle);
        return;
    }
    if (handle->depth > 0) {
        handle->call = &call;
        call.deadline =
            handle->database->host->monotonic_ms(handle->database->host) + ABORT_PATIENCE;
        call.host_data = outer->host_data;
        pg_transaction_end(handle, HEARTH_ERR_CANCELLED);
        handle->call = outer;
    } else {
        pg_connection_close(handle);
    }
}
