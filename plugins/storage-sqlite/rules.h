/* The rules that the files of a database keep, and what breaks them in words. For verify, which
 * asks the files themselves, for backup, which asks its copies, and for restore, which asks what
 * it unpacked. */
#ifndef STORAGE_SQLITE_RULES_H
#define STORAGE_SQLITE_RULES_H

#include "database.h"

/* The handle's file has the schema of this release; the caller has a transaction open where
 * others may write. Each finding is one line for `cb`, without the name of the file; when it
 * does not return 0, that was enough. SQLITE_OK, or the code of what SQLite could not do. */
int sqlite_rules_check_shared(sqlite3 *db, hearth_text_cb cb, void *ctx);
int sqlite_rules_check_person(sqlite3 *db, hearth_text_cb cb, void *ctx);
/* What holds in a file of any release: its pages, indexes and references. */
int sqlite_rules_check_structure(sqlite3 *db, hearth_text_cb cb, void *ctx, bool *ret_enough);

/* For who wants one sentence and not the list: a callback that counts. */
enum { RULES_ENOUGH = 100 };
struct rules_findings {
    int count;
    char first[200], text[240];
};
int sqlite_rules_count_finding(void *findings, const char *line);
const char *sqlite_rules_findings_text(struct rules_findings *findings); /* "FIRST, and 3 more" */

#endif
