/* Where a backup is made: the directory "<path>.partial-XXXXXXXX" beside its place, locked while
 * it is used, so that what a killed process left is told from what another one is making. */
#ifndef STORAGE_SQLITE_BACKUP_STAGE_H
#define STORAGE_SQLITE_BACKUP_STAGE_H

#include "database.h"

struct backup_stage {
    char *directory, *archive, *shared, *person; /* paths; the last three are files in it */
    int lock;
};

/* Also removes, in the same directory, what backups of any name left that were killed. 0, or -1
 * with errno. */
int sqlite_backup_stage_make(struct backup_stage *stage, const struct hearth_host *host,
                             const char *path);
void sqlite_backup_stage_remove(struct backup_stage *stage); /* after a failed make, too */
/* A copy that is given up, with what SQLite may have left beside it: the next person's has its
 * name. */
void sqlite_backup_stage_drop_person(const struct backup_stage *stage);
/* Puts what is left of a path's directory on the disk, as sqlite_files_sync_directory(). */
int sqlite_backup_stage_sync_parent(const struct backup_stage *stage, struct hearth_call *call);

#endif
