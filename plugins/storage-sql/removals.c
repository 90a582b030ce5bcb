/* Removal records: what whoever has a copy of an account has to take away. Those of pages and
 * visits are written by the statements that remove these, in each plugin. */
#include "storage-sql/removals.h"

#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"

/* --- in a batch --- */

void sql_removal_note(struct handle *handle, int kind)
{
    handle->batch.removed = true;
    handle->batch.gone |= 1u << kind;
}

bool sql_removal_may_be(const struct handle *handle, int kind)
{
    return (handle->batch.gone >> kind & 1) != 0;
}

/* ?2 is the generation, ?3 the key. */
#define REMEMBER(kind, key, position, from)                                                        \
    "INSERT INTO removals (" ACCOUNT_COLUMN REMOVAL_NAMES ") SELECT " ACCOUNT_VALUE kind ", " key  \
    ", 0, 0, 0, " position ", " VALUE_INT("?2") " FROM " from REMOVAL_AGAIN
#define ALL_OF(table)         table " WHERE " OF_BATCH "true"
#define ONE_OF(table, column) table " WHERE " OF_BATCH SAME_TEXT(column, "?3")

/* Whether there was any is asked for when all of a kind go: that is once in a batch, and what
 * comes back then is much. */
static int removal_record(struct handle *handle, const char *sql, int kind, const char *key)
{
    struct query query;
    int64_t rows = 1;
    sql_query_open(&query, handle, sql);
    sql_query_batch(&query);
    sql_query_int(&query, handle->batch.generation);
    if (key != NULL)
        sql_query_text(&query, key);
    int r = key != NULL ? sql_query_later(&query, COUNT_NONE, 0) : sql_query_run(&query, &rows);
    if (r == 0 && rows > 0)
        sql_removal_note(handle, kind);
    return r;
}

int sql_removal_of_bookmark(struct handle *handle, const char *guid)
{
    static const char ONE[] = REMEMBER(REMOVAL_BOOKMARK, "guid", "0", ONE_OF("bookmarks", "guid"));
    return removal_record(handle, ONE, HEARTH_REMOVAL_BOOKMARK, guid);
}

int sql_removal_of_bookmarks(struct handle *handle, int64_t source)
{
    static const char ALL[] =
        REMEMBER(REMOVAL_BOOKMARK, "guid", "0", "bookmarks WHERE " OF_BATCH "source = ?3");
    struct query query;
    int64_t rows = 0;
    sql_query_open(&query, handle, ALL);
    sql_query_batch(&query);
    sql_query_int(&query, handle->batch.generation);
    sql_query_int(&query, source);
    int r = sql_query_run(&query, &rows);
    if (r == 0 && rows > 0)
        sql_removal_note(handle, HEARTH_REMOVAL_BOOKMARK);
    return r;
}

int sql_removal_of_tabs(struct handle *handle, const char *device)
{
    static const char ALL[] = REMEMBER(REMOVAL_TAB, "device", "position", ALL_OF("tabs"));
    static const char ONE[] = REMEMBER(REMOVAL_TAB, "device", "position", ONE_OF("tabs", "device"));
    return removal_record(handle, device == NULL ? ALL : ONE, HEARTH_REMOVAL_TAB, device);
}

int sql_removal_of_device(struct handle *handle, const char *device)
{
    static const char ONE[] = REMEMBER(REMOVAL_DEVICE, "id", "0", ONE_OF("devices", "id"));
    return removal_record(handle, ONE, HEARTH_REMOVAL_DEVICE, device);
}

int sql_removal_take_off(struct handle *handle, const struct hearth_removal *removal)
{
    static const char TAKE_OFF[] =
        "DELETE FROM removals WHERE " OF_BATCH "kind = ?2 AND " SAME_TEXT(
            "\"key\"", "?3") " AND page = ?4 AND date = ?5 AND type = ?6 AND position = ?7";
    struct query query;
    if (!sql_removal_may_be(handle, (int)removal->kind))
        return 0;
    sql_query_open(&query, handle, TAKE_OFF);
    sql_query_batch(&query);
    sql_query_int(&query, removal->kind);
    sql_query_text(&query, removal->key == NULL ? "" : removal->key);
    sql_query_int(&query, removal->page);
    sql_query_int(&query, removal->date);
    sql_query_int(&query, removal->type);
    sql_query_int(&query, removal->position);
    return sql_query_later(&query, COUNT_NONE, 0);
}

/* What is the generation up to which all has to go? 0: none. */
static int find_oldest(struct handle *handle, const char *sql, int64_t *ret_generation)
{
    struct query query;
    int64_t generation = 0;
    sql_query_open(&query, handle, sql);
    sql_query_batch(&query);
    sql_query_int(&query, REMOVALS_KEPT);
    int r = sql_query_step(&query);
    if (r > 0)
        generation = sql_column_int(&query, 0);
    sql_query_close(&query);
    if (r >= 0)
        *ret_generation = generation;
    return r < 0 ? r : 0;
}

static int forget_until(struct handle *handle, const char *sql, int64_t generation)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    sql_query_batch(&query);
    sql_query_int(&query, generation);
    return sql_query_later(&query, COUNT_NONE, 0);
}

