/* What is written down when something is removed, and taken off when it comes back: in a batch.
 * struct batch has, for this, the members `removed` (records were written) and `gone` (of which
 * kinds the account may have records: a put of another kind pays nothing). */
#ifndef STORAGE_SQL_REMOVALS_H
#define STORAGE_SQL_REMOVALS_H

#include "hearth/storage.h"

struct handle;

/* So many records of pages, and so many of everything else, are kept of an account; the oldest
 * generations are forgotten first. Who asks for what was before these is told to load anew. */
enum { REMOVALS_KEPT = 20000 };

/* The numbers of enum hearth_removal_kind in statements. */
#define REMOVAL_PAGE     "1"
#define REMOVAL_VISIT    "2"
#define REMOVAL_BOOKMARK "3"
#define REMOVAL_TAB      "4"
#define REMOVAL_DEVICE   "5"
_Static_assert(HEARTH_REMOVAL_PAGE == 1 && HEARTH_REMOVAL_VISIT == 2 &&
                   HEARTH_REMOVAL_BOOKMARK == 3 && HEARTH_REMOVAL_TAB == 4 &&
                   HEARTH_REMOVAL_DEVICE == 5,
               "statements have other numbers");

/* The kinds of which an account has records, as a bit for each; alias: of the table `removals`,
 * whose: the condition with its AND. */
#define REMOVAL_KINDS(whose)                                                                       \
    "(SELECT coalesce(sum(1 << k.kind), 0) FROM removal_kinds k WHERE EXISTS (SELECT 1 FROM "      \
    "removals r WHERE " whose "r.kind = k.kind))"
#define REMOVAL_NAMES                                                                              \
    "\"kind\", \"key\", \"page\", \"date\", \"type\", \"position\", \"generation\""
#define REMOVAL_KEY ACCOUNT_COLUMN "kind, " KEY_TEXT("\"key\"") ", page, date, type, position"
/* Behind an INSERT … SELECT that has a WHERE. */
#define REMOVAL_AGAIN                                                                              \
    " ON CONFLICT (" REMOVAL_KEY ") DO UPDATE SET generation = excluded.generation"

/* Before the rows are removed. key: NULL, all; one that is missing leaves nothing. */
int sql_removal_of_bookmark(struct handle *handle, const char *guid);
int sql_removal_of_bookmarks(struct handle *handle, int64_t source); /* all of a source */
int sql_removal_of_tabs(struct handle *handle, const char *device);
int sql_removal_of_device(struct handle *handle, const char *device);

/* a plugin's own statement has written records */
void sql_removal_note(struct handle *handle, int kind);
bool sql_removal_may_be(const struct handle *handle, int kind);
/* The thing is there (again). The text is borrowed for the call. */
int sql_removal_take_off(struct handle *handle, const struct hearth_removal *removal);
int sql_removal_forget(struct handle *handle); /* at the end of a batch: what is too old */

#endif
