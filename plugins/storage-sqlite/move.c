/* From one file for everybody to one for each person. Nothing is taken away before everybody has
 * moved: an account whose `file` is 0 is copied into "ID.db.new-…", which is on the disk before
 * it gets its name, and the note that it has moved is committed after that. A process that is
 * killed in between leaves a file that is made anew. Deleting all rows at once at the end costs
 * the disk the size of the database meanwhile, and saves writing each row's removal into the
 * log. */
#include <stdio.h>
#include <stdlib.h>

#include "connection.h"
#include "files.h"
#include "handle.h"
#include "migrate.h"
#include "query.h"

/* `old` is the shared file, ?1 the account's row in it. */
static const char *const COPY[] = {
    "UPDATE main.account SET (generation, forgotten, devices, tabs, bookmarks, folders, pages, "
    "visits) = "
    "(SELECT generation, forgotten, devices, tabs, bookmarks, folders, pages, visits FROM "
    "old.accounts WHERE row = ?1)",
    "INSERT INTO main.marks SELECT collection, text FROM old.moving_marks WHERE account = ?1",
    "INSERT INTO main.devices SELECT id, name, type, os, version, fxa_device_id, last_upload FROM "
    "old.moving_devices WHERE account = ?1",
    "INSERT INTO main.tabs SELECT device, position, title, url, icon, \"group\", last_used, "
    "inactive, pinned FROM old.moving_tabs "
    "WHERE account = ?1",
    "INSERT INTO main.pages SELECT row, id, url, host, guid, title, bookmark_title, tags, "
    "frecency, visit_count, last_visit, bookmarks, "
    "bookmark_added, typed, hidden, generation FROM old.moving_pages WHERE account = ?1 ORDER BY "
    "row",
    "INSERT INTO main.removed_pages SELECT id, generation FROM old.moving_removed_pages WHERE "
    "account = ?1",
    "INSERT INTO main.page_guids SELECT guid, page_row FROM old.moving_page_guids WHERE account = "
    "?1",
    "INSERT INTO main.visits SELECT page_row, page, date, type, hidden, host_key FROM "
    "old.moving_visits "
    "WHERE page_row IN (SELECT row FROM main.pages) ORDER BY page_row, date DESC, type DESC",
    "INSERT INTO main.bookmarks SELECT row, guid, kind, parent, position, said_parent, title, url, "
    "keyword, tag_query, tags, page, added, "
    "modified FROM old.moving_bookmarks WHERE account = ?1 ORDER BY row",
    "INSERT INTO main.bookmark_tags SELECT folded, added, guid, tag FROM old.moving_bookmark_tags "
    "WHERE account = ?1",
    "INSERT INTO main.bookmark_claims SELECT folder, position, child FROM "
    "old.moving_bookmark_claims WHERE account = ?1",
    "INSERT INTO main.bookmark_tombstones SELECT guid, parent FROM old.moving_bookmark_tombstones "
    "WHERE account = ?1",
};

struct moving {
    struct handle *handle;
    int64_t row;
    char id[40];
};

static int moving_fail(struct moving *moving, sqlite3 *db, int code)
{
    return sqlite_connection_fail_text(moving->handle->call, moving->handle->database->path, code,
                                       sqlite_connection_errno(db), sqlite3_errmsg(db));
}

static int moving_on_progress(void *ctx)
{
    struct moving *moving = ctx;
    return sqlite_handle_stopped(moving->handle) < 0;
}

static int moving_copy_table(struct moving *moving, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *copy;
    int r = sqlite3_prepare_v2(db, sql, -1, &copy, NULL);
    if (r == SQLITE_OK && sqlite3_bind_parameter_count(copy) > 0)
        r = sqlite3_bind_int64(copy, 1, moving->row);
    if (r == SQLITE_OK)
        r = sqlite3_step(copy);
    int stopped = sqlite_handle_stopped(moving->handle);
    int result = r == SQLITE_DONE ? 0
                 : stopped < 0    ? sqlite_handle_stopped_text(moving->handle, stopped)
                                  : moving_fail(moving, db, r);
    sqlite3_finalize(copy);
    return result;
}

static int attach_old(struct moving *moving, sqlite3 *db)
{
    sqlite3_stmt *attach;
    int r = sqlite3_prepare_v2(db, "ATTACH ? AS old", -1, &attach, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_bind_text(attach, 1, moving->handle->database->path, -1, SQLITE_STATIC);
    if (r == SQLITE_OK)
        r = sqlite3_step(attach);
    sqlite3_finalize(attach);
    return r == SQLITE_DONE ? 0 : moving_fail(moving, db, r);
}

static int fill_moved(void *ctx, sqlite3 *db, const char *account)
{
    struct moving *moving = ctx;
    (void)account;
    sqlite3_progress_handler(db, 5000, moving_on_progress, moving);
    sqlite3_busy_timeout(db, (int)moving->handle->database->busy_timeout);
    int r = attach_old(moving, db);
    if (r == 0 && sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        r = moving_fail(moving, db, sqlite3_errcode(db));
    for (size_t i = 0; r == 0 && i < sizeof(COPY) / sizeof(COPY[0]); i++)
        r = moving_copy_table(moving, db, COPY[i]);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    if (r == 0 && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        r = moving_fail(moving, db, sqlite3_errcode(db));
    if (r < 0)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_exec(db, "DETACH old", NULL, NULL, NULL);
    return r;
}

/* 1: an account that has not moved yet; 0: none. */
static int moving_find_next(struct moving *moving)
{
    struct query query;
    sql_query_open(&query, moving->handle,
                   "SELECT row, id FROM accounts WHERE file = 0 AND row > ? ORDER BY row LIMIT 1");
    sql_query_int(&query, moving->row);
    int r = sql_query_step(&query);
    if (r > 0) {
        moving->row = sql_column_int(&query, 0);
        snprintf(moving->id, sizeof(moving->id), "%s", sql_column_text(&query, 1));
    }
    sql_query_close(&query);
    return r;
}

/* In a transaction: another process that migrates waits, and goes on with the next person. */
static int move_one(struct moving *moving)
{
    struct handle *handle = moving->handle;
    struct query query;
    struct person *person = NULL; /* checks the id, which becomes a file's name */
    char *built = NULL;
    int r = sqlite_pool_enter(handle, moving->id, &person);
    if (r < 0)
        return r;
    sqlite_pool_leave(handle, person);
    r = sqlite_file_build(handle, moving->id, 0, fill_moved, moving, &built);
    if (r < 0)
        return r;
    r = sqlite_file_publish(handle, moving->id, built);
    free(built);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, "UPDATE accounts SET file = 1 WHERE row = ?");
    sql_query_int(&query, moving->row);
    return sql_query_run(&query, NULL);
}

int sqlite_move_accounts(struct handle *handle)
{
    struct moving moving = {.handle = handle};
    int r;
    do {
        r = sqlite_transaction_begin(handle);
        if (r < 0)
            return r;
        r = moving_find_next(&moving);
        int moved = r > 0 ? move_one(&moving) : r;
        if (moved < 0) {
            sqlite_transaction_rollback(handle);
            return moved;
        }
        int committed = sqlite_transaction_commit(handle);
        if (committed < 0)
            return committed;
    } while (r > 0);
    return 0;
}
