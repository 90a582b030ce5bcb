/* An archive as a file: gzip where its name ends with ".gz", and read whether it is or not. */
#ifndef HEARTH_CORE_ARCHIVE_FILE_H
#define HEARTH_CORE_ARCHIVE_FILE_H

#include "archive/archive.h"

/* Writes the account into a new file that only its owner can read; CONFLICT: there is one of
 * this name. Begins anew when the account is synced meanwhile; UNCERTAIN: too often. When it
 * fails there is no file. */
int archive_to_file(struct storage *storage, const char *account, unsigned with, const char *path,
                    int64_t ret_counts[ARCHIVE_KIND_COUNT], struct err *err);
/* Feeds the reader with the file, ends and closes it; NULL: NOMEM. */
int archive_from_file(const char *path, struct archive_reader *reader,
                      struct archive_summary *ret_summary, struct err *err);

#endif
