/* Accounts: changing them, finding them, leasing those that are due. */
#include "storage-sql/accounts.h"

#include <stdlib.h>

#include "driver.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/operations.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/text.h"

/* Behind the account: whether its generation stands elsewhere, so that this one says nothing. */
#define ACCOUNT_COLUMNS SQL_COLUMNS(a, HEARTH_ACCOUNT_FIELDS) ", " GENERATION_APART

static bool account_row_read(struct query *query, struct hearth_account *ret_account)
{
    int next = sql_read_account(query, 0, ret_account);
    bool apart = sql_column_flag(query, next);
    if (apart)
        ret_account->generation = 0;
    return apart;
}

int sql_account_exists_already(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_CONFLICT,
                       "there is an account with this id or e-mail address already");
}

int sql_account_is_missing(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
}

int sql_account_find(struct handle *handle, const char *id)
{
    struct query query;
    sql_query_open(&query, handle, "SELECT 1 FROM accounts WHERE id = ?1");
    sql_query_text(&query, id);
    int r = sql_query_step(&query);
    sql_query_close(&query);
    return r;
}

int sql_account_explain(struct handle *handle, const char *id,
                        int (*taken)(struct hearth_call *call))
{
    int r = sql_account_find(handle, id);
    return r < 0 ? r : r > 0 ? taken(handle->call) : sql_account_is_missing(handle->call);
}

int sql_account_create(void *self, struct hearth_call *call, const struct hearth_account *account)
{
    struct op op;
    char issuer[IDENTITY_TEXT_MAX + 2];
    if (account->id == NULL || account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "an account needs an id and an e-mail address");
    int r = sql_identity_of_new_account(call, account, issuer);
    if (r == 0)
        r = sql_op_begin_write(&op, self, call);
    return r < 0 ? r : sql_op_end_write(&op, sql_account_make(op.handle, account, issuer));
}

/* ?2 is the set of enum hearth_account_field. The address has a statement of its own: one that
 * names it writes its index, changed or not. */
#define UPDATE_WITH(more, condition)                                                               \
    "UPDATE accounts SET state = CASE WHEN ?2 & 1 <> 0 THEN ?3 ELSE state END, "                   \
    "state_detail = CASE WHEN ?2 & 1 <> 0 THEN ?4 ELSE state_detail END, "                         \
    "state_message = CASE WHEN ?2 & 1 <> 0 THEN ?15 ELSE state_message END, "                      \
    "state_parameters = CASE WHEN ?2 & 1 <> 0 THEN ?16 ELSE state_parameters END, "                \
    "name = CASE WHEN ?2 & 2 <> 0 THEN ?5 ELSE name END, "                                         \
    "uid = CASE WHEN ?2 & 8 <> 0 THEN ?6 ELSE uid END, "                                           \
    "node = CASE WHEN ?2 & 16 <> 0 THEN ?7 ELSE node END, "                                        \
    "last_sync = CASE WHEN ?2 & 32 <> 0 THEN ?8 ELSE last_sync END, "                              \
    "last_attempt = CASE WHEN ?2 & 64 <> 0 THEN ?9 ELSE last_attempt END, "                        \
    "next_sync = CASE WHEN ?2 & 128 <> 0 THEN ?10 ELSE next_sync END, "                            \
    "claimed_until = CASE WHEN ?2 & 128 <> 0 THEN 0 ELSE claimed_until END, "                      \
    "last_seen = CASE WHEN ?2 & 256 <> 0 THEN ?11 ELSE last_seen END, "                            \
    "failures = CASE WHEN ?2 & 512 <> 0 THEN ?12 ELSE failures END, "                              \
    "resync = CASE WHEN ?2 & 1024 <> 0 THEN ?13 ELSE resync END, "                                 \
    "provider = CASE WHEN ?2 & 2048 <> 0 THEN ?14 ELSE provider END, "                             \
    "asked = CASE WHEN ?2 & 4096 <> 0 THEN asked + 1 ELSE asked END, "                             \
    "answered = CASE WHEN ?2 & 8192 <> 0 THEN ?18 ELSE answered END" more                          \
    " WHERE id = ?1 AND (?2 & 8192 = 0 OR (asked = ?17 AND answered <= ?18))" condition

static int account_was_asked(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_CONFLICT, "the account was asked for a sync meanwhile");
}

