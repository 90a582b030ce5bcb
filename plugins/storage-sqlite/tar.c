#include "tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Loaded by the first backup or restore of a process, not with the plugin: it brings libxml2,
 * ICU and libstdc++, which is 2.5 MB resident in a daemon that never makes an archive. */
#define FUNCTIONS(X)                                                                               \
    X(archive_entry_filetype)                                                                      \
    X(archive_entry_free)                                                                          \
    X(archive_entry_hardlink)                                                                      \
    X(archive_entry_new)                                                                           \
    X(archive_entry_pathname)                                                                      \
    X(archive_entry_set_filetype)                                                                  \
    X(archive_entry_set_mtime)                                                                     \
    X(archive_entry_set_pathname)                                                                  \
    X(archive_entry_set_perm)                                                                      \
    X(archive_entry_set_size)                                                                      \
    X(archive_entry_size)                                                                          \
    X(archive_entry_size_is_set)                                                                   \
    X(archive_entry_sparse_count)                                                                  \
    X(archive_entry_symlink)                                                                       \
    X(archive_errno)                                                                               \
    X(archive_filter_bytes)                                                                        \
    X(archive_read_data_block)                                                                     \
    X(archive_read_free)                                                                           \
    X(archive_read_new)                                                                            \
    X(archive_read_next_header)                                                                    \
    X(archive_read_open_fd)                                                                        \
    X(archive_read_support_format_tar)                                                             \
    X(archive_write_add_filter_none)                                                               \
    X(archive_write_close)                                                                         \
    X(archive_write_data)                                                                          \
    X(archive_write_free)                                                                          \
    X(archive_write_header)                                                                        \
    X(archive_write_new)                                                                           \
    X(archive_write_open)                                                                          \
    X(archive_write_set_bytes_in_last_block)                                                       \
    X(archive_write_set_bytes_per_block)                                                           \
    X(archive_write_set_format_pax_restricted)

static struct {
#define MEMBER(name) __typeof__(&(name)) name;
    FUNCTIONS(MEMBER)
} library;
static bool library_loaded;

static void load_library(void)
{
    void *handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    library_loaded = handle != NULL;
#define LOOK_UP(name)                                                                              \
    library_loaded = library_loaded && (*(void **)&library.name = dlsym(handle, #name)) != NULL;
    FUNCTIONS(LOOK_UP)
}

static bool has_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_library);
    errno = library_loaded ? ENOMEM : ENOPKG;
    return library_loaded;
}

enum { BLOCK = 1 << 16 }; /* of reads and writes */

/* libarchive's own numbers (EILSEQ for a wrong format, EINVAL for a wrong use, -1 for the rest)
 * are no errors of the system. */
static int fail_with_errno(struct archive *tar)
{
    int error = library.archive_errno(tar);
    errno = error == EILSEQ || error == EINVAL || error < 0 ? 0 : error;
    return -1;
}

/* libarchive 3.6 leaks a writer whose output failed, so it is never told: once `error` is set,
 * what it writes is dropped. */
struct tar_writer {
    struct archive *tar;
    int fd;
    int error; /* errno of the first write that failed; 0 */
    bool dropped;
};

