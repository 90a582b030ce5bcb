/* The files of persons: making, removing, and what the shared file says of them. */
#ifndef STORAGE_SQLITE_FILES_H
#define STORAGE_SQLITE_FILES_H

#include "store.h"

/* What the shared file says of an account. */
struct file_state {
    bool exists;        /* accounts/ID.db must be there */
    int64_t generation; /* what the file begins with */
};

int file_state(struct session *session, const char *account, struct file_state *ret_state); /* NOT_FOUND, with a text */
/* The directory of the files, mode 0700. */
int files_make_directory(struct store *store, struct hearth_call *call);
/* Makes the file of an account that has none yet, complete or not at all. The caller has the person's turn; it takes that of the shared
 * file. */
int file_create(struct session *session, const char *account, int64_t generation);
/* Fills a new file that nobody knows yet; `db` has the schema and the row of the account. */
typedef int (*file_fill_fn)(void *ctx, sqlite3 *db, const char *account);
/* A new file "ID.db.new-…" with schema, filled, closed and on the disk. free() the name. */
int file_build(struct session *session, const char *account, int64_t generation, file_fill_fn fill, void *ctx, char **ret_path);
/* Gives it its name and removes what may be left of a file that had it. */
int file_publish(struct session *session, const char *account, const char *built);
/* Unlinks a person's file and its logs; missing is fine. */
int file_unlink(struct store *store, struct hearth_call *call, const char *account);
/* What a crash interrupted. Unlinks files of accounts that are removed already: at any time, whoever else uses the database. */
int files_finish_removals(struct session *session);
/* Removes new files that were never finished. Nobody else may have the database open: they may be building one. */
void files_sweep_unfinished(const struct store *store);
int files_sync_directory(struct hearth_call *call, const char *directory);

#endif
