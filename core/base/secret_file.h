/* Files that hold secrets: whom else they may be open to. */
#ifndef HEARTH_CORE_BASE_SECRET_FILE_H
#define HEARTH_CORE_BASE_SECRET_FILE_H

#include <sys/stat.h>
#include "base/err.h"

/* The owner must be root or the user of this process (a process of root takes anybody's: it
 * works on a daemon's files), the group may read (0640 root:hearth), and everybody else has no
 * access, but in /run/secrets, where container engines put what one container alone sees, with mode
 * 0444. DENIED says what is wrong with `path`, and the command that mends it. */
int secret_file_check(const char *path, const struct stat *st, struct err *err);

#endif
