/* The archive that backup() makes and restore() reads: POSIX ustar, which `tar` reads as well. Nothing but regular files with short names.
 */
#ifndef STORAGE_SQLITE_TAR_H
#define STORAGE_SQLITE_TAR_H

#include <stddef.h>
#include <stdint.h>

struct tar_entry {
    char name[101];
    int64_t size;
};

/* 0, or -1 with errno. The content follows a header, tar_write_end() the last content; both fill up to whole blocks. */
int tar_write_header(int fd, const char *name, int64_t size, int64_t mtime_seconds);
int tar_write_padding(int fd, int64_t size);
int tar_write_end(int fd);
int tar_write_all(int fd, const void *bytes, size_t size);

/* 1: an entry, whose content follows; 0: the archive ends here, as it should; -1: damaged, cut off, or no archive (errno 0), or errno. */
int tar_read_header(int fd, struct tar_entry *ret_entry);
int tar_read_padding(int fd, int64_t size); /* 0 or -1 */
/* All of `size`: 0; -1 with errno, 0 when the file ends before. */
int tar_read_all(int fd, void *bytes, size_t size);

#endif
