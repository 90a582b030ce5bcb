/* The first history of an account: indexes that its rows would be put into at random places are
 * dropped, and made anew at the end, in the same transaction; and what is not there yet is not
 * looked for. Other connections see all of that or nothing. */
#ifndef STORAGE_SQLITE_BULK_H
#define STORAGE_SQLITE_BULK_H

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct handle;

enum { BULK_INDEXES = 4 };

/* Of a batch. */
struct bulk {
    bool may_begin; /* the account had no visit when the batch began */
    bool dropped;
    int64_t rows;                /* pages and visits that the batch has inserted */
    char *indexes[BULK_INDEXES]; /* their statements while they are dropped; NULL: is there */
    uint64_t *seen;              /* a Bloom filter of the pages' ids; NULL: none is kept */
};

/* A row was inserted; page: the id of a new page, or 0. Begins when there are enough, ends when
 * there are too many. The current connection is the batch's. */
int sqlite_bulk_count(struct handle *handle, int64_t page);
/* False: surely no page of the batch's account. */
bool sqlite_bulk_may_have(const struct bulk *bulk, int64_t page);
/* Makes what is dropped. Nothing has to be done after a rollback. */
int sqlite_bulk_end(struct handle *handle);
/* Does the connection lack indexes that a statement may name? */
bool sqlite_bulk_lacks(const struct handle *handle, const struct connection *connection);
void sqlite_bulk_free(struct bulk *bulk);

#endif
