/* Puts a restored database into its place, at once or not at all: what is restored and checked
 * gets the name "<path>.restored-WHEN" (a directory with hearth.db and accounts/), and from then
 * on it is the database, whoever has to finish the renaming. What was there becomes
 * "<path>.replaced-WHEN". */
#ifndef STORAGE_SQLITE_REPLACE_H
#define STORAGE_SQLITE_REPLACE_H

#include "database.h"

struct place {
    const struct hearth_host *host;
    struct hearth_call *call;
    const char *path, *accounts; /* of the database, as sqlite_database_paths() gives them */
};

enum { PLACE_PATH_MAX = 4400 };

/* The caller has the database alone. `cb` (may be NULL) hears where the old database went. After
 * an error everything is as before, or sqlite_replace_finish() goes on. */
int sqlite_replace_with(const struct place *place, const char *stage, hearth_text_cb cb, void *ctx);
/* Whether a restore was stopped in the middle of the renaming. */
bool sqlite_replace_is_pending(const char *path);
/* Where its database is until then: the shared file, and the directory of the persons', either
 * of which may be in its place already. 0; -1 when memory is short or none is pending. The
 * caller frees both. */
int sqlite_replace_pending_paths(const char *path, char **ret_shared, char **ret_accounts);
/* Goes on with it; 0 when there is nothing to do. The caller has the database alone. */
int sqlite_replace_finish(const struct place *place, hearth_text_cb cb, void *ctx);
/* A new directory "<path>.restore-…" with accounts/ in it, to unpack into. */
int sqlite_replace_make_stage(const struct place *place, char ret_stage[PLACE_PATH_MAX]);
void sqlite_replace_remove_stage(const char *stage);
/* Removes those of processes that were killed; the caller has the database locked, so none is in
 * use. */
void sqlite_replace_sweep(const char *path);

#endif
