/* Accounts, their claims and counts, and the end of all their rows. */
#include "accounts.h"

#include <stdlib.h>

#include "connection.h"
#include "identities.h"
#include "session.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/text.h"

#define COLUMNS                                                                                                                            \
    "id, email, uid, name, provider, node, state, state_detail, created, last_sync, last_attempt, next_sync, last_seen, generation, "      \
    "failures, resync, placement"

static void row_of(const struct query *query, struct hearth_account *ret_account)
{
    *ret_account = (struct hearth_account){
        .struct_size = sizeof(*ret_account),
        .id = column_text(query, 0),
        .email = column_text(query, 1),
        .uid = column_text(query, 2),
        .name = column_text(query, 3),
        .provider = column_text(query, 4),
        .node = column_text(query, 5),
        .state = (int32_t)column_int(query, 6),
        .state_detail = column_text(query, 7),
        .created = column_int(query, 8),
        .last_sync = column_int(query, 9),
        .last_attempt = column_int(query, 10),
        .next_sync = column_int(query, 11),
        .last_seen = column_int(query, 12),
        .generation = column_int(query, 13),
        .failures = column_int(query, 14),
        .resync = column_int(query, 15),
        .placement = column_text(query, 16),
    };
}

static int keep(struct session *session, struct hearth_account *account)
{
    const char **texts[] = {&account->id,       &account->email, &account->uid,          &account->name,
                            &account->provider, &account->node,  &account->state_detail, &account->placement};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
        r = session_copy(session, *texts[i], texts[i]);
    return r;
}

static int exists_already(struct session *session)
{
    return hearth_fail(session->call, HEARTH_ERR_CONFLICT, "there is an account with this id or e-mail address already");
}

static int no_account(struct session *session)
{
    return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no such account");
}

/* What decides its node in a fleet. A host of before has no such field. */
static const char *placement_of(const struct hearth_account *account)
{
    bool has = HEARTH_HAS(account, placement);
    return has && account->placement != NULL ? account->placement : account->email;
}

/* The account and its identity, or neither. Conflicts are not errors of the server's, which would end a transaction; except that of two
 * sessions that make the same identity at the same moment. */
static const char CREATE[] =
    "WITH taken AS (SELECT 1 FROM identities WHERE issuer = $18 AND subject = $3), "
    "a AS (INSERT INTO accounts (" COLUMNS ") SELECT $1, $2, $3, $4, $5, $6, $7::int, $8, $9::bigint, $10::bigint, $11::bigint, "
    "$12::bigint, $13::bigint, $14::bigint, $15::bigint, $16::bigint, $17 WHERE NOT EXISTS (SELECT 1 FROM taken) "
    "ON CONFLICT DO NOTHING RETURNING row), "
    "i AS (INSERT INTO identities (issuer, subject, account, created) SELECT $18, $3, row, $9::bigint FROM a WHERE $3 <> '' RETURNING 1) "
    "SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM a)";

int account_create(void *self, struct hearth_call *call, const struct hearth_account *account)
{
    struct op op;
    struct query query;
    char issuer[IDENTITY_ISSUER_MAX + 2] = "";
    if (account->id == NULL || account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an account needs an id and an e-mail address");
    int r = identity_of_new_account(call, account, issuer, sizeof(issuer));
    if (r == 0)
        r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, CREATE);
    query_text(&query, account->id);
    query_text(&query, account->email);
    query_text(&query, support_or_empty(account->uid));
    query_text(&query, account->name);
    query_text(&query, support_or_empty(account->provider));
    query_text(&query, support_or_empty(account->node));
    query_int(&query, account->state);
    query_text(&query, account->state_detail);
    query_int(&query, account->created);
    query_int(&query, account->last_sync);
    query_int(&query, account->last_attempt);
    query_int(&query, account->next_sync);
    query_int(&query, account->last_seen);
    query_int(&query, account->generation);
    query_int(&query, account->failures);
    query_int(&query, account->resync);
    query_text(&query, placement_of(account));
    query_text(&query, issuer);
    r = query_step(&query);
    bool taken = r == HEARTH_ERR_CONFLICT || (r > 0 && column_int(&query, 0) > 0), made = r > 0 && column_int(&query, 1) > 0;
    query_close(&query);
    if (taken)
        r = identity_is_taken(call);
    else if (r >= 0)
        r = made ? 0 : exists_already(op.session);
    return op_end(&op, r);
}

