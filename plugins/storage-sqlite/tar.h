/* The archive that backup() makes and restore() reads, by libarchive: a tar file of regular
 * files with short names, not compressed. Each function is for one thread; the descriptors stay
 * the caller's. */
#ifndef STORAGE_SQLITE_TAR_H
#define STORAGE_SQLITE_TAR_H

#include <stddef.h>
#include <stdint.h>

#define TAR_LIBRARY_MISSING                                                                        \
    "libarchive.so.13 cannot be loaded: install it (libarchive13 or libarchive13t64)"

struct archive; /* libarchive's */
struct tar_writer;

struct tar_entry {
    char name[101];
    int64_t size; /* bytes */
};

/* Both: NULL with errno, ENOPKG when libarchive is not installed, 0 when it is no tar file.
 * sqlite_tar_writer_free() and sqlite_tar_reader_free() accept NULL. */
struct tar_writer *sqlite_tar_writer_create(int fd);
struct archive *sqlite_tar_reader_create(int fd);
/* without sqlite_tar_write_end(), the file is no whole archive */
void sqlite_tar_writer_free(struct tar_writer *writer);
void sqlite_tar_reader_free(struct archive *tar);

/* 0, or -1 with errno. A header, then exactly its size of content; sqlite_tar_write_end() after
 * the last. */
int sqlite_tar_write_header(struct tar_writer *writer, const char *name, int64_t size,
                            int64_t mtime_seconds);
int sqlite_tar_write_content(struct tar_writer *writer, const void *bytes, size_t size);
int sqlite_tar_write_end(struct tar_writer *writer);

/* 1: an entry, whose content follows; 0: the archive ends here; -1 with errno, 0 when it is
 * damaged, cut off, no tar file, or has what backup() never writes (links, directories, holes,
 * long names). Content must be read to its end, where sqlite_tar_read_content() says 0. */
int sqlite_tar_read_header(struct archive *tar, struct tar_entry *ret_entry);
/* The next bytes of the content, which are valid until the next call; never more in all than the
 * header said. */
int sqlite_tar_read_content(struct archive *tar, const void **ret_bytes, size_t *ret_size);
/* How many bytes of the archive were used up. */
int64_t sqlite_tar_position(struct archive *tar);

#endif
