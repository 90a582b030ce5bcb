/* The objects of this plugin: one struct database for each database, one handle (a
 * connection) for each thread of the host. */
#ifndef STORAGE_PG_DATABASE_H
#define STORAGE_PG_DATABASE_H

#include <libpq-fe.h>
#include <string.h>

#include "base/number_set.h"
#include "hearth/storage.h"
#include "storage-sql/sql.h"
#include "support/backoff.h"
#include "support/wait.h"

enum { DATABASE_MAGIC = 0x5a11fe11, HANDLE_MAGIC = 0x5a11fe12 };

/* Shared by the handles. */
struct database {
    uint32_t magic;
    const struct hearth_host *host;
    char *dsn;
    char where[300]; /* "host:port/database", for error texts: without user and password */
    int64_t connect_timeout, statement_timeout;
    struct support_backoff backoff;
};

struct batch {
    bool open;
    int broken;    /* the first error of it: it cannot be committed */
    char why[300]; /* its text */
    char id[40];   /* of the account, outside */
    int64_t account, generation;
    int32_t collection;
    /* what the batch adds to the counters of its account; complete when nothing is pending */
    int64_t delta[COUNTERS];
    bool removed; /* see storage-sql/removals.h */
    unsigned gone;
    bool moved; /* bookmark_moves may have rows that are not in bookmark_folders yet */
    /* All pages and guids of the account are in these sets: what is not need not be asked for.
     * So it is from the beginning when there are none, as at a first sync, and since
     * pg_pages_learn() when many were asked for. */
    bool knows;
    struct number_set pages, guids; /* ids, and hashes of guids */
    /* There were no visits at the beginning: pages in `pages` have none but what was put since
     * then, into these. Bookmarks, and archives, bring pages before the first visit. */
    bool empty;
    struct number_set visited;
    /* The same of bookmarks: all guids, and all folders with a list of children, tombstones or
     * tags are in these sets. `bookmarks` also has what is there when it is not all. */
    bool knows_bookmarks;
    struct number_set bookmarks, lists, roots;
    int64_t asked, worth; /* pages that were asked for, and how many make it worth to learn all */
    int64_t absent;       /* page that was looked up last and is not there; 0 */
    int64_t fresh;        /* page that this batch has inserted, without visits yet; 0 */
    struct known_page {
        int64_t id, host_key;
        bool hidden;
    } last;                  /* page that was written or looked up last; id 0: none */
    struct all_rows *rows;   /* that are not sent yet: rows.h */
    int64_t written, replan; /* rows, and with how many plans are made anew */
};

/* What the server still has to answer, in order. */
enum pending_kind { PENDING_PREPARE, PENDING_LATER, PENDING_MINE, PENDING_AHEAD, PENDING_SYNC };

struct pending {
    enum pending_kind kind;
    int statement;   /* PREPARE: index; AHEAD: index of what was asked ahead */
    int counters[2]; /* LATER: enum counter to which the columns 0 and 1 of the result are added, */
    int by;          /* or, when it is not 0, to the first: by times the rows that were touched */
};

enum { STATEMENTS = 256, PENDING_MAX = 512 };

/* A SELECT that was sent before anybody waits for it (ahead.h). */
struct asked {
    const char *sql;
    uint64_t parameters; /* a hash of them */
    PGresult *result;    /* NULL: it has not come, or it went wrong */
};

enum { ASKED_MAX = 8 };

/* Used by one thread; only sql_handle_interrupt() may come from others. */
struct handle {
    uint32_t magic;
    struct database *database;
    PGconn *pg; /* NULL: closed. In pipeline mode, and good */
    struct support_interrupt interrupt;
    bool doubt; /* a statement was sent, and what came of it is not known */
    int depth;  /* of nested operations */
    struct hearth_call *call;
    struct batch batch;
    const char *statements[STATEMENTS]; /* texts, by address; prepared as "s0", "s1" … */
    bool prepared[STATEMENTS];
    int statement_count;
    struct pending pending[PENDING_MAX];
    int pending_first, pending_count;
    struct asked asked[ASKED_MAX];
    int asked_count;
    bool asking, asks; /* reads are asked ahead now; and there is a connection for it */
};

#include "storage-sql/objects.h"

#endif
