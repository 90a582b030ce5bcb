#include "tar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512, NAME_SIZE = 100 };

/* POSIX.1-1988; numbers are octal text. */
struct header {
    char name[NAME_SIZE], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32],
        group[32], device_major[8], device_minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static unsigned sum_of(const struct header *header)
{
    struct header copy = *header;
    const unsigned char *at = (const unsigned char *)&copy;
    unsigned sum = 0;
    memset(copy.checksum, ' ', sizeof(copy.checksum));
    for (size_t i = 0; i < sizeof(copy); i++)
        sum += at[i];
    return sum;
}

/* What is too large for 11 octal digits (8 GiB) is big-endian binary with the first bit set, as GNU and pax tars write it. */
static void put_size(char field[12], int64_t size)
{
    if (size < INT64_C(077777777777)) {
        snprintf(field, 12, "%011llo", (unsigned long long)size);
        return;
    }
    memset(field, 0, 12);
    field[0] = (char)0x80;
    for (int i = 0; i < 8; i++)
        field[11 - i] = (char)(uint8_t)((uint64_t)size >> (8 * i));
}

static bool get_size(const char field[12], int64_t *ret_size)
{
    uint64_t size = 0;
    if ((field[0] & 0x80) != 0) {
        for (int i = 4; i < 12; i++)
            size = size << 8 | (uint8_t)field[i];
    } else {
        for (int i = 0; i < 12 && field[i] != '\0' && field[i] != ' '; i++) {
            if (field[i] < '0' || field[i] > '7')
                return false;
            size = size << 3 | (uint64_t)(field[i] - '0');
        }
    }
    if (size > INT64_MAX)
        return false;
    *ret_size = (int64_t)size;
    return true;
}

int tar_write_all(int fd, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

int tar_read_all(int fd, void *bytes, size_t size)
{
    for (char *at = bytes; size > 0;) {
        ssize_t n = read(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? 0 : errno;
            return -1;
        }
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

int tar_write_header(int fd, const char *name, int64_t size, int64_t mtime)
{
    struct header header;
    memset(&header, 0, sizeof(header));
    if (strlen(name) >= NAME_SIZE) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(header.name, name, strlen(name));
    memcpy(header.mode, "0000600", 8);
    memcpy(header.uid, "0000000", 8);
    memcpy(header.gid, "0000000", 8);
    put_size(header.size, size);
    snprintf(header.mtime, sizeof(header.mtime), "%011llo", (unsigned long long)(mtime < 0 ? 0 : mtime) & 077777777777);
    header.type = '0';
    memcpy(header.magic, "ustar", 6);
    memcpy(header.version, "00", 2);
    snprintf(header.checksum, 7, "%06o", sum_of(&header) & 0777777);
    header.checksum[7] = ' ';
    return tar_write_all(fd, &header, sizeof(header));
}

static size_t padding_of(int64_t size)
{
    return (size_t)((BLOCK - size % BLOCK) % BLOCK);
}

int tar_write_padding(int fd, int64_t size)
{
    static const char zeros[BLOCK];
    return tar_write_all(fd, zeros, padding_of(size));
}

int tar_write_end(int fd)
{
    static const char zeros[2 * BLOCK];
    return tar_write_all(fd, zeros, sizeof(zeros));
}

static bool is_zero(const struct header *header)
{
    static const struct header zeros;
    return memcmp(header, &zeros, sizeof(zeros)) == 0;
}

static bool checksum_is_right(const struct header *header)
{
    unsigned sum = 0;
    for (int i = 0; i < 8 && header->checksum[i] >= '0' && header->checksum[i] <= '7'; i++)
        sum = sum << 3 | (unsigned)(header->checksum[i] - '0');
    return sum == sum_of(header);
}

int tar_read_header(int fd, struct tar_entry *ret_entry)
{
    struct header header;
    struct tar_entry entry = {.size = 0};
    if (tar_read_all(fd, &header, sizeof(header)) < 0)
        return -1;
    if (is_zero(&header))
        return tar_read_all(fd, &header, sizeof(header)) < 0 || !is_zero(&header) ? -1 : 0;
    errno = 0;
    if (memcmp(header.magic, "ustar", 5) != 0 || !checksum_is_right(&header) || (header.type != '0' && header.type != '\0') ||
        header.prefix[0] != '\0' || !get_size(header.size, &entry.size))
        return -1;
    memcpy(entry.name, header.name, NAME_SIZE);
    *ret_entry = entry;
    return 1;
}

int tar_read_padding(int fd, int64_t size)
{
    char ignored[BLOCK];
    return tar_read_all(fd, ignored, padding_of(size));
}
