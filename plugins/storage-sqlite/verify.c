#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "connection.h"
#include "files.h"
#include "query.h"
#include "rules.h"
#include "session.h"
#include "storage-sql/batch_hooks.h"

struct report {
    struct session *session;
    const char *account; /* whose file is being checked; NULL: the shared one */
    hearth_text_cb cb;
    void *ctx;
    bool stopped;
};

static void say(struct report *report, const char *line)
{
    char named[512];
    if (report->account != NULL) {
        snprintf(named, sizeof(named), "account %s: %s", report->account, line);
        line = named;
    }
    if (!report->stopped && report->cb(report->ctx, line) != 0)
        report->stopped = true;
}

static int on_finding(void *ctx, const char *line)
{
    struct report *report = ctx;
    say(report, line);
    return report->stopped;
}

/* One state for all checks of a file. */
static int check_database(struct report *report)
{
    struct session *session = report->session;
    struct connection *connection = session->current;
    int r = query_exec(session, "BEGIN");
    if (r < 0)
        return r;
    int code = report->account == NULL ? rules_check_shared(connection->db, on_finding, report)
                                       : rules_check_person(connection->db, on_finding, report);
    if (code != SQLITE_OK)
        r = connection_fail(connection, code);
    sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* A file that is missing, damaged or somebody else's is a finding: the others are looked at as well. */
static int check_person(struct report *report, const char *account)
{
    struct session *session = report->session;
    struct connection *connection;
    struct file_state state;
    report->account = account;
    int r = pool_borrow(session, account, &connection);
    if (r == 0) {
        session->current = connection;
        r = check_database(report);
        session->current = session->shared;
        pool_give_back(session, connection);
    }
    if ((r == HEARTH_ERR_IO || r == HEARTH_ERR_CORRUPT || r == HEARTH_ERR_UNSUPPORTED) && session_stopped(session) == 0) {
        /* It may have been removed in the usual way since the list was made. */
        char why[400];
        snprintf(why, sizeof(why), "%s", session->call->error);
        int now = file_state(session, account, &state);
        if (now == 0)
            say(report, why);
        r = now == HEARTH_ERR_NOT_FOUND ? 0 : now;
    }
    report->account = NULL;
    return r;
}

static int check_persons(struct report *report)
{
    static const char NEXT[] = "SELECT id FROM accounts WHERE file = 1 AND id > ? ORDER BY id LIMIT 1";
    char id[40] = "";
    int r = 0;
    while (r == 0 && !report->stopped) {
        struct query query;
        query_open(&query, report->session, NEXT);
        query_text(&query, id);
        int found = query_step(&query);
        char next[40] = "";
        if (found > 0)
            snprintf(next, sizeof(next), "%s", column_text(&query, 0));
        query_close(&query);
        if (found <= 0)
            return found;
        memcpy(id, next, sizeof(id));
        r = check_person(report, id);
    }
    return r;
}

/* Files without a row. One of a removed account is unlinked at the next start. */
static int check_strays(struct report *report)
{
    struct session *session = report->session;
    DIR *directory = opendir(session->store->accounts);
    int r = 0;
    if (directory == NULL)
        return hearth_fail(session->call, HEARTH_ERR_IO, "%s: %s", session->store->accounts, strerror(errno));
    for (struct dirent *entry; r == 0 && !report->stopped && (entry = readdir(directory)) != NULL;) {
        char id[40], line[400];
        struct query query;
        int64_t one;
        size_t size = strcspn(entry->d_name, ".");
        if (size == 0 || size >= sizeof(id) || strcmp(entry->d_name + size, ".db") != 0)
            continue;
        snprintf(id, sizeof(id), "%.*s", (int)size, entry->d_name);
        query_open(&query, session, "SELECT 1 FROM accounts WHERE id = ?1 UNION ALL SELECT 1 FROM removed_files WHERE id = ?1");
        query_text(&query, id);
        r = query_number(&query, &one);
        if (r == HEARTH_ERR_NOT_FOUND) {
            snprintf(line, sizeof(line), "%s/%s: belongs to no account: move it away", session->store->accounts, entry->d_name);
            say(report, line);
            r = 0;
        }
    }
    closedir(directory);
    return r;
}

int verify_run(void *self, struct hearth_call *call, hearth_text_cb cb, void *ctx)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct report report = {.session = op.session, .cb = cb, .ctx = ctx};
    r = batch_is_none(op.session);
    if (r < 0)
        return op_end(&op, r);
    r = check_database(&report);
    if (r == 0)
        r = check_persons(&report);
    if (r == 0)
        r = check_strays(&report);
    return op_end(&op, r);
}
