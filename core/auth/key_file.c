#include "auth/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/magic.h"
#include "base/owner.h"
#include "base/plain_file.h"
#include "base/str.h"
#include "codec/codec.h"

enum { KEY_SIZE = 32, PATH_SIZE = 4096, LINE_MAX_SIZE = 96, FILE_MAX = 64 * 1024 };

static const char first_line[] = "# Hearth seals credentials with these keys. Without them "
                                 "everybody signs in anew: keep a copy.\n";

static void make_line(uint32_t number, char ret_line[LINE_MAX_SIZE])
{
    uint8_t key[KEY_SIZE];
    char hex[2 * KEY_SIZE + 1];
    ASSERT(RAND_priv_bytes(key, sizeof(key)) == 1);
    codec_hex_encode(key, sizeof(key), hex);
    snprintf(ret_line, LINE_MAX_SIZE, "%u:%s\n", number, hex);
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(hex, sizeof(hex));
}

/* The entry of a new file outlives a power cut only when its folder was flushed, too. */
static int flush_folder(const char *path, struct err *err)
{
    char folder[PATH_SIZE];
    str_folder(path, folder, sizeof(folder));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) != 0
                ? err_errno(err, errno, "cannot flush the folder %s of the key file", folder)
                : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

/* One that replaces another has that one's owner. */
static void give_away(int fd, const char *path, const struct stat *old)
{
    if (old == NULL)
        owner_give(fd, path);
    else if (geteuid() == 0 && fchown(fd, old->st_uid, old->st_gid) != 0)
        return; /* it stays root's, as private as it was made */
}

/* Written elsewhere, under a name that is used only once: what a crash leaves of it stops no
 * later start. */
static int write_beside(const char *path, const char *text, size_t size, const struct stat *old,
                        char ret_beside[PATH_SIZE], struct err *err)
{
    char beside[PATH_SIZE];
    uint64_t random;
    ASSERT(RAND_bytes((unsigned char *)&random, sizeof(random)) == 1);
    if (snprintf(beside, sizeof(beside), "%s.new-%016llx", path, (unsigned long long)random) >=
        PATH_SIZE)
        return err_set(err, HEARTH_ERR_INVALID, "the path of the key file is too long");
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, errno, "cannot make the key file %s", beside);
    give_away(fd, path, old);
    int r = 0;
    if (write(fd, text, size) != (ssize_t)size || fsync(fd) != 0)
        r = err_errno(err, errno, "cannot write the key file %s", beside);
    close(fd);
    if (r < 0)
        unlink(beside);
    else
        memcpy(ret_beside, beside, sizeof(beside));
    return r;
}

int auth_key_file_make(const char *path, uint32_t number, struct err *err)
{
    char beside[PATH_SIZE], line[LINE_MAX_SIZE], text[sizeof(first_line) + LINE_MAX_SIZE];
    make_line(number, line);
    snprintf(text, sizeof(text), "%s%s", first_line, line);
    int r = write_beside(path, text, strlen(text), NULL, beside, err);
    OPENSSL_cleanse(line, sizeof(line));
    OPENSSL_cleanse(text, sizeof(text));
    if (r < 0)
        return r;
    if (link(beside, path) != 0) /* does not replace one that another process made meanwhile */
        r = errno == EEXIST ? err_set(err, HEARTH_ERR_CONFLICT,
                                      "%s exists already, and nothing was changed in it", path)
                            : err_errno(err, errno, "cannot make the key file %s", path);
    unlink(beside);
    return r == 0 ? flush_folder(path, err) : r;
}

static int extend_text(const char *path, int fd, uint32_t number, char *text, struct err *err)
{
    char beside[PATH_SIZE], line[LINE_MAX_SIZE];
    struct stat status;
    ssize_t n = fstat(fd, &status) != 0 ? -1 : read(fd, text, FILE_MAX);
    if (n < 0)
        return err_errno(err, errno, "cannot read the key file %s", path);
    if (n > FILE_MAX - LINE_MAX_SIZE - 1)
        return err_set(err, HEARTH_ERR_INVALID, "%s is too large for one more key", path);
    make_line(number, line);
    int added = snprintf(text + n, (size_t)(FILE_MAX - n), "%s%s",
                         n > 0 && text[n - 1] != '\n' ? "\n" : "", line);
    OPENSSL_cleanse(line, sizeof(line));
    int r = write_beside(path, text, (size_t)(n + added), &status, beside, err);
    if (r == 0 && rename(beside, path) != 0) {
        r = err_errno(err, errno, "cannot replace the key file %s", path);
        unlink(beside);
    }
    return r == 0 ? flush_folder(path, err) : r;
}

int auth_key_file_extend(const char *path, uint32_t number, struct err *err)
{
    int fd, r = plain_file_open(path, &fd, NULL, err);
    if (r < 0)
        return err_prefix(err, "key file");
    char *text = calloc(1, FILE_MAX);
    r = text == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                     : extend_text(path, fd, number, text, err);
    if (text != NULL)
        OPENSSL_cleanse(text, FILE_MAX);
    free(text);
    close(fd);
    return r;
}
