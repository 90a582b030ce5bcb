/* What migrations leave to each plugin. */
#ifndef STORAGE_SQL_MIGRATE_HOOKS_H
#define STORAGE_SQL_MIGRATE_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

struct handle;

/* 0: the database is empty. */
int sql_migrate_read_version(struct handle *handle, int64_t *ret_version);
/* Refuses what is not ours, damaged, or newer than this plugin. */
int sql_migrate_check(struct handle *handle);
/* One step in one transaction, while every other process that migrates waits. *ret_done: there
 * was none left. */
int sql_migrate_step(struct handle *handle, bool *ret_done);
int sql_migrate_end(struct handle *handle); /* after the last one */

#endif