/* $2 is the set of enum hearth_account_field. */
static const char UPDATE[] =
    "UPDATE accounts SET state = CASE WHEN $2 & 1 <> 0 THEN $3::int ELSE state END, "
    "state_detail = CASE WHEN $2 & 1 <> 0 THEN $4 ELSE state_detail END, name = CASE WHEN $2 & 2 <> 0 THEN $5 ELSE name END, "
    "email = CASE WHEN $2 & 4 <> 0 THEN $6 ELSE email END, uid = CASE WHEN $2 & 8 <> 0 THEN $7 ELSE uid END, "
    "node = CASE WHEN $2 & 16 <> 0 THEN $8 ELSE node END, provider = CASE WHEN $2 & 2048 <> 0 THEN $15 ELSE provider END, "
    "last_sync = CASE WHEN $2 & 32 <> 0 THEN $9::bigint ELSE last_sync END, "
    "last_attempt = CASE WHEN $2 & 64 <> 0 THEN $10::bigint ELSE last_attempt END, "
    "next_sync = CASE WHEN $2 & 128 <> 0 THEN $11::bigint ELSE next_sync END, "
    "claimed_until = CASE WHEN $2 & 128 <> 0 THEN 0 ELSE claimed_until END, "
    "last_seen = CASE WHEN $2 & 256 <> 0 THEN $12::bigint ELSE last_seen END, "
    "failures = CASE WHEN $2 & 512 <> 0 THEN $13::bigint ELSE failures END, "
    "resync = CASE WHEN $2 & 1024 <> 0 THEN $14::bigint ELSE resync END WHERE id = $1 AND ($2::bigint & 4 = 0 OR NOT EXISTS "
    "(SELECT 1 FROM accounts o WHERE lower(o.email) = lower($6 COLLATE \"C\") AND o.id <> $1))";

static int account_exists(struct session *session, const char *id)
{
    struct query query;
    query_open(&query, session, "SELECT 1 FROM accounts WHERE id = $1");
    query_text(&query, id);
    int r = query_step(&query);
    query_close(&query);
    return r;
}

int account_update(void *self, struct hearth_call *call, const struct hearth_account *account, uint64_t fields)
{
    struct op op;
    struct query query;
    int64_t affected = 0;
    if ((fields & HEARTH_ACCOUNT_EMAIL) != 0 && account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an account needs an e-mail address");
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, UPDATE);
    query_text(&query, account->id);
    query_int(&query, (int64_t)fields);
    query_int(&query, account->state);
    query_text(&query, account->state_detail);
    query_text(&query, account->name);
    query_text(&query, account->email);
    query_text(&query, support_or_empty(account->uid));
    query_text(&query, support_or_empty(account->node));
    query_int(&query, account->last_sync);
    query_int(&query, account->last_attempt);
    query_int(&query, account->next_sync);
    query_int(&query, account->last_seen);
    query_int(&query, account->failures);
    query_int(&query, account->resync);
    query_text(&query, support_or_empty(account->provider));
    r = query_run(&query, &affected);
    if (r == 0 && affected == 0) {
        r = account_exists(op.session, account->id);
        r = r < 0 ? r : r > 0 ? exists_already(op.session) : no_account(op.session);
    }
    return op_end(&op, r);
}

/* key, more: the parameters of `sql`; more is NULL when it has one. */
static int get_by(void *self, struct hearth_call *call, const char *sql, const char *key, const char *more,
                  struct hearth_account *ret_account)
{
    struct op op;
    struct query query;
    struct hearth_account account;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, sql);
    query_text(&query, key);
    if (more != NULL)
        query_text(&query, more);
    r = query_step(&query);
    if (r > 0) {
        row_of(&query, &account);
        r = keep(op.session, &account);
    } else if (r == 0) {
        r = no_account(op.session);
    }
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(account, ret_account);
    return op_end(&op, r);
}

int account_get(void *self, struct hearth_call *call, const char *account, struct hearth_account *ret_account)
{
    static const char BY_ID[] = "SELECT " COLUMNS " FROM accounts WHERE id = $1";
    return get_by(self, call, BY_ID, account, NULL, ret_account);
}

int account_by_email(void *self, struct hearth_call *call, const char *email, struct hearth_account *ret_account)
{
    static const char BY_EMAIL[] = "SELECT " COLUMNS " FROM accounts WHERE lower(email) = lower($1 COLLATE \"C\")";
    return get_by(self, call, BY_EMAIL, email, NULL, ret_account);
}

int account_by_identity(void *self, struct hearth_call *call, const char *issuer, const char *subject, struct hearth_account *ret_account)
{
    static const char BY_IDENTITY[] =
        "SELECT " COLUMNS " FROM accounts WHERE row = (SELECT account FROM identities WHERE issuer = $1 AND subject = $2)";
    return get_by(self, call, BY_IDENTITY, issuer, subject, ret_account);
}

/* In pieces by e-mail, so that a million accounts need no memory. */
int account_list(void *self, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    enum { PIECE = 1000 };
    static const char LIST[] = "SELECT " COLUMNS ", lower(email) FROM accounts WHERE lower(email) > $1 ORDER BY lower(email) LIMIT 1000";
    struct op op;
    struct query query;
    struct hearth_account account;
    char last[1024] = "";
    int rows = PIECE, r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    while (r == 0 && rows == PIECE) {
        query_open(&query, op.session, LIST);
        query_text(&query, last);
        while ((r = query_step(&query)) > 0) {
            row_of(&query, &account);
            if (cb(ctx, &account) != 0)
                break;
        }
        rows = r == 0 ? query.rows : 0;
        if (rows == PIECE) {
            query.row = rows - 1;
            last[0] = '\0';
            strncat(last, column_text(&query, 17), sizeof(last) - 1);
        }
        query_close(&query);
    }
    return op_end(&op, r > 0 ? 0 : r);
}

