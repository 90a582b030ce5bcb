/* Files that the configuration names: itself, keys, secrets, certificates, plugins. */
#ifndef HEARTH_CORE_BASE_PLAIN_FILE_H
#define HEARTH_CORE_BASE_PLAIN_FILE_H

#include <sys/stat.h>
#include "base/err.h"

/* For whoever may not. */
#define PLAIN_FILE_ADVICE                                                                          \
    "Run hearthd as root or as the user that the daemon runs as, or let this user read it"

/* Opens a file to be read, and never waits: what is none (a folder, a pipe, a device) is
 * refused, INVALID. NOT_FOUND: nothing is there; DENIED: this user may not. The text names the
 * path and says what to do. ret_st: what is known of it; NULL: nobody asks. */
int plain_file_open(const char *path, int *ret_fd, struct stat *ret_st, struct err *err);
/* The same for a file that a library opens by its name afterwards, and reads as a whole: one of
 * more than `most` bytes is none of those that are meant. */
int plain_file_check(const char *path, off_t most, struct stat *ret_st, struct err *err);

#endif
