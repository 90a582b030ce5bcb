/* The end of an account: all its rows, and its file. */
#include "connection.h"
#include "files.h"
#include "query.h"
#include "session.h"
#include "storage-sql/accounts.h"
#include "storage-sql/batch_hooks.h"

/* Rows of an account in the shared file, in the order of the foreign keys. */
static const char *const REMOVE[] = {
    "DELETE FROM identities WHERE account = ?",
    "DELETE FROM picks WHERE account = ?",
    "DELETE FROM removed_here WHERE account = ?",
    "DELETE FROM sources WHERE account = ?",
    "DELETE FROM tokens WHERE account = ?",
    "DELETE FROM settings WHERE account = ?",
    "DELETE FROM credentials WHERE account = ?",
    /* The file is unlinked after the commit: whoever finds this note after a crash does it. */
    "INSERT OR IGNORE INTO removed_files SELECT id FROM accounts WHERE row = ? AND file = 1",
    "DELETE FROM accounts WHERE row = ?",
};

static int remove_rows(struct session *session, const char *account)
{
    struct query query;
    int64_t row;
    query_open(&query, session, "SELECT row FROM accounts WHERE id = ?");
    query_text(&query, account);
    int r = query_number(&query, &row);
    if (r == HEARTH_ERR_NOT_FOUND)
        return account_is_missing(session->call);
    for (size_t i = 0; r == 0 && i < sizeof(REMOVE) / sizeof(REMOVE[0]); i++) {
        query_open(&query, session, REMOVE[i]);
        query_int(&query, row);
        r = query_run(&query, NULL);
    }
    return r;
}

/* Whoever leaves wants nothing to stay in the shared file's free pages. */
static int remove_shared(struct session *session, const char *account)
{
    int r = connection_exec(session->shared, "PRAGMA secure_delete = ON");
    if (r == 0)
        r = session_begin_immediate(session);
    if (r == 0) {
        r = remove_rows(session, account);
        if (r < 0)
            session_rollback(session);
        else
            r = session_commit(session);
    }
    sqlite3_exec(session->shared->db, "PRAGMA secure_delete = FAST", NULL, NULL, NULL);
    return r;
}

/* Takes the write lock of the person's file, so that no other process is in the middle of a batch. A file that is missing or damaged can be
 * removed as well: nobody writes there. */
static int lock_file(struct session *session, const char *account, struct connection **ret_connection)
{
    struct connection *connection;
    int r = pool_borrow(session, account, &connection);
    if (r == HEARTH_ERR_NOMEM || r == HEARTH_ERR_TIMEOUT || r == HEARTH_ERR_CANCELLED)
        return r;
    if (r < 0)
        return 0;
    session->current = connection;
    r = session_begin_in_turn(session);
    session->current = session->shared;
    if (r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_NOMEM || r == HEARTH_ERR_TIMEOUT || r == HEARTH_ERR_CANCELLED) {
        pool_give_back(session, connection);
        return r;
    }
    *ret_connection = connection;
    return 0;
}

static int remove_in_turn(struct session *session, struct person *person, const char *account)
{
    struct connection *locked = NULL;
    struct file_state state;
    struct query query;
    int r = file_state(session, account, &state);
    if (r == 0 && state.exists)
        r = lock_file(session, account, &locked);
    if (r == 0)
        r = remove_shared(session, account);
    if (r == 0)
        pool_forget(session, person);
    if (locked != NULL) {
        session->current = locked;
        session_rollback_in_turn(session);
        session->current = session->shared;
        pool_give_back(session, locked);
    }
    /* From here on the account is gone. What cannot be unlinked now is at the next start. */
    if (r == 0 && state.exists && file_unlink(session->store, session->call, account) == 0) {
        query_open(&query, session, "DELETE FROM removed_files WHERE id = ?");
        query_text(&query, account);
        query_run(&query, NULL);
    }
    return r;
}

int account_remove(void *self, struct hearth_call *call, const char *account)
{
    struct op op;
    struct person *person;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = batch_is_none(op.session);
    if (r < 0)
        return op_end(&op, r);
    r = pool_enter(op.session, account, &person);
    if (r < 0)
        return op_end(&op, r);
    r = writer_acquire(&person->writer, op.session);
    if (r == 0) {
        r = remove_in_turn(op.session, person, account);
        writer_release(&person->writer);
    }
    pool_leave(op.session, person);
    return op_end(&op, r);
}