int sql_account_update(void *self, struct hearth_call *call, const struct hearth_account *account,
                       uint64_t fields)
{
    static const char UPDATE[] = UPDATE_WITH("", ""),
                      MOVE[] = UPDATE_WITH(", email = ?19", ADDRESS_IS_FREE("?19", "?1"));
    struct op op;
    struct query query;
    int64_t rows = 0;
    bool moves = (fields & HEARTH_ACCOUNT_EMAIL) != 0;
    if (moves && account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an account needs an e-mail address");
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, moves ? MOVE : UPDATE);
    sql_query_text(&query, account->id);
    sql_query_int(&query, (int64_t)fields);
    sql_query_int(&query, account->state);
    sql_query_text(&query, account->state_detail);
    sql_query_text(&query, account->name);
    sql_query_text(&query, support_or_empty(account->uid));
    sql_query_text(&query, support_or_empty(account->node));
    sql_query_int(&query, account->last_sync);
    sql_query_int(&query, account->last_attempt);
    sql_query_int(&query, account->next_sync);
    sql_query_int(&query, account->last_seen);
    sql_query_int(&query, account->failures);
    sql_query_int(&query, account->resync);
    sql_query_text(&query, support_or_empty(account->provider));
    sql_query_text(&query, HEARTH_HAS(account, state_message) ? account->state_message : NULL);
    sql_query_text(&query,
                   HEARTH_HAS(account, state_parameters) ? account->state_parameters : NULL);
    sql_query_int(&query, HEARTH_HAS(account, asked) ? account->asked : 0);
    sql_query_int(&query, HEARTH_HAS(account, answered) ? account->answered : 0);
    if (moves)
        sql_query_text(&query, account->email);
    r = sql_query_run(&query, &rows);
    if (r == HEARTH_ERR_CONFLICT)
        r = sql_account_exists_already(call);
    if (r == 0 && rows == 0)
        r = sql_account_explain(op.handle, account->id,
                                moves ? sql_account_exists_already : account_was_asked);
    return sql_op_end_write(&op, r);
}

/* key, more: the parameters of `sql`; more is NULL when it has one. */
static int get_account(void *self, struct hearth_call *call, const char *sql, const char *key,
                       const char *more, struct hearth_account *ret_account)
{
    struct op op;
    struct query query;
    struct hearth_account account;
    bool apart = false;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, sql);
    sql_query_text(&query, key);
    if (more != NULL)
        sql_query_text(&query, more);
    r = sql_query_step(&query);
    if (r > 0) {
        apart = account_row_read(&query, &account);
        r = sql_keep_account(op.handle, &account);
    } else if (r == 0) {
        r = sql_account_is_missing(call);
    }
    sql_query_close(&query);
    if (r == 0 && apart)
        r = sql_account_read_generation(op.handle, call, account.id, &account.generation);
    if (r == 0)
        SUPPORT_GIVE(account, ret_account);
    return sql_op_end(&op, r);
}

int sql_account_get(void *self, struct hearth_call *call, const char *account,
                    struct hearth_account *ret_account)
{
    static const char BY_ID[] = "SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.id = ?1";
    return get_account(self, call, BY_ID, account, NULL, ret_account);
}

int sql_account_by_email(void *self, struct hearth_call *call, const char *email,
                         struct hearth_account *ret_account)
{
    static const char BY_EMAIL[] =
        "SELECT " ACCOUNT_COLUMNS
        " FROM accounts a WHERE " NO_CASE("a.email") " = " NO_CASE_VALUE("?1");
    return get_account(self, call, BY_EMAIL, email, NULL, ret_account);
}

int sql_account_by_identity(void *self, struct hearth_call *call, const char *issuer,
                            const char *subject, struct hearth_account *ret_account)
{
    static const char BY_IDENTITY[] =
        "SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.row = (SELECT account FROM identities "
        "WHERE issuer = ?1 AND subject = ?2)";
    return get_account(self, call, BY_IDENTITY, issuer, subject, ret_account);
}

int sql_account_list(void *self, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE " NO_CASE(
        "a.email") " > " NO_CASE_VALUE("?1") " ORDER BY " NO_CASE("a.email") IN_PIECES;
    struct op op;
    struct query query;
    struct hearth_account account;
    struct piece piece = {1000, 1000, 1};
    char last[HEARTH_LINE_MAX + 1] = "";
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    do {
        sql_query_open(&query, op.handle, LIST);
        sql_query_text(&query, last);
        sql_query_piece(&query, &piece);
        while ((r = sql_query_step(&query)) > 0) {
            account_row_read(&query, &account);
            last[0] = '\0';
            strncat(last, account.email, sizeof(last) - 1);
            if (cb(ctx, &account) != 0)
                break;
        }
    } while (sql_query_close_piece(&query, &piece, r));
    return sql_op_end(&op, r > 0 ? 0 : r);
}

