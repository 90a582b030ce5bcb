/* A consistent copy of everything while everything goes on, and the way back. */
#ifndef STORAGE_SQLITE_BACKUP_H
#define STORAGE_SQLITE_BACKUP_H

#include "database.h"

int sqlite_backup(void *handle, struct hearth_call *call, const char *path);
int sqlite_restore(const struct hearth_host *host, struct hearth_call *call,
                   const struct hearth_config_value *values, const char *path, bool replace,
                   hearth_text_cb cb, void *ctx);

/* The names in an archive. */
#define BACKUP_SHARED_NAME "hearth.db"
#define BACKUP_PERSON_NAME "accounts/%s.db"
#define BACKUP_SUMS_NAME   "SHA256SUMS" /* of the members before it; it is the last */

#endif
