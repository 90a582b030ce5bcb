/* One account that an archive brings into this installation: which one it becomes, and what is
 * done when it is there. `hearthd account restore` reads the archive from a file, `hearthd copy`
 * from the storage of another installation. docs/archive.md. */
#ifndef HEARTH_CORE_MAIN_RESTORING_H
#define HEARTH_CORE_MAIN_RESTORING_H

#include "archive/archive.h"
#include "main/app.h"

enum { RESTORING_ID_SIZE = 33, RESTORING_SAID_MAX = 64 };

struct restoring {
    struct app *app;
    /* id, email, uid and provider: before main_restoring_choose() */
    struct archive_summary archive;
    /* whose keys have sealed what is in the archive; NULL: this installation's own */
    const struct vault *opens;
    bool is_copy; /* of one account of several, and of no file: what is said has other words */

    /* from main_restoring_choose() on */
    const char *email;              /* of the account as it will be */
    char id[RESTORING_ID_SIZE];     /* of one that is there, or of a new one; "": as it was */
    bool exists;                    /* there is an account of this address */
    char *said[RESTORING_SAID_MAX]; /* warnings: an archive may be read twice */
    size_t said_count;
    struct archive_warnings warnings;
};

/* Tells each of them once, on standard error. Borrows restoring. */
const struct archive_warnings *main_restoring_warnings(struct restoring *restoring);
/* Which account, on which node, which is then in use. email: another address than the archive's;
 * NULL. CONFLICT, INVALID: in words; nothing was changed. */
int main_restoring_choose(struct restoring *restoring, const char *email, struct err *err);
/* What the archive is fed to; archive_close(), whose end undoes what did not come to its own. */
int main_restoring_open(struct restoring *restoring, struct archive_reader **ret_reader,
                        struct err *err);
const char *main_restoring_id(const struct restoring *restoring);
/* After the archive's end: derived values of its rows, and processes that had the account in
 * memory. */
void main_restoring_finish(struct restoring *restoring);
void main_restoring_fini(struct restoring *restoring);

enum { RESTORING_WORDS_SIZE = 5 * CLI_COUNT_SIZE };
/* "12 pages, 30 visits, …" */
void main_restoring_count_words(const int64_t counts[ARCHIVE_KIND_COUNT],
                                char ret[RESTORING_WORDS_SIZE]);

#endif