/* --- leases --- */

/* Leased ones, on the heap: the callback runs after the leases are stored, when nobody waits for
 * it any more, and may reset the call's memory. */
struct leased {
    struct leased *next;
    struct hearth_account account;
    char texts[];
};

#define SIZE_OF_TEXT(text) ((text) == NULL ? 0 : strlen(text) + 1)
#define MOVE_TEXT(at, text)                                                                        \
    if ((text) != NULL) {                                                                          \
        size_t length = strlen(text) + 1;                                                          \
        (text) = memcpy(at, text, length);                                                         \
        (at) += length;                                                                            \
    }
#define TEXT_FIELD_SIZE_TEXT(name) +SIZE_OF_TEXT(account->name)
#define TEXT_FIELD_SIZE_INT(name)
#define TEXT_FIELD_SIZE(T, role, kind, name, least, most, meaning) TEXT_FIELD_SIZE_##kind(name)

#define TEXT_FIELD_MOVE_TEXT(name) MOVE_TEXT(at, leased->account.name)
#define TEXT_FIELD_MOVE_INT(name)
#define TEXT_FIELD_MOVE(T, role, kind, name, least, most, meaning) TEXT_FIELD_MOVE_##kind(name)

static struct leased *leased_create(const struct hearth_account *account)
{
    size_t size = 0 HEARTH_ACCOUNT_FIELDS(TEXT_FIELD_SIZE, account);
    struct leased *leased = malloc(sizeof(*leased) + size);
    if (leased == NULL)
        return NULL;
    leased->account = *account;
    char *at = leased->texts;
    HEARTH_ACCOUNT_FIELDS(TEXT_FIELD_MOVE, account)
    return leased;
}

/* RETURNING has no order. */
static void insert_by_due(struct leased **list, struct leased *leased)
{
    while (*list != NULL && (*list)->account.next_sync <= leased->account.next_sync)
        list = &(*list)->next;
    leased->next = *list;
    *list = leased;
}

/* The index is in the order of the greater of next_sync and leased_until: those that nobody has
 * leased come by the time they are due. */
static int accounts_lease_due(struct handle *handle, int64_t now, int64_t leased_until,
                              int64_t limit, struct leased **list)
{
#define FREE_AT GREATEST("next_sync", "claimed_until")
    static const char LEASE[] =
        "UPDATE accounts SET claimed_until = ?2 WHERE row IN (SELECT row FROM accounts WHERE "
        "next_sync > 0 "
        "AND " FREE_AT " <= ?1 ORDER BY " FREE_AT ", row LIMIT ?3" SKIP_LOCKED
        ") RETURNING " SQL_NAMES(HEARTH_ACCOUNT_FIELDS) ", " GENERATION_APART;
#undef FREE_AT
    struct query query;
    int r;
    sql_query_open(&query, handle, LEASE);
    sql_query_int(&query, now);
    sql_query_int(&query, leased_until);
    sql_query_int(&query, limit);
    while ((r = sql_query_step(&query)) > 0) {
        struct hearth_account account;
        account_row_read(&query, &account);
        struct leased *leased = leased_create(&account);
        if (leased == NULL) {
            r = support_no_memory(handle->call);
            break;
        }
        insert_by_due(list, leased);
    }
    sql_query_close(&query);
    return r;
}

int sql_account_lease_due(void *self, struct hearth_call *call, int64_t now, int64_t leased_until,
                          int64_t limit, hearth_account_cb cb, void *ctx)
{
    struct op op;
    struct leased *list = NULL;
    if (limit <= 0)
        return 0;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    r = sql_batch_is_none(op.handle);
    r = sql_op_end_write(
        &op, r < 0 ? r : accounts_lease_due(op.handle, now, leased_until, limit, &list));
    bool more = r == 0;
    while (list != NULL) {
        struct leased *next = list->next;
        if (more && cb(ctx, &list->account) != 0)
            more = false;
        free(list);
        list = next;
    }
    return r;
}
