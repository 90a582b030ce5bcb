/* What migrations leave to each plugin. */
#ifndef STORAGE_SQL_MIGRATE_HOOKS_H
#define STORAGE_SQL_MIGRATE_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

struct session;

/* 0: the database is empty. */
int migrate_read_version(struct session *session, int64_t *ret_version);
/* Refuses what is not ours, damaged, or newer than this plugin. */
int migrate_check(struct session *session);
/* One step in one transaction, while every other process that migrates waits. *ret_done: there was none left. */
int migrate_step(struct session *session, bool *ret_done);
int migrate_end(struct session *session); /* after the last one */

#endif
