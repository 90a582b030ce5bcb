#include "batch.h"

#include "storage-sql/bookmark_hooks.h"
#include "connection.h"
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/removals.h"

void batch_forget(struct batch *batch)
{
    number_set_fini(&batch->pages);
    number_set_fini(&batch->guids);
    number_set_fini(&batch->visited);
    *batch = (struct batch){.open = false};
}

/* A question takes as long as some sixty rows of a list. */
enum { LEARN_FROM = 64 };

/* An older release has written: from here on, what is removed is known again. Part of the batch. */
static int follow_older(struct session *session)
{
    static const char *const FOLLOW[] = {
        "DELETE FROM removals WHERE account = ?1 AND kind <> 1",
        "UPDATE accounts SET removals_forgotten = generation WHERE row = ?1",
        "INSERT INTO generations (account, collection, generation) SELECT a.row, c.collection, a.generation FROM accounts a "
        "CROSS JOIN collections c WHERE a.row = ?1 AND c.collection > 0 "
        "ON CONFLICT (account, collection) DO UPDATE SET generation = excluded.generation",
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(FOLLOW) / sizeof(FOLLOW[0]); i++) {
        struct query query;
        query_open(&query, session, FOLLOW[i]);
        query_batch(&query);
        r = query_later(&query, COUNT_NONE, 0);
    }
    return r;
}

/* Makes batches of one account, in whatever process, wait for each other here. It is no lock of its row: who changes that meanwhile (when
 * its person was seen, when it is due) waits for no batch. A statement of its own: the next one sees what the batch before has committed.
 * 1215460457 is the number behind that of the migrations. */
static int wait_for_account(struct session *session, const char *account)
{
    static const char WAIT[] = "SELECT pg_advisory_xact_lock(1215460457, (row % 2147483647)::integer) FROM accounts WHERE id = $1";
    struct query query;
    query_open(&query, session, WAIT);
    query_text(&query, account);
    int r = query_step(&query);
    query_close(&query);
    return r == 0 ? account_is_missing(session->call) : r < 0 ? r : 0;
}

/* Until the end of the batch the account cannot be removed. */
static int load_account(struct session *session, const char *account)
{
    static const char LOAD[] = "SELECT a.row, a.generation, NOT EXISTS (SELECT 1 FROM pages p WHERE p.account = a.row), " REMOVAL_KINDS(
        "r.account = a.row AND ") ", a.pages + a.bookmarks, " WRITTEN_BY_OLDER " FROM accounts a WHERE id = $1 FOR KEY SHARE";
    struct batch *batch = &session->batch;
    struct query query;
    bool older = false;
    query_open(&query, session, LOAD);
    query_text(&query, account);
    int r = query_step(&query);
    if (r > 0) {
        int64_t rows = column_int(&query, 4);
        *batch = (struct batch){.open = true,
                                .account = column_int(&query, 0),
                                .generation = column_int(&query, 1) + 1,
                                .gone = (unsigned)column_int(&query, 3),
                                .knows = column_flag(&query, 2),
                                .empty = column_flag(&query, 2),
                                .worth = rows < LEARN_FROM * LEARN_FROM ? LEARN_FROM : rows / LEARN_FROM};
        strncat(batch->id, account, sizeof(batch->id) - 1);
        older = column_flag(&query, 5);
    }
    query_close(&query);
    if (r == 0)
        return account_is_missing(session->call);
    return r < 0 ? r : older ? follow_older(session) : 0;
}

int batch_start(struct session *session, const char *account)
{
    int r = transaction_begin(session, "BEGIN");
    if (r < 0)
        return r;
    r = wait_for_account(session, account);
    if (r == 0)
        r = load_account(session, account);
    return r < 0 ? transaction_end(session, r) : 0;
}

enum { OUTGROWS = 1000 }; /* rows */
#define OUTGROWN(table)                                                                                                                    \
    "SELECT reltuples < $1::bigint FROM pg_class WHERE relname = '" table "' AND relkind = 'r' AND "                                       \
    "relnamespace = current_schema()::regnamespace"

