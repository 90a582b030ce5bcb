/* Connections: opening, stop conditions, errors. */
#ifndef STORAGE_SQLITE_CONNECTION_H
#define STORAGE_SQLITE_CONNECTION_H

#include "store.h"

/* Opens an existing file for this session. `path`, `writer` and `person` outlive the connection. Errors are the call's, in words. */
int connection_open(struct session *session, const char *path, struct writer *writer, struct person *person,
                    struct connection **ret_connection);
void connection_close(struct connection *connection); /* accepts NULL */
/* Another file, or none, is at the place of the one that is open. */
bool connection_moved(struct connection *connection);
int connection_exec(struct connection *connection, const char *sql); /* text without results */
/* The result code of SQLite's last call as an error of ours, with a text that names the file and what to do. */
int connection_fail(struct connection *connection, int sqlite_code);
/* The same for a database that this plugin opened by hand. */
int connection_fail_text(struct hearth_call *call, const char *path, int sqlite_code, int system_errno, const char *message);
/* What the system said of the read or write that failed last; 0: nothing. */
int connection_errno(sqlite3 *db);

#endif
