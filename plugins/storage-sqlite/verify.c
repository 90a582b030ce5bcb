#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "connection.h"
#include "files.h"
#include "handle.h"
#include "query.h"
#include "rules.h"
#include "storage-sql/batch_hooks.h"

struct report {
    struct handle *handle;
    const char *account; /* whose file is being checked; NULL: the shared one */
    hearth_text_cb cb;
    void *ctx;
    bool stopped;
};

static void verify_report(struct report *report, const char *line)
{
    char named[512];
    if (report->account != NULL) {
        snprintf(named, sizeof(named), "account %s: %s", report->account, line);
        line = named;
    }
    if (!report->stopped && report->cb(report->ctx, line) != 0)
        report->stopped = true;
}

static int report_on_finding(void *ctx, const char *line)
{
    struct report *report = ctx;
    verify_report(report, line);
    return report->stopped;
}

/* One state for all checks of a file. */
static int check_database(struct report *report)
{
    struct handle *handle = report->handle;
    struct connection *connection = handle->current;
    int r = sqlite_query_exec(handle, "BEGIN");
    if (r < 0)
        return r;
    int code = report->account == NULL
                   ? sqlite_rules_check_shared(connection->db, report_on_finding, report)
                   : sqlite_rules_check_person(connection->db, report_on_finding, report);
    if (code != SQLITE_OK)
        r = sqlite_connection_fail(connection, code);
    sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* A file that is missing, damaged or somebody else's is a finding: the others are looked at as
 * well. */
static int verify_check_person(struct report *report, const char *account)
{
    struct handle *handle = report->handle;
    struct connection *connection;
    struct sqlite_file_state state;
    report->account = account;
    int r = sqlite_pool_borrow(handle, account, &connection);
    if (r == 0) {
        handle->current = connection;
        r = check_database(report);
        handle->current = handle->shared;
        sqlite_pool_give_back(handle, connection);
    }
    if ((r == HEARTH_ERR_IO || r == HEARTH_ERR_CORRUPT || r == HEARTH_ERR_UNSUPPORTED) &&
        sqlite_handle_stopped(handle) == 0) {
        /* It may have been removed in the usual way since the list was made. */
        char why[400];
        snprintf(why, sizeof(why), "%s", handle->call->error);
        int now = sqlite_file_state(handle, account, &state);
        if (now == 0)
            verify_report(report, why);
        r = now == HEARTH_ERR_NOT_FOUND ? 0 : now;
    }
    report->account = NULL;
    return r;
}

static int check_persons(struct report *report)
{
    static const char NEXT[] =
        "SELECT id FROM accounts WHERE file = 1 AND id > ? ORDER BY id LIMIT 1";
    char id[40] = "";
    int r = 0;
    while (r == 0 && !report->stopped) {
        struct query query;
        sql_query_open(&query, report->handle, NEXT);
        sql_query_text(&query, id);
        int found = sql_query_step(&query);
        char next[40] = "";
        if (found > 0)
            snprintf(next, sizeof(next), "%s", sql_column_text(&query, 0));
        sql_query_close(&query);
        if (found <= 0)
            return found;
        memcpy(id, next, sizeof(id));
        r = verify_check_person(report, id);
    }
    return r;
}

/* Files without a row. One of a removed account is unlinked at the next start. */
static int check_strays(struct report *report)
{
    struct handle *handle = report->handle;
    DIR *directory = opendir(handle->database->accounts);
    int r = 0;
    if (directory == NULL)
        return hearth_fail(handle->call, HEARTH_ERR_IO, "%s: %s", handle->database->accounts,
                           strerror(errno));
    for (struct dirent *entry;
         r == 0 && !report->stopped && (entry = readdir(directory)) != NULL;) {
        char id[40], line[400];
        struct query query;
        int64_t one;
        size_t size = strcspn(entry->d_name, ".");
        if (size == 0 || size >= sizeof(id) || strcmp(entry->d_name + size, ".db") != 0)
            continue;
        snprintf(id, sizeof(id), "%.*s", (int)size, entry->d_name);
        sql_query_open(&query, handle,
                       "SELECT 1 FROM accounts WHERE id = ?1 UNION ALL SELECT 1 FROM removed_files "
                       "WHERE id = ?1");
        sql_query_text(&query, id);
        r = sqlite_query_number(&query, &one);
        if (r == HEARTH_ERR_NOT_FOUND) {
            snprintf(line, sizeof(line), "%s/%s: belongs to no account: move it away",
                     handle->database->accounts, entry->d_name);
            verify_report(report, line);
            r = 0;
        }
    }
    closedir(directory);
    return r;
}

int sql_verify(void *self, struct hearth_call *call, hearth_text_cb cb, void *ctx)
{
    struct op op;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct report report = {.handle = op.handle, .cb = cb, .ctx = ctx};
    r = sql_batch_is_none(op.handle);
    if (r < 0)
        return sql_op_end(&op, r);
    r = check_database(&report);
    if (r == 0)
        r = check_persons(&report);
    if (r == 0)
        r = check_strays(&report);
    return sql_op_end(&op, r);
}
