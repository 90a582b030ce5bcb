/* The files of persons: making, removing, and what the shared file says of them. */
#ifndef STORAGE_SQLITE_FILES_H
#define STORAGE_SQLITE_FILES_H

#include "database.h"

/* What the shared file says of an account. */
struct sqlite_file_state {
    bool exists;        /* accounts/ID.db must be there */
    int64_t generation; /* what the file begins with */
};

/* NOT_FOUND, with a text */
int sqlite_file_state(struct handle *handle, const char *account,
                      struct sqlite_file_state *ret_state);
/* The directory of the files, mode 0700. */
int sqlite_files_make_directory(struct database *database, struct hearth_call *call);
/* Makes the file of an account that has none yet, complete or not at all. The caller has the
 * person's turn; it takes that of the shared file. */
int sqlite_file_create(struct handle *handle, const char *account, int64_t generation);
/* Fills a new file that nobody knows yet; `db` has the schema and the row of the account. */
typedef int (*file_fill_fn)(void *ctx, sqlite3 *db, const char *account);
/* A new file "ID.db.new-…" with schema, filled, closed and on the disk. free() the name. */
int sqlite_file_build(struct handle *handle, const char *account, int64_t generation,
                      file_fill_fn fill, void *ctx, char **ret_path);
/* Gives it its name and removes what may be left of a file that had it. */
int sqlite_file_publish(struct handle *handle, const char *account, const char *built);
/* Unlinks a person's file and its logs; missing is fine. */
int sqlite_file_unlink(struct database *database, struct hearth_call *call, const char *account);
/* What a crash interrupted. Unlinks files of accounts that are removed already: at any time,
 * whoever else uses the database. */
int sqlite_files_finish_removals(struct handle *handle);
/* Removes new files that were never finished. Nobody else may have the database open: they may
 * be building one. */
void sqlite_files_sweep_unfinished(const struct database *database);
int sqlite_files_sync_directory(struct hearth_call *call, const char *directory);

#endif
