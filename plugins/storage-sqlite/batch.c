#include "batch.h"

#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "accounts.h"
#include "pages.h"
#include "query.h"
#include "session.h"

static void set_cache(struct session *session, int64_t bytes)
{
    char pragma[64];
    snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = -%lld", (long long)(bytes / 1024));
    sqlite3_exec(session->db, pragma, NULL, NULL, NULL); /* a cache of another size is no reason to fail */
}

/* Gives the memory of a large batch back to the system. */
static void shrink(struct session *session)
{
    int used = 0, highest;
    sqlite3_db_status(session->db, SQLITE_DBSTATUS_CACHE_USED, &used, &highest, 0);
    set_cache(session, session->store->cache_size);
    if (used <= 2 * session->store->cache_size)
        return;
    sqlite3_db_release_memory(session->db);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static int load_account(struct session *session, const char *account, struct batch *ret_batch)
{
    struct query query;
    query_open(&query, session,
               "SELECT row, generation, EXISTS (SELECT 1 FROM removed_pages r WHERE r.account = a.row) FROM accounts a WHERE id = ?");
    query_text(&query, account);
    int r = query_step(&query);
    if (r > 0)
        *ret_batch = (struct batch){.open = true,
                                    .account = column_int(&query, 0),
                                    .generation = column_int(&query, 1) + 1,
                                    .knows_removed = column_int(&query, 2) != 0};
    query_close(&query);
    if (r == 0)
        return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no such account");
    if (r > 0)
        snprintf(ret_batch->id, sizeof(ret_batch->id), "%s", account);
    return r < 0 ? r : 0;
}

int batch_begin(void *self, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct session *session = op.session;
    if (session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already"));
    if (collection < HEARTH_COLLECTION_NONE || collection > HEARTH_HISTORY)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection));
    r = session_begin_immediate(session);
    if (r < 0)
        return op_end(&op, r);
    r = load_account(session, account, &session->batch);
    if (r < 0) {
        session_rollback(session);
        return op_end(&op, r);
    }
    set_cache(session, session->store->batch_cache);
    *ret_generation = session->batch.generation;
    return op_end(&op, 0);
}

static int finish_account(struct session *session, bool changed)
{
    static const char FINISH[] =
        "UPDATE accounts SET generation = iif(?2, ?3, generation), devices = devices + ?4, tabs = tabs + ?5, "
        "bookmarks = bookmarks + ?6, folders = folders + ?7, pages = pages + ?8, visits = visits + ?9 WHERE row = ?1";
    struct batch *batch = &session->batch;
    struct query query;
    query_open(&query, session, FINISH);
    query_int(&query, batch->account);
    query_int(&query, changed);
    query_int(&query, batch->generation);
    for (int i = 0; i < COUNTERS; i++)
        query_int(&query, batch->delta[i]);
    int r = query_run(&query);
    return r == 0 && batch->removed_pages ? page_forget_removed(session) : r;
}

static void end(struct session *session)
{
    session->batch = (struct batch){.open = false};
    shrink(session);
}

int batch_commit(void *self, struct hearth_call *call, bool changed)
{
    struct op op;
    int r = op_begin_in_batch(&op, self, call);
    struct session *session = session_of(self);
    if (r < 0) {
        batch_abort(session);
        return r;
    }
    r = finish_account(session, changed);
    if (r < 0) {
        session_rollback(session);
    } else {
        r = session_commit(session);
        /* The log may hold the commit although its sync failed: a crash now could bring it back. */
        if (r == HEARTH_ERR_IO)
            r = HEARTH_ERR_UNCERTAIN;
    }
    end(session);
    return op_end(&op, r);
}

void batch_abort(void *self)
{
    struct session *session = session_of(self);
    if (!session->batch.open)
        return;
    session_rollback(session);
    end(session);
}

int mark_put(void *self, struct hearth_call *call, int32_t collection, const char *text)
{
    static const char PUT[] = "INSERT INTO marks (account, collection, text) VALUES (?, ?, ?) "
                              "ON CONFLICT (account, collection) DO UPDATE SET text = excluded.text";
    static const char REMOVE[] = "DELETE FROM marks WHERE account = ? AND collection = ?";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    if (collection < HEARTH_COLLECTION_NONE || collection > HEARTH_HISTORY)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection));
    query_open(&query, op.session, text == NULL ? REMOVE : PUT);
    query_int(&query, op.session->batch.account);
    query_int(&query, collection);
    if (text != NULL)
        query_text(&query, text);
    return op_end_in_batch(&op, query_run(&query));
}

int mark_list(void *self, struct hearth_call *call, const char *account, hearth_mark_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT collection, text FROM marks WHERE account = " ACCOUNT_ROW("?") " ORDER BY collection";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        if (cb(ctx, (int32_t)column_int(&query, 0), column_text(&query, 1)) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}
