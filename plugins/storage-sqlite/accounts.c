/* Making an account, and what its file says of it. */
#include "storage-sql/accounts.h"

#include "driver.h"
#include "files.h"

/* Whoever made it may not say what decides its node in a fleet: its address. */
#define SQL_VALUE_account_placement ~, "coalesce(?, ?2)"

/* A file of an earlier account with this id must not become the new one's: its removal was interrupted. */
static int finish_removal(struct session *session, const char *id)
{
    struct person *person;
    struct query query;
    int64_t one;
    int r = pool_enter(session, id, &person); /* checks the id */
    if (r < 0)
        return r;
    query_open(&query, session, "SELECT 1 FROM removed_files WHERE id = ?");
    query_text(&query, id);
    r = query_number(&query, &one);
    if (r == 0) {
        pool_forget(session, person);
        r = file_unlink(session->store, session->call, id);
        if (r == 0) {
            query_open(&query, session, "DELETE FROM removed_files WHERE id = ?");
            query_text(&query, id);
            r = query_run(&query, NULL);
        }
    }
    pool_leave(session, person);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

static int insert_account(struct session *session, const struct hearth_account *account)
{
    static const char INSERT[] =
        "INSERT INTO accounts (" SQL_NAMES(HEARTH_ACCOUNT_FIELDS) ") VALUES (" SQL_VALUES("?1", account, HEARTH_ACCOUNT_FIELDS) ")";
    struct query query;
    query_open(&query, session, INSERT);
    sql_bind_account(&query, account);
    int r = query_run(&query, NULL);
    return r == HEARTH_ERR_CONFLICT ? account_exists_already(session->call) : r;
}

static int insert_identity(struct session *session, const struct hearth_account *account, const char *issuer)
{
    static const char INSERT[] = "INSERT INTO identities (issuer, subject, created, account) SELECT ?2, uid, created, row FROM accounts "
                                 "WHERE id = ?1";
    struct query query;
    query_open(&query, session, INSERT);
    query_text(&query, account->id);
    query_text(&query, issuer);
    int r = query_run(&query, NULL);
    return r == HEARTH_ERR_CONFLICT ? account_identity_is_taken(session->call) : r;
}

int account_make(struct session *session, const struct hearth_account *account, const char *issuer)
{
    int r = finish_removal(session, account->id);
    if (r == 0)
        r = insert_account(session, account);
    return r == 0 && issuer[0] != '\0' ? insert_identity(session, account, issuer) : r;
}

/* The file has moved on since the shared one was asked. */
int account_read_generation(struct session *session, struct hearth_call *call, const char *account, int64_t *ret_generation)
{
    struct op op;
    struct query query;
    int r = op_begin_account(&op, session, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, session, "SELECT generation FROM account");
    return op_end(&op, query_number(&query, ret_generation));
}

/* Of the current file, with what an open batch adds to it. */
int account_read_space(struct session *session, int64_t *ret_space)
{
    struct query query;
    int64_t pages, size;
    query_open(&query, session, "PRAGMA page_count");
    int r = query_number(&query, &pages);
    if (r == 0) {
        query_open(&query, session, "PRAGMA page_size");
        r = query_number(&query, &size);
    }
    if (r == 0)
        *ret_space = pages * size;
    return r;
}
