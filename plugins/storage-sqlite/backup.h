/* A consistent copy of the database while everything goes on. */
#ifndef STORAGE_SQLITE_BACKUP_H
#define STORAGE_SQLITE_BACKUP_H

#include "store.h"

int backup_run(void *session, struct hearth_call *call, const char *path);

#endif
