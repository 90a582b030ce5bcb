/* What was given out to open an account: signed-in browsers, API tokens, sign-in links and
 * codes, fresh sign-ins. Rows of its tokens.
 *
 * Requests that were let in just before may still be making further ones while doors are closed.
 * So closing leaves a mark, which stays: an identity of the account that opens nothing, with the
 * issuer "closed:" and the account's id, the subject "all" or "browsers", and the time. Whoever
 * makes a row looks afterwards whether what it was made with is still good (auth_doors_keep()).
 * Either the row was there when the closing listed the rows, and was removed by it; or the mark
 * was there before the row, and its maker sees it. Each mark is two rows ("all again", "browsers
 * again"): while one is written anew the other is there. */
#ifndef HEARTH_CORE_AUTH_DOORS_H
#define HEARTH_CORE_AUTH_DOORS_H

#include <stdint.h>

#include "auth/token.h"
#include "base/err.h"
#include "plug/storage.h"

struct doors {
    int browsers, tokens, links;
};

/* What somebody has shown who is given a further row. */
enum door_kind {
    DOOR_OPERATOR, /* at the command line: always good */
    DOOR_BROWSER,  /* a session, a link or a code of that time */
    DOOR_TOKEN,    /* an API token of that time */
    /* a sign-in, or what a proxy says: good while it is an identity of the account */
    DOOR_IDENTITY,
};

struct door {
    enum door_kind kind;
    int64_t created;
    const char *issuer, *subject;
};

void auth_doors_add(struct doors *doors, const struct hearth_token *token);
/* All of them end, and are added to *doors. What was made with them at this moment does, too. An
 * error: some may be left. */
int auth_doors_close(struct storage *storage, const char *account, struct doors *doors,
                     struct err *err);
/* The rows alone, and no mark: nobody uses them yet. */
int auth_doors_remove(struct storage *storage, const char *account, struct doors *doors,
                      struct err *err);
/* Does this row end? */
typedef bool doors_picks(void *ctx, const struct hearth_token *row);
enum { DOORS_SWEEP = 64 };
/* Ends the rows that are picked, as many as DOORS_SWEEP: with so many there may be more of them,
 * which were not looked at. */
int auth_doors_sweep(struct storage *storage, const char *account, doors_picks *picks, void *ctx,
                     size_t *ret_count, struct err *err);
/* The same until nothing is picked any more, with a mark of that kind before each listing, at
 * least twice: so a link that was made and used up in between is older than the last mark. An
 * error: some may be left. */
#define DOORS_ALL      "all"
#define DOORS_BROWSERS "browsers" /* and links, codes, fresh sign-ins */
int auth_doors_shut(struct storage *storage, const char *account, const char *which,
                    doors_picks *picks, void *ctx, struct err *err);
/* One row. One that is gone already is no error. */
int auth_doors_end(struct storage *storage, const char *account, const char *id, struct err *err);
/* After the row `id` was made: it stays if `door` is still good, and is removed otherwise:
 * NOT_FOUND. */
int auth_doors_keep(struct storage *storage, const char *account, const struct door *door,
                    const char *id, struct err *err);

#endif
