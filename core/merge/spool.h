/* Records of one collection while they arrive: a small buffer, then an unlinked file, so that
 * memory does not grow with the account and a batch is one short transaction without waiting for
 * the network in it. One thread at a time. */
#ifndef HEARTH_CORE_MERGE_SPOOL_H
#define HEARTH_CORE_MERGE_SPOOL_H

#include "base/buf.h"
#include "base/err.h"
#include "merge/limits.h"

enum { SPOOL_BUFFER = 256 * 1024, SPOOL_RECORD_MAX = 16 * 1024 * 1024, SPOOL_KINDS = 64 };

struct spool {
    const char *directory;       /* borrowed: where the file goes */
    const struct limits *limits; /* borrowed; NULL: none */
    int64_t source;              /* whose records: their ids are put as the account has them */
    size_t longest;              /* bytes that the storage keeps of an id; 0: HEARTH_KEY_MAX */
    /* it, or what was made of it, was more than the limits allow: the person is to read `why` */
    bool limited;
    struct message_kept why;
    int fd; /* -1: all of it is still in memory */
    int64_t file_size;
    struct buf pending; /* written behind the file */
    struct buf record;  /* the one being built or read */
    struct buf url;     /* its URL in the canonical form, while it is built */
    size_t read_at;     /* in record */
    int64_t next;       /* reading: offset of the next record in file and pending together */
    int64_t count;
    uint64_t kinds;    /* that it has: a bit for each */
    struct buf window; /* reading: a piece of the file */
    int64_t window_at; /* its offset in the file */
};

void merge_spool_init(struct spool *spool, const char *directory, const struct limits *limits);
void merge_spool_fini(struct spool *spool);
void merge_spool_clear(struct spool *spool);         /* empty again, ready for new records */
int64_t merge_spool_size(const struct spool *spool); /* bytes of all records */
bool merge_spool_has(const struct spool *spool, int kind);

/* Building a record: begin, fields, end. Nothing fails before merge_spool_end(). kind: below
 * SPOOL_KINDS. */
void merge_spool_begin(struct spool *spool, int kind);
void merge_spool_put_int(struct spool *spool, int64_t value);
void merge_spool_put_text(struct spool *spool, const char *text); /* NULL is kept */
void merge_spool_put_bytes(struct spool *spool, const void *bytes, size_t size);
int merge_spool_end(struct spool *spool, struct err *err);

/* Reading from the first: 1 and the kind, 0 at the end, or an error. Texts point into the spool
 * until the next call. */
void merge_spool_rewind(struct spool *spool);
int merge_spool_next(struct spool *spool, int *ret_kind, struct err *err);
int64_t merge_spool_get_int(struct spool *spool);
const char *merge_spool_get_text(struct spool *spool);
const void *merge_spool_get_bytes(struct spool *spool, size_t *ret_size);

#endif
