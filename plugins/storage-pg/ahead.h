/* Statements that are sent together before anybody waits for the first of them: what a request is
 * going to read, in one round trip. */
#ifndef STORAGE_PG_AHEAD_H
#define STORAGE_PG_AHEAD_H

#include "query.h"

/* The operation of HEARTH_STORAGE_AHEAD. */
int pg_ahead(void *handle, struct hearth_call *call, int32_t what);

/* Remembers that the query is asked: its index; -1: there is no room. */
int pg_ahead_add(const struct query *query);
/* The index of what was asked with this text and these parameters; -1: none. */
int pg_ahead_find(const struct query *query);
/* Takes the reference; NULL: it went wrong. Returns 0. */
int pg_ahead_keep(struct handle *handle, int index, PGresult *result);
/* Once; the caller's then. NULL: it went wrong. */
PGresult *pg_ahead_take(struct handle *handle, int index);
void pg_ahead_forget(struct handle *handle);

#endif
