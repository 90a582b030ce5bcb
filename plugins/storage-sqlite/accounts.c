#include "accounts.h"

#include <stdlib.h>

#include "files.h"
#include "identities.h"
#include "query.h"
#include "session.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/text.h"

#define COLUMNS                                                                                                                            \
    "id, email, uid, name, provider, node, state, state_detail, created, last_sync, last_attempt, next_sync, last_seen, generation, "      \
    "failures, resync, placement"

enum { COLUMN_FILE = 17 };

static void row_of(struct query *query, struct hearth_account *ret_account)
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

/* Moves the texts of a row from SQLite's memory into the call's. */
static int keep(struct session *session, struct hearth_account *account)
{
    const char **texts[] = {&account->id,       &account->email, &account->uid,          &account->name,
                            &account->provider, &account->node,  &account->state_detail, &account->placement};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
        r = session_copy(session, *texts[i], texts[i]);
    return r;
}

static int exists_already(struct session *session, int code)
{
    if (code != HEARTH_ERR_CONFLICT)
        return code;
    return hearth_fail(session->call, code, "there is an account with this id or e-mail address already");
}

static int no_account(struct session *session)
{
    return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no such account");
}

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

/* What decides its node in a fleet. A host of before has no such field. */
static const char *placement_of(const struct hearth_account *account)
{
    bool has = HEARTH_HAS(account, placement);
    return has && account->placement != NULL ? account->placement : account->email;
}