static int by_due(const void *a, const void *b)
{
    const struct hearth_account *x = a, *y = b;
    return x->next_sync != y->next_sync ? (x->next_sync < y->next_sync ? -1 : 1) : strcmp(x->id, y->id);
}

/* The index is in the order of greatest(next_sync, claimed_until): those that nobody has claimed come by the time they are due. SKIP
 * LOCKED: two schedulers never wait for, and never get, the same one. The rows are sorted here, because RETURNING has no order. */
int account_claim_due(void *self, struct hearth_call *call, int64_t now, int64_t claimed_until, int64_t limit, hearth_account_cb cb,
                      void *ctx)
{
    static const char CLAIM[] = "UPDATE accounts SET claimed_until = $2 WHERE row IN (SELECT row FROM accounts WHERE next_sync > 0 "
                                "AND greatest(next_sync, claimed_until) <= $1 ORDER BY greatest(next_sync, claimed_until), row LIMIT $3 "
                                "FOR UPDATE SKIP LOCKED) RETURNING " COLUMNS;
    struct op op;
    struct query query;
    if (limit <= 0)
        return 0;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, CLAIM);
    query_int(&query, now);
    query_int(&query, claimed_until);
    query_int(&query, limit);
    r = query_execute(&query);
    struct hearth_account *claimed = r == 0 ? calloc((size_t)query.rows + 1, sizeof(*claimed)) : NULL;
    if (r == 0 && claimed == NULL)
        r = support_no_memory(call);
    for (query.row = 0; r == 0 && query.row < query.rows; query.row++)
        row_of(&query, &claimed[query.row]);
    if (r == 0)
        qsort(claimed, (size_t)query.rows, sizeof(*claimed), by_due);
    for (int i = 0; r == 0 && i < query.rows; i++)
        if (cb(ctx, &claimed[i]) != 0)
            break;
    free(claimed);
    query_close(&query);
    return op_end(&op, r);
}

int account_counts(void *self, struct hearth_call *call, const char *account, struct hearth_counts *ret_counts)
{
    static const char COUNTS[] = "SELECT row, devices, tabs, bookmarks, folders, pages, visits FROM accounts WHERE id = $1";
    struct op op;
    struct query query;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, COUNTS);
    query_text(&query, account);
    r = query_step(&query);
    if (r > 0) {
        static const int64_t none[COUNTERS];
        const struct batch *batch = &op.session->batch;
        const int64_t *delta = batch->open && batch->account == column_int(&query, 0) ? batch->delta : none;
        counts.devices = column_int(&query, 1) + delta[COUNT_DEVICES];
        counts.tabs = column_int(&query, 2) + delta[COUNT_TABS];
        counts.bookmarks = column_int(&query, 3) + delta[COUNT_BOOKMARKS];
        counts.folders = column_int(&query, 4) + delta[COUNT_FOLDERS];
        counts.pages = column_int(&query, 5) + delta[COUNT_PAGES];
        counts.visits = column_int(&query, 6) + delta[COUNT_VISITS];
        SUPPORT_GIVE(counts, ret_counts);
        r = 0;
    } else if (r == 0) {
        r = no_account(op.session);
    }
    query_close(&query);
    return op_end(&op, r);
}

static int remove_rows(struct session *session, const char *account)
{
    static const char *const remove[] = {
        "DELETE FROM visits WHERE account = $1",
        "DELETE FROM page_guids WHERE account = $1",
        "DELETE FROM pages WHERE account = $1",
        "DELETE FROM removed_pages WHERE account = $1",
        "DELETE FROM bookmark_tags WHERE account = $1",
        "DELETE FROM bookmark_claims WHERE account = $1",
        "DELETE FROM bookmark_tombstones WHERE account = $1",
        "DELETE FROM bookmarks WHERE account = $1",
        "DELETE FROM bookmark_folders WHERE account = $1",
        "DELETE FROM bookmark_moves WHERE account = $1", /* written down by the removal of the bookmarks */
        "DELETE FROM accounts WHERE row = $1",           /* and what refers to it */
    };
    struct query query;
    int64_t row = 0;
    query_open(&query, session, "SELECT row FROM accounts WHERE id = $1 FOR UPDATE");
    query_text(&query, account);
    int r = query_step(&query);
    if (r > 0)
        row = column_int(&query, 0);
    query_close(&query);
    if (r == 0)
        return no_account(session);
    r = r < 0 ? r : 0;
    for (size_t i = 0; r == 0 && i < sizeof(remove) / sizeof(remove[0]); i++) {
        query_open(&query, session, remove[i]);
        query_int(&query, row);
        r = query_run(&query, NULL);
    }
    return r;
}

int account_remove(void *self, struct hearth_call *call, const char *account)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open"));
    r = transaction_begin(op.session, "BEGIN");
    if (r == 0)
        r = transaction_end(op.session, remove_rows(op.session, account));
    return op_end(&op, r);
}
