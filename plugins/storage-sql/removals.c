/* Removal records: what whoever has a copy of an account has to take away. Those of pages and visits are written by the statements that
 * remove these, in each plugin. */
#include "storage-sql/removals.h"

#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"

/* --- in a batch --- */

void removal_note(struct session *session, int kind)
{
    session->batch.removed = true;
    session->batch.gone |= 1u << kind;
}

bool removal_may_be(const struct session *session, int kind)
{
    return (session->batch.gone >> kind & 1) != 0;
}

/* ?2 is the generation, ?3 the key. */
#define REMEMBER(kind, key, position, from)                                                                                                \
    "INSERT INTO removals (" ACCOUNT_COLUMN REMOVAL_NAMES ") SELECT " ACCOUNT_VALUE kind ", " key ", 0, 0, 0, " position                   \
    ", " VALUE_INT("?2") " FROM " from REMOVAL_AGAIN
#define ALL_OF(table)         table " WHERE " OF_BATCH "true"
#define ONE_OF(table, column) table " WHERE " OF_BATCH SAME_TEXT(column, "?3")

/* Whether there was any is asked for when all of a kind go: that is once in a batch, and what comes back then is much. */
static int remember(struct session *session, const char *sql, int kind, const char *key)
{
    struct query query;
    int64_t rows = 1;
    query_open(&query, session, sql);
    query_batch(&query);
    query_int(&query, session->batch.generation);
    if (key != NULL)
        query_text(&query, key);
    int r = key != NULL ? query_later(&query, COUNT_NONE, 0) : query_run(&query, &rows);
    if (r == 0 && rows > 0)
        removal_note(session, kind);
    return r;
}

int removal_of_bookmark(struct session *session, const char *guid)
{
    static const char ONE[] = REMEMBER(REMOVAL_BOOKMARK, "guid", "0", ONE_OF("bookmarks", "guid"));
    return remember(session, ONE, HEARTH_REMOVAL_BOOKMARK, guid);
}

int removal_of_bookmarks(struct session *session, int64_t source)
{
    static const char ALL[] = REMEMBER(REMOVAL_BOOKMARK, "guid", "0", "bookmarks WHERE " OF_BATCH "source = ?3");
    struct query query;
    int64_t rows = 0;
    query_open(&query, session, ALL);
    query_batch(&query);
    query_int(&query, session->batch.generation);
    query_int(&query, source);
    int r = query_run(&query, &rows);
    if (r == 0 && rows > 0)
        removal_note(session, HEARTH_REMOVAL_BOOKMARK);
    return r;
}

int removal_of_tabs(struct session *session, const char *device)
{
    static const char ALL[] = REMEMBER(REMOVAL_TAB, "device", "position", ALL_OF("tabs"));
    static const char ONE[] = REMEMBER(REMOVAL_TAB, "device", "position", ONE_OF("tabs", "device"));
    return remember(session, device == NULL ? ALL : ONE, HEARTH_REMOVAL_TAB, device);
}

int removal_of_device(struct session *session, const char *device)
{
    static const char ONE[] = REMEMBER(REMOVAL_DEVICE, "id", "0", ONE_OF("devices", "id"));
    return remember(session, ONE, HEARTH_REMOVAL_DEVICE, device);
}

int removal_take_off(struct session *session, const struct hearth_removal *removal)
{
    static const char TAKE_OFF[] =
        "DELETE FROM removals WHERE " OF_BATCH
        "kind = ?2 AND " SAME_TEXT("\"key\"", "?3") " AND page = ?4 AND date = ?5 AND type = ?6 AND position = ?7";
    struct query query;
    if (!removal_may_be(session, (int)removal->kind))
        return 0;
    query_open(&query, session, TAKE_OFF);
    query_batch(&query);
    query_int(&query, removal->kind);
    query_text(&query, removal->key == NULL ? "" : removal->key);
    query_int(&query, removal->page);
    query_int(&query, removal->date);
    query_int(&query, removal->type);
    query_int(&query, removal->position);
    return query_later(&query, COUNT_NONE, 0);
}

/* What is the generation up to which all has to go? 0: none. */
static int find_oldest(struct session *session, const char *sql, int64_t *ret_generation)
{
    struct query query;
    int64_t generation = 0;
    query_open(&query, session, sql);
    query_batch(&query);
    query_int(&query, REMOVALS_KEPT);
    int r = query_step(&query);
    if (r > 0)
        generation = column_int(&query, 0);
    query_close(&query);
    if (r >= 0)
        *ret_generation = generation;
    return r < 0 ? r : 0;
}

static int forget_until(struct session *session, const char *sql, int64_t generation)
{
    struct query query;
    query_open(&query, session, sql);
    query_batch(&query);
    query_int(&query, generation);
    return query_later(&query, COUNT_NONE, 0);
}

