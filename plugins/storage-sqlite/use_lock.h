/* Who uses a database, across processes: everybody who has it open shares a lock on
 * "<path>-lock", restore() has it alone. It ends with the process. */
#ifndef STORAGE_SQLITE_USE_LOCK_H
#define STORAGE_SQLITE_USE_LOCK_H

#include "database.h"

/* Both wait for about two seconds, then: CONFLICT, in words. close() the descriptor; it is -1
 * where no such file can be made: nothing can be restored there either. `path` is that of the
 * shared file. */
int sqlite_use_lock_shared(const struct hearth_host *host, struct hearth_call *call,
                           const char *path, int *ret_fd);
int sqlite_use_lock_alone(const struct hearth_host *host, struct hearth_call *call,
                          const char *path, int *ret_fd);
/* Waits for nobody: -1 when others have it open, or where no such file can be made. */
int sqlite_use_lock_try_alone(const char *path);
/* Has nobody the database open at this moment? Makes nothing; where it has to, it holds the lock
 * for less time than others wait. */
bool sqlite_use_lock_is_free(const char *path);

#endif
