/* An archive: everything of an account as one stream of text. docs/archive.md has the form.
 *
 * archive_write() reads a storage and hands on pieces of the stream; an archive_reader takes
 * pieces, as they come, and is made to check (archive_check) or to store (archive_store). One
 * thread at a time; memory does not grow with the account. */
#ifndef HEARTH_CORE_ARCHIVE_ARCHIVE_H
#define HEARTH_CORE_ARCHIVE_ARCHIVE_H

#include "archive/kinds.h"
#include "plug/storage.h"

enum {
    ARCHIVE_VERSION = 1,
    ARCHIVE_LINE_MAX = 64 << 20,    /* bytes of a line */
    ARCHIVE_CHILDREN_MAX = 1000000, /* of one folder */
    ARCHIVE_DEPTH_MAX = 16,         /* of what is skipped */
    ARCHIVE_IDENTITIES_MAX = 1000,  /* of an account */
};

/* What is in an archive only when it is asked for, and what is not when it is. */
enum archive_with {
    ARCHIVE_CREDENTIALS = 1 << 0,
    ARCHIVE_TOKENS = 1 << 1,
    ARCHIVE_SYNCED_ONLY = 1 << 2, /* the account, and of all else what goes into one batch */
};

/* Takes the next bytes; 0, or a code with its text, which ends the writing. */
struct archive_out {
    int (*put)(void *ctx, const void *bytes, size_t size, struct err *err);
    void *ctx;
};

/* with: enum archive_with. NOT_FOUND; UNCERTAIN: a batch was committed meanwhile, and what was
 * written is of no one moment: begin anew. ret_counts: how many records of each kind; NULL. */
int archive_write(struct storage *storage, const char *account, unsigned with,
                  const struct archive_out *out, int64_t ret_counts[ARCHIVE_KIND_COUNT],
                  struct err *err);

/* What an archive said of itself. */
struct archive_summary {
    char id[33], email[1025], uid[1025], provider[HEARTH_ID_MAX + 1];
    int64_t data_model, generation;
    int64_t lines, counts[ARCHIVE_KIND_COUNT];
};

/* Told of what is kept out, a sentence each time. */
struct archive_warnings {
    void (*warn)(void *ctx, const char *text);
    void *ctx;
};

/* Is this record fit to be stored? INVALID: what is wrong with it. */
typedef int (*archive_look)(const struct archive_record *record, struct err *err);

struct archive_reader;

/* An archive that is looked at to its end, and goes nowhere. limits: of the storage that is
 * meant for it; NULL, none. look, warnings: may be NULL. NULL: memory is short. */
struct archive_reader *archive_check(const struct hearth_limits *limits, archive_look look,
                                     const struct archive_warnings *warnings);

struct archive_into {
    const char *account; /* one that is there, and empty; NULL: a new one */
    const char *id;      /* of a new one; NULL: that of the archive */
    const char *email;   /* of a new one; NULL: that of the archive */
    const char *node;    /* of a new one; "" on a single node */
    /* Credentials that were sealed for the account `was`, for `account`: *ret_sealed on the
     * heap. A code: they are good for nothing here. NULL: they are taken as they are. */
    int (*seal_again)(void *ctx, const char *was, const char *account, int64_t source,
                      const char *provider, const void *sealed, size_t size, void **ret_sealed,
                      size_t *ret_size, struct err *err);
    archive_look look; /* NULL: every record that keeps to its table */
    /* In the batch, before it ends: what no line shows (archive_settle()). NULL: what came is
     * stored as it came. */
    int (*settle)(void *ctx, struct storage *storage, const char *account, struct err *err);
    void *ctx;
    bool synced_only; /* the account may have sources: their rows came another way */
};

/* An archive that is stored: one batch for all that is synced. When anything fails the batch is
 * aborted, and a new account removed again; what can be known of an archive before should be:
 * archive_check(). CONFLICT: the account has data, or is another's. */
struct archive_reader *archive_store(struct storage *storage, const struct archive_into *into,
                                     const struct archive_warnings *warnings);

/* The next bytes. INVALID: "line 17: …". After an error nothing but archive_close() may be
 * called. */
int archive_feed(struct archive_reader *reader, const void *bytes, size_t size, struct err *err);
/* The stream has ended: was it all? */
int archive_end(struct archive_reader *reader, struct archive_summary *ret_summary,
                struct err *err);
/* NULL is fine. What was not ended is undone. */
void archive_close(struct archive_reader *reader);

/* The synced data of an account in one storage into the same account in another, where it is
 * empty. */
int archive_copy_synced(struct storage *from, struct storage *to, const char *account,
                        struct err *err);

/* For whoever did not write the archive: pages have the ids of their URLs, and bookmarks those
 * of their pages. */
int archive_look_at(const struct archive_record *record, struct err *err);
/* And the tree of bookmarks is repaired as after a sync. */
int archive_settle(void *ctx, struct storage *storage, const char *account, struct err *err);

#endif
