/* Between the lines of an archive and what is made of its records. */
#ifndef HEARTH_CORE_ARCHIVE_READER_H
#define HEARTH_CORE_ARCHIVE_READER_H

#include "archive/archive.h"

/* What takes the records, in the order of their kinds. */
struct archive_taker {
    /* its texts live until it returns */
    int (*take)(void *ctx, const struct archive_record *record, struct err *err);
    /* the last line was right */
    int (*end)(void *ctx, struct err *err);
    /* what was not ended is undone; frees ctx */
    void (*close)(void *ctx);
    void *ctx;
};

/* taker.ctx NULL: memory is short; NULL is returned then. */
struct archive_reader *archive_reader_create(const struct archive_taker *taker,
                                             const struct hearth_limits *limits,
                                             const struct archive_warnings *warnings);
void archive_warn(const struct archive_warnings *warnings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
