/* What is written of an archive: pieces of its lines, by one writer. */
#ifndef HEARTH_CORE_ARCHIVE_LINES_H
#define HEARTH_CORE_ARCHIVE_LINES_H

#include <openssl/evp.h>

#include "archive/archive.h"
#include "base/buf.h"

enum { ARCHIVE_FLUSH_BYTES = 64 << 10 };

struct writing {
    struct storage *storage;
    struct storage inner; /* the same handle, with the memory of the calls inside of a listing */
    const char *account;
    const struct archive_out *out;
    struct err *err;
    int code; /* the first error inside of a callback, which is in err */
    EVP_MD_CTX *hash;
    struct buf lines;
    int64_t line_count, counts[ARCHIVE_KIND_COUNT];
};

/* Remembers the first code that is none of success. Like everything here it returns the code of
 * then. */
int archive_fails(struct writing *w, int code);
int archive_flush(struct writing *w);

/* A line without its end: "}\n". owner: NULL for a kind without. */
void archive_begin_line(struct buf *to, const struct archive_kind *kind, const void *owner,
                        const void *record);
void archive_count_line(struct writing *w, enum archive_kind_name name);
void archive_put_text(struct buf *to, const char *text); /* in quotes */
/* A whole record. */
int archive_put_record(struct writing *w, enum archive_kind_name name, const void *owner,
                       const void *record);

/* In the order of the pages: write_pages.c. */
int archive_put_pages(struct writing *w);
int archive_put_visits(struct writing *w);

#endif
