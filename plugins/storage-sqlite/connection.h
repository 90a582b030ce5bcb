/* Connections: opening, stop conditions, errors. */
#ifndef STORAGE_SQLITE_CONNECTION_H
#define STORAGE_SQLITE_CONNECTION_H

#include "database.h"

/* Opens an existing file for this handle. `path`, `writer` and `person` outlive the connection.
 * Errors are the call's, in words. */
int sqlite_connection_open(struct handle *handle, const char *path, struct writer *writer,
                           struct person *person, struct connection **ret_connection);
void sqlite_connection_close(struct connection *connection); /* accepts NULL */
/* Another file, or none, is at the place of the one that is open. */
bool sqlite_connection_moved(struct connection *connection);
/* text without results */
int sqlite_connection_exec(struct connection *connection, const char *sql);
/* The result code of SQLite's last call as an error of ours, with a text that names the file and
 * what to do. */
int sqlite_connection_fail(struct connection *connection, int sqlite_code);
/* The same for a database that this plugin opened by hand. */
int sqlite_connection_fail_text(struct hearth_call *call, const char *path, int sqlite_code,
                                int system_errno, const char *message);
/* What the system said of the read or write that failed last; 0: nothing. */
int sqlite_connection_errno(sqlite3 *db);

/* bytes of the page cache; one of another size than wanted is no reason to fail */
void sqlite_connection_set_cache(struct connection *connection, int64_t bytes);

#endif