int sql_removal_forget(struct handle *handle)
{
#define OLDEST(which)                                                                              \
    "SELECT generation FROM removals" INDEXED_BY(                                                  \
        "removals_by_generation") " WHERE " OF_BATCH "generation IS NOT NULL AND kind " which      \
                                  " ORDER BY generation DESC LIMIT 1 OFFSET ?2"
#define FORGET(which) "DELETE FROM removals WHERE " OF_BATCH "generation <= ?2 AND kind " which
#define FORGOTTEN(column)                                                                          \
    "UPDATE " ACCOUNT_OF_BATCH " SET " column " = " GREATEST(column, VALUE_INT("?2"))              \
        WHERE_ROW_OF_BATCH
    static const struct {
        const char *oldest, *forget, *note;
    } steps[] = {
        {OLDEST("= " REMOVAL_PAGE), FORGET("= " REMOVAL_PAGE), FORGOTTEN("forgotten")},
        {OLDEST("<> " REMOVAL_PAGE), FORGET("<> " REMOVAL_PAGE), FORGOTTEN("removals_forgotten")},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t generation = 0;
        r = find_oldest(handle, steps[i].oldest, &generation);
        if (r == 0 && generation > 0)
            r = forget_until(handle, steps[i].forget, generation);
        if (r == 0 && generation > 0)
            r = forget_until(handle, steps[i].note, generation);
    }
    return r;
}

/* --- reading --- */

/* The account, whose row says whether the answer is known, with each record behind (?3 … ?9): so
 * both are of one moment. */
/* clang-format off */
static const char SINCE[] =
    "SELECT CASE WHEN a.forgotten <= ?2 AND a.removals_forgotten <= ?2 AND ?2 <= a.generation"
    REMOVALS_KNOWN " THEN 1 ELSE 0 END, coalesce(r.kind, 0), "
    SQL_COLUMNS(r, HEARTH_REMOVAL_FIELDS) " FROM " ITS_ACCOUNT
    " LEFT JOIN removals r" INDEXED_BY("removals_by_generation")
    " ON " OF_ITS("r.") "r.generation >= ?3 AND (r.generation, r.kind, " BYTES("r.\"key\"")
    ", r.page, r.date, r.type, r.position) > (?3, ?4, ?5, ?6, ?7, ?8, ?9)" WHERE_ITS
    " ORDER BY r.generation, r.kind, " BYTES("r.\"key\"")
    ", r.page, r.date, r.type, r.position" IN_PIECES;
/* clang-format on */

/* 0, 1: there are rows of it in the query, or an error. */
static int step_since(struct query *query, int64_t since, struct handle *handle, bool *found,
                      struct hearth_removal *ret_removal)
{
    int r = sql_query_step(query);
    *found |= r > 0;
    if (r > 0 && sql_column_int(query, 0) == 0)
        return hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND,
                           "what was removed since generation %lld is not known any more",
                           (long long)since);
    if (r > 0 && sql_column_int(query, 1) == 0)
        return 0; /* the account alone */
    if (r > 0)
        sql_read_removal(query, 2, ret_removal);
    return r;
}

static void open_since(struct query *query, struct handle *handle, const char *account,
                       int64_t since, const struct hearth_removal *after)
{
    sql_query_open(query, handle, SINCE);
    sql_query_account(query, account);
    sql_query_int(query, since);
    sql_query_int(query, after->generation);
    sql_query_int(query, after->kind);
    sql_query_text(query, after->key);
    sql_query_int(query, after->page);
    sql_query_int(query, after->date);
    sql_query_int(query, after->type);
    sql_query_int(query, after->position);
}

static int list_since(struct op *op, const char *account, int64_t since, hearth_removal_cb cb,
                      void *ctx)
{
    struct query query;
    struct piece piece = {1024, 4096, 4};
    struct hearth_removal removal,
        after = {.struct_size = sizeof(after), .generation = since, .kind = INT32_MAX, .key = ""};
    int r;
    do {
        bool found = false;
        open_since(&query, op->handle, account, since, &after);
        sql_query_piece(&query, &piece);
        while ((r = step_since(&query, since, op->handle, &found, &removal)) > 0) {
            const char *key = after.key;
            if (cb(ctx, &removal) != 0)
                break;
            after = removal;
            after.key = key;
            r = strcmp(key, removal.key) == 0 ? 0
                                              : sql_copy_text(op->handle, removal.key, &after.key);
            if (r < 0)
                break;
        }
        if (r == 0 && !found)
            r = hearth_fail(op->handle->call, HEARTH_ERR_NOT_FOUND, "no such account");
    } while (sql_query_close_piece(&query, &piece, r));
    return r > 0 ? 0 : r;
}

int sql_page_changes_without_rows(void *self, struct hearth_call *call, const char *account,
                                  int64_t since)
{
    int64_t generation = 0;
    int r = sql_account_first_generation(self, call, account, &generation);
    if (r == 0 && since != generation)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                        "what changed since generation %lld is not known any more",
                        (long long)since);
    return r;
}

int sql_removals_since(void *self, struct hearth_call *call, const char *account, int64_t since,
                       hearth_removal_cb cb, void *ctx)
{
    struct op op;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r == OP_NO_ROWS)
        return sql_page_changes_without_rows(self, call, account, since);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    r = sql_op_begin_snapshot(&op);
    if (r < 0)
        return sql_op_end(&op, r);
    r = list_since(&op, account, since, cb, ctx);
    return sql_op_end(&op, sql_op_end_snapshot(&op, r));
}