static int insert_account(struct session *session, const struct hearth_account *account)
{
    struct query query;
    query_open(&query, session, "INSERT INTO accounts (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
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
    return exists_already(session, query_run(&query, NULL));
}

int account_create(void *self, struct hearth_call *call, const struct hearth_account *account)
{
    struct op op;
    if (account->id == NULL || account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an account needs an id and an e-mail address");
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    r = finish_removal(op.session, account->id);
    if (r == 0)
        r = insert_account(op.session, account);
    if (r == 0)
        r = identity_of_new_account(op.session, account);
    return op_end_write(&op, r);
}

/* ?2 is the set of enum hearth_account_field. The address has a statement of its own: one that names it writes its index, changed or not.
 */
static const char UPDATE[] =
    "UPDATE accounts SET state = iif(?2 & 1, ?3, state), state_detail = iif(?2 & 1, ?4, state_detail), name = iif(?2 & 2, ?5, name), "
    "uid = iif(?2 & 8, ?7, uid), node = iif(?2 & 16, ?8, node), provider = iif(?2 & 2048, ?15, provider), "
    "last_sync = iif(?2 & 32, ?9, last_sync), last_attempt = iif(?2 & 64, ?10, last_attempt), "
    "next_sync = iif(?2 & 128, ?11, next_sync), claimed_until = iif(?2 & 128, 0, claimed_until), "
    "last_seen = iif(?2 & 256, ?12, last_seen), failures = iif(?2 & 512, ?13, failures), resync = iif(?2 & 1024, ?14, resync) WHERE id = "
    "?1";

int account_update(void *self, struct hearth_call *call, const struct hearth_account *account, uint64_t fields)
{
    struct op op;
    struct query query;
    if ((fields & HEARTH_ACCOUNT_EMAIL) != 0 && account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an account needs an e-mail address");
    int r = op_begin_write(&op, self, call);
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
    r = query_run(&query, NULL);
    if (r == 0 && query_changes(op.session) == 0)
        r = no_account(op.session);
    if (r == 0 && (fields & HEARTH_ACCOUNT_EMAIL) != 0) {
        query_open(&query, op.session, "UPDATE accounts SET email = ?2 WHERE id = ?1");
        query_text(&query, account->id);
        query_text(&query, account->email);
        r = exists_already(op.session, query_run(&query, NULL));
    }
    return op_end_write(&op, r);
}

/* What the person's file says. It has moved on since the shared file was asked, or the account is gone: then what was known stays. */
static int read_generation(struct session *session, struct hearth_call *call, const char *account, int64_t *ret_generation)
{
    struct op op;
    struct query query;
    int r = op_begin_account(&op, session, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, session, "SELECT generation FROM account");
    return op_end(&op, query_number(&query, ret_generation));
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
    bool file = false;
    query_open(&query, op.session, sql);
    query_text(&query, key);
    if (more != NULL)
        query_text(&query, more);
    r = query_step(&query);
    if (r > 0) {
        row_of(&query, &account);
        file = column_int(&query, COLUMN_FILE) != 0;
        r = keep(op.session, &account);
    } else if (r == 0) {
        r = no_account(op.session);
    }
    query_close(&query);
    if (r == 0 && file)
        r = read_generation(op.session, call, account.id, &account.generation);
    if (r == 0)
        SUPPORT_GIVE(account, ret_account);
    return op_end(&op, r);
}

int account_get(void *self, struct hearth_call *call, const char *account, struct hearth_account *ret_account)
{
    static const char BY_ID[] = "SELECT " COLUMNS ", file FROM accounts WHERE id = ?";
    return get_by(self, call, BY_ID, account, NULL, ret_account);
}

int account_by_email(void *self, struct hearth_call *call, const char *email, struct hearth_account *ret_account)
{
    static const char BY_EMAIL[] = "SELECT " COLUMNS ", file FROM accounts WHERE email = ?";
    return get_by(self, call, BY_EMAIL, email, NULL, ret_account);
}

int account_by_identity(void *self, struct hearth_call *call, const char *issuer, const char *subject, struct hearth_account *ret_account)
{
    static const char BY_IDENTITY[] =
        "SELECT " COLUMNS ", file FROM accounts WHERE row = (SELECT account FROM identities WHERE issuer = ? AND subject = ?)";
    return get_by(self, call, BY_IDENTITY, issuer, subject, ret_account);
}

int account_list(void *self, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " COLUMNS " FROM accounts ORDER BY email";
    struct op op;
    struct query query;
    struct hearth_account account;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    while ((r = query_step(&query)) > 0) {
        row_of(&query, &account);
        account.generation = 0;
        if (cb(ctx, &account) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

/* The claimed ones, on the heap: the callback runs after the commit, when nobody waits for it any more, and may reset the call's memory. */
struct claimed {
    struct claimed *next;
    struct hearth_account account;
    char texts[];
};

static struct claimed *claimed_create(const struct hearth_account *account)
{
    size_t size = 0;
    const char *texts[] = {account->id,       account->email, account->uid,          account->name,
                           account->provider, account->node,  account->state_detail, account->placement};
    enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
    for (size_t i = 0; i < TEXTS; i++)
        size += texts[i] == NULL ? 0 : strlen(texts[i]) + 1;
    struct claimed *claimed = malloc(sizeof(*claimed) + size);
    if (claimed == NULL)
        return NULL;
    claimed->account = *account;
    struct hearth_account *copy = &claimed->account;
    const char **copies[] = {&copy->id,       &copy->email, &copy->uid,          &copy->name,
                             &copy->provider, &copy->node,  &copy->state_detail, &copy->placement};
    char *at = claimed->texts;
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i] == NULL)
            continue;
        size_t length = strlen(texts[i]) + 1;
        *copies[i] = memcpy(at, texts[i], length);
        at += length;
    }
    return claimed;
}

static void insert_by_due(struct claimed **list, struct claimed *claimed)
{
    while (*list != NULL && (*list)->account.next_sync <= claimed->account.next_sync)
        list = &(*list)->next;
    claimed->next = *list;
    *list = claimed;
}

static int claim(struct session *session, int64_t now, int64_t claimed_until, int64_t limit, struct claimed **list)
{
    static const char CLAIM[] =
        "UPDATE accounts SET claimed_until = ?2 WHERE row IN (SELECT row FROM accounts "
        "WHERE next_sync > 0 AND max(next_sync, claimed_until) <= ?1 ORDER BY max(next_sync, claimed_until) LIMIT ?3) "
        "RETURNING " COLUMNS;
    struct query query;
    int r;
    query_open(&query, session, CLAIM);
    query_int(&query, now);
    query_int(&query, claimed_until);
    query_int(&query, limit);
    while ((r = query_step(&query)) > 0) {
        struct hearth_account account;
        row_of(&query, &account);
        account.generation = 0;
        struct claimed *claimed = claimed_create(&account);
        if (claimed == NULL) {
            r = support_no_memory(session->call);
            break;
        }
        insert_by_due(list, claimed);
    }
    query_close(&query);
    return r;
}

int account_claim_due(void *self, struct hearth_call *call, int64_t now, int64_t claimed_until, int64_t limit, hearth_account_cb cb,
                      void *ctx)
{
    struct op op;
    struct claimed *list = NULL;
    if (limit <= 0)
        return 0;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    r = op_end_write(&op, claim(op.session, now, claimed_until, limit, &list));
    bool more = r == 0;
    while (list != NULL) {
        struct claimed *next = list->next;
        if (more && cb(ctx, &list->account) != 0)
            more = false;
        free(list);
        list = next;
    }
    return r;
}

/* Of the current file, with what an open batch adds to it. */
static int read_space(struct session *session, int64_t *ret_space)
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

int account_counts(void *self, struct hearth_call *call, const char *account, struct hearth_counts *ret_counts)
{
    static const char COUNTS[] = "SELECT devices, tabs, bookmarks, folders, pages, visits FROM account";
    struct op op;
    struct query query;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = op_begin_account(&op, self, call, account);
    if (r == OP_NO_ROWS) {
        SUPPORT_GIVE(counts, ret_counts);
        return 0;
    }
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    query_open(&query, op.session, COUNTS);
    r = query_step(&query);
    if (r > 0) {
        static const int64_t none[COUNTERS];
        const struct batch *batch = &op.session->batch;
        const int64_t *delta = batch->open && batch->connection == op.session->current ? batch->delta : none;
        counts.devices = column_int(&query, 0) + delta[COUNT_DEVICES];
        counts.tabs = column_int(&query, 1) + delta[COUNT_TABS];
        counts.bookmarks = column_int(&query, 2) + delta[COUNT_BOOKMARKS];
        counts.folders = column_int(&query, 3) + delta[COUNT_FOLDERS];
        counts.pages = column_int(&query, 4) + delta[COUNT_PAGES];
        counts.visits = column_int(&query, 5) + delta[COUNT_VISITS];
        r = 0;
    }
    query_close(&query);
    if (r == 0)
        r = read_space(op.session, &counts.space);
    if (r == 0)
        SUPPORT_GIVE(counts, ret_counts);
    return op_end(&op, r);
}