static la_ssize_t tar_on_write(struct archive *tar, void *ctx, const void *bytes, size_t size)
{
    struct tar_writer *writer = ctx;
    (void)tar;
    for (size_t done = 0; done < size && writer->error == 0 && !writer->dropped;) {
        ssize_t n = write(writer->fd, (const char *)bytes + done, size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            writer->error = n == 0 ? EIO : errno;
    }
    return (la_ssize_t)size;
}

static int tar_write_result(struct tar_writer *writer, bool ok)
{
    if (!ok)
        return fail_with_errno(writer->tar);
    errno = writer->error;
    return writer->error == 0 ? 0 : -1;
}

/* ustar, but for what does not fit in it (8 GiB and more): that gets a header of pax. */
struct tar_writer *sqlite_tar_writer_create(int fd)
{
    struct tar_writer *writer = has_library() ? calloc(1, sizeof(*writer)) : NULL;
    if (writer == NULL)
        return NULL;
    writer->fd = fd;
    struct archive *tar = writer->tar = library.archive_write_new();
    if (tar != NULL && library.archive_write_set_format_pax_restricted(tar) == ARCHIVE_OK &&
        library.archive_write_add_filter_none(tar) == ARCHIVE_OK &&
        library.archive_write_set_bytes_per_block(tar, BLOCK) == ARCHIVE_OK &&
        library.archive_write_set_bytes_in_last_block(tar, 1) == ARCHIVE_OK &&
        library.archive_write_open(tar, writer, NULL, tar_on_write, NULL) == ARCHIVE_OK)
        return writer;
    sqlite_tar_writer_free(writer);
    errno = ENOMEM; /* nothing is written yet */
    return NULL;
}

/* Knows no compression: nothing in an archive becomes larger than it is. */
struct archive *sqlite_tar_reader_create(int fd)
{
    struct archive *tar = has_library() ? library.archive_read_new() : NULL;
    if (tar == NULL)
        return NULL;
    if (library.archive_read_support_format_tar(tar) == ARCHIVE_OK &&
        library.archive_read_open_fd(tar, fd, BLOCK) == ARCHIVE_OK)
        return tar;
    fail_with_errno(tar);
    int error = errno;
    sqlite_tar_reader_free(tar);
    errno = error;
    return NULL;
}

void sqlite_tar_writer_free(struct tar_writer *writer)
{
    if (writer == NULL)
        return;
    writer->dropped = true; /* or else free() would write the end */
    if (writer->tar != NULL)
        library.archive_write_free(writer->tar);
    free(writer);
}

void sqlite_tar_reader_free(struct archive *tar)
{
    if (tar != NULL)
        library.archive_read_free(tar);
}

int sqlite_tar_write_header(struct tar_writer *writer, const char *name, int64_t size,
                            int64_t mtime_seconds)
{
    struct archive_entry *entry = library.archive_entry_new();
    if (entry == NULL) {
        errno = ENOMEM;
        return -1;
    }
    library.archive_entry_set_pathname(entry, name);
    library.archive_entry_set_filetype(entry, AE_IFREG);
    library.archive_entry_set_perm(entry, 0600);
    library.archive_entry_set_size(entry, size);
    library.archive_entry_set_mtime(entry, mtime_seconds, 0);
    int r =
        tar_write_result(writer, library.archive_write_header(writer->tar, entry) == ARCHIVE_OK);
    library.archive_entry_free(entry);
    return r;
}

int sqlite_tar_write_content(struct tar_writer *writer, const void *bytes, size_t size)
{
    errno = 0;
    return tar_write_result(writer, library.archive_write_data(writer->tar, bytes, size) ==
                                        (la_ssize_t)size);
}

int sqlite_tar_write_end(struct tar_writer *writer)
{
    return tar_write_result(writer, library.archive_write_close(writer->tar) == ARCHIVE_OK);
}

int sqlite_tar_read_header(struct archive *tar, struct tar_entry *ret_entry)
{
    struct archive_entry *entry;
    struct tar_entry found = {.size = 0};
    int r = library.archive_read_next_header(tar, &entry);
    if (r == ARCHIVE_EOF)
        return 0;
    if (r != ARCHIVE_OK)
        return fail_with_errno(tar);
    const char *name = library.archive_entry_pathname(entry);
    errno = 0;
    if (name == NULL || strlen(name) >= sizeof(found.name) ||
        library.archive_entry_filetype(entry) != AE_IFREG ||
        library.archive_entry_hardlink(entry) != NULL ||
        library.archive_entry_symlink(entry) != NULL ||
        library.archive_entry_sparse_count(entry) != 0 ||
        !library.archive_entry_size_is_set(entry) || library.archive_entry_size(entry) < 0)
        return -1;
    memcpy(found.name, name, strlen(name));
    found.size = library.archive_entry_size(entry);
    *ret_entry = found;
    return 1;
}

int sqlite_tar_read_content(struct archive *tar, const void **ret_bytes, size_t *ret_size)
{
    const void *bytes;
    size_t size;
    la_int64_t offset;
    int r = library.archive_read_data_block(tar, &bytes, &size, &offset);
    if (r == ARCHIVE_EOF)
        return 0;
    if (r != ARCHIVE_OK)
        return fail_with_errno(tar);
    *ret_bytes = bytes;
    *ret_size = size;
    return 1;
}

int64_t sqlite_tar_position(struct archive *tar)
{
    return library.archive_filter_bytes(tar, 0);
}