/* Plans are made once for each connection, and on a table that is all but empty any index looks as good as the one that a statement was
 * written for: after a first sync, pages were looked up by walking all of them, until autovacuum came by. So when a batch has more than
 * doubled a table it is analyzed, which has every process make its plans anew. Nobody waits for that but the sync; and where it fails
 * autovacuum does it later. */
static void analyze_outgrown(struct session *session, const int64_t *delta)
{
    /* Not all at once: a table that is known to be empty is worse than one that nothing is known of. */
    static const struct {
        enum counter counter;
        const char *outgrown, *analyze;
    } tables[] = {
        {COUNT_PAGES, OUTGROWN("pages"), "ANALYZE (SKIP_LOCKED) pages, page_guids"},
        {COUNT_VISITS, OUTGROWN("visits"), "ANALYZE (SKIP_LOCKED) visits"},
        {COUNT_BOOKMARKS, OUTGROWN("bookmarks"), "ANALYZE (SKIP_LOCKED) bookmarks, bookmark_tags, bookmark_folders, bookmark_claims"},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct query query;
        if (delta[tables[i].counter] < OUTGROWS)
            continue;
        query_open(&query, session, tables[i].outgrown);
        query_int(&query, delta[tables[i].counter]);
        bool outgrown = query_step(&query) > 0 && column_flag(&query, 0);
        query_close(&query);
        if (outgrown)
            query_exec(session, tables[i].analyze);
    }
}

/* A process of an older release excludes batches by a lock of the row, and not these: of two the second is not stored. */
static int check_alone(struct session *session)
{
    struct query query;
    query_open(&query, session, "SELECT 1 FROM accounts WHERE row = ?1 AND generation = ?2 FOR NO KEY UPDATE");
    query_batch(&query);
    query_int(&query, session->batch.generation - 1);
    int r = query_step(&query);
    query_close(&query);
    if (r == 0)
        return hearth_fail(
            session->call, HEARTH_ERR_CONFLICT,
            "a process of an older release has stored something of this account meanwhile: nothing of this batch was stored, "
            "and it is tried again");
    return r < 0 ? r : 0;
}

int batch_finish(struct session *session, bool changed)
{
    int64_t delta[COUNTERS];
    int r = bookmark_add_moves(session);
    if (r == 0)
        r = query_settle(session); /* the counters are complete now */
    if (r == 0)
        r = check_alone(session);
    if (r == 0)
        r = batch_write_account(session, changed);
    if (r == 0)
        r = query_settle(session);
    memcpy(delta, session->batch.delta, sizeof(delta));
    batch_forget(&session->batch);
    r = transaction_end(session, r);
    if (r == 0)
        analyze_outgrown(session, delta);
    return r;
}

/* ms for a rollback; after that the connection is closed, and the server rolls back. */
enum { ABORT_PATIENCE = 1000 };

void batch_abort(void *self)
{
    struct session *session = session_of(self);
    char error[512];
    struct hearth_call call = {.struct_size = sizeof(call), .error = error, .error_size = sizeof(error)}, *outer = session->call;
    if (!session->batch.open)
        return;
    batch_forget(&session->batch);
    if (session->pg == NULL)
        return;
    /* Nobody's call: what is still under way is dropped with the connection when it is much, else answered first. */
    if (session->pending_count > 0 || PQtransactionStatus(session->pg) == PQTRANS_ACTIVE) {
        connection_close(session);
        return;
    }
    if (session->depth > 0) {
        session->call = &call;
        call.deadline = session->store->host->monotonic_ms(session->store->host) + ABORT_PATIENCE;
        call.host_data = outer->host_data;
        transaction_end(session, HEARTH_ERR_CANCELLED);
        session->call = outer;
    } else {
        connection_close(session);
    }
}
