/* What would keep a start from making or opening its files, for who only looks. */
#ifndef STORAGE_SQLITE_LOOK_H
#define STORAGE_SQLITE_LOOK_H

#include "store.h"

/* The same errors as store_open()'s where files are made; makes and changes nothing. 0 also where there is no database yet. */
int look_before_open(const struct store *store, struct hearth_call *call);

#endif