int removal_forget(struct session *session)
{
#define OLDEST(which)                                                                                                                      \
    "SELECT generation FROM removals" INDEXED_BY("removals_by_generation") " WHERE " OF_BATCH "generation IS NOT NULL AND kind " which     \
                                                                           " ORDER BY generation DESC LIMIT 1 OFFSET ?2"
#define FORGET(which)     "DELETE FROM removals WHERE " OF_BATCH "generation <= ?2 AND kind " which
#define FORGOTTEN(column) "UPDATE " ACCOUNT_OF_BATCH " SET " column " = " GREATEST(column, VALUE_INT("?2")) WHERE_ROW_OF_BATCH
    static const struct {
        const char *oldest, *forget, *note;
    } steps[] = {
        {OLDEST("= " REMOVAL_PAGE), FORGET("= " REMOVAL_PAGE), FORGOTTEN("forgotten")},
        {OLDEST("<> " REMOVAL_PAGE), FORGET("<> " REMOVAL_PAGE), FORGOTTEN("removals_forgotten")},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t generation = 0;
        r = find_oldest(session, steps[i].oldest, &generation);
        if (r == 0 && generation > 0)
            r = forget_until(session, steps[i].forget, generation);
        if (r == 0 && generation > 0)
            r = forget_until(session, steps[i].note, generation);
    }
    return r;
}

/* --- reading --- */

/* The account, whose row says whether the answer is known, with each record behind (?3 … ?9): so both are of one moment. */
static const char SINCE[] =
    "SELECT CASE WHEN a.forgotten <= ?2 AND a.removals_forgotten <= ?2 AND ?2 <= a.generation" REMOVALS_KNOWN " THEN 1 ELSE 0 END, "
    "coalesce(r.kind, 0), " SQL_COLUMNS(
        r,
        HEARTH_REMOVAL_FIELDS) " FROM " ITS_ACCOUNT
                               " LEFT JOIN removals r" INDEXED_BY("removals_by_generation") " ON " OF_ITS(
                                   "r.") "r.generation >= ?3 AND (r.generation, r.kind, " BYTES("r.\"key\"") ", r.page, r.date, r.type, "
                                                                                                             "r.position) > "
                                                                                                             "(?3, ?4, ?5, ?6, ?7, ?8, "
                                                                                                             "?9)" WHERE_ITS
                                                                                                             " ORDER BY r.generation, "
                                                                                                             "r.kind, " BYTES(
                                                                                                                 "r.\"key\"") ", r.page, "
                                                                                                                              "r.date, "
                                                                                                                              "r.type, "
                                                                                                                              "r."
                                                                                                                              "positio"
                                                                                                                              "n" IN_PIECES;

/* 0, 1: there are rows of it in the query, or an error. */
static int step_since(struct query *query, int64_t since, struct session *session, bool *found, struct hearth_removal *ret_removal)
{
    int r = query_step(query);
    *found |= r > 0;
    if (r > 0 && column_int(query, 0) == 0)
        return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "what was removed since generation %lld is not known any more",
                           (long long)since);
    if (r > 0 && column_int(query, 1) == 0)
        return 0; /* the account alone */
    if (r > 0)
        sql_read_removal(query, 2, ret_removal);
    return r;
}

static void open_since(struct query *query, struct session *session, const char *account, int64_t since, const struct hearth_removal *after)
{
    query_open(query, session, SINCE);
    query_account(query, account);
    query_int(query, since);
    query_int(query, after->generation);
    query_int(query, after->kind);
    query_text(query, after->key);
    query_int(query, after->page);
    query_int(query, after->date);
    query_int(query, after->type);
    query_int(query, after->position);
}

static int list_since(struct op *op, const char *account, int64_t since, hearth_removal_cb cb, void *ctx)
{
    struct query query;
    struct piece piece = {1024, 4096, 4};
    struct hearth_removal removal, after = {.struct_size = sizeof(after), .generation = since, .kind = INT32_MAX, .key = ""};
    int r;
    do {
        bool found = false;
        open_since(&query, op->session, account, since, &after);
        query_piece(&query, &piece);
        while ((r = step_since(&query, since, op->session, &found, &removal)) > 0) {
            const char *key = after.key;
            if (cb(ctx, &removal) != 0)
                break;
            after = removal;
            after.key = key;
            r = strcmp(key, removal.key) == 0 ? 0 : session_copy(op->session, removal.key, &after.key);
            if (r < 0)
                break;
        }
        if (r == 0 && !found)
            r = hearth_fail(op->session->call, HEARTH_ERR_NOT_FOUND, "no such account");
    } while (query_close_piece(&query, &piece, r));
    return r > 0 ? 0 : r;
}

int page_changes_without_rows(void *self, struct hearth_call *call, const char *account, int64_t since)
{
    int64_t generation = 0;
    int r = account_read_first_generation(self, call, account, &generation);
    if (r == 0 && since != generation)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "what changed since generation %lld is not known any more", (long long)since);
    return r;
}

int removals_since(void *self, struct hearth_call *call, const char *account, int64_t since, hearth_removal_cb cb, void *ctx)
{
    struct op op;
    int r = op_begin_account(&op, self, call, account);
    if (r == OP_NO_ROWS)
        return page_changes_without_rows(self, call, account, since);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    r = op_begin_snapshot(&op);
    if (r < 0)
        return op_end(&op, r);
    r = list_since(&op, account, since, cb, ctx);
    return op_end(&op, op_end_snapshot(&op, r));
}
