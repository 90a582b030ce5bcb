#include "pages/app_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "codec/codec.h"
#include "pages/html.h"

enum {
    FILES_MAX = 1000,
    FILE_MAX = 8 * 1024 * 1024,
    TOTAL_MAX = 64 * 1024 * 1024,
    DEPTH_MAX = 4,
    PATH_SIZE = 512
};

struct app_files {
    struct app_file *files; /* by path */
    size_t count, room, total;
};

static const char *app_file_type(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".map", "application/json"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static int app_file_read(int fd, const char *path, size_t size, char **ret, struct err *err)
{
    char *bytes = malloc(size + 1);
    size_t have = 0;
    if (bytes == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    while (have < size) {
        ssize_t n = read(fd, bytes + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            free(bytes);
            return err_set(err, HEARTH_ERR_INVALID, "%s: %s", path,
                           n < 0 ? strerror(errno) : "became shorter while it was read");
        }
        have += (size_t)n;
    }
    bytes[size] = '\0';
    *ret = bytes;
    return 0;
}

static int add_file(struct app_files *files, int fd, const char *path, size_t size, struct err *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (files->count == FILES_MAX || size > FILE_MAX || files->total + size > TOTAL_MAX)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s: that is more than a web app has (%d files, %d MiB each, %d MiB in all)",
                       path, (int)FILES_MAX, FILE_MAX >> 20, TOTAL_MAX >> 20);
    if (!ARRAY_MAKE_ROOM(files->files, files->count, files->room))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    struct app_file *file = &files->files[files->count];
    *file =
        (struct app_file){.path = strdup(path), .type = app_file_type(path), .plain.size = size};
    if (file->path == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    files->count++;
    int r = app_file_read(fd, path, size, &file->plain.data, err);
    if (r < 0)
        return r;
    files->total += size;
    SHA256((const unsigned char *)file->plain.data, size, digest);
    codec_hex_encode(digest, 8, file->hash);
    return 0;
}

static int app_folder_scan(struct app_files *files, int folder, const char *path, int depth,
                           struct err *err);

static int app_folder_scan_entry(struct app_files *files, int folder, const char *path, int depth,
                                 struct err *err)
{
    struct stat st;
    int fd = openat(folder, strrchr(path, '/') + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? 0
                              : err_set(err, HEARTH_ERR_INVALID, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) /* app_folder_scan() closes it */
        return depth == DEPTH_MAX ? (close(fd), 0)
                                  : app_folder_scan(files, fd, path, depth + 1, err);
    int r = S_ISREG(st.st_mode) ? add_file(files, fd, path, (size_t)st.st_size, err) : 0;
    close(fd);
    return r;
}

static bool is_file_name(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return name[0] != '.' && name[strspn(name, letters)] == '\0';
}

/* `folder` is closed. */
static int app_folder_scan(struct app_files *files, int folder, const char *path, int depth,
                           struct err *err)
{
    int r = 0;
    struct dirent *entry;
    DIR *dir = fdopendir(folder);
    if (dir == NULL) {
        close(folder);
        return err_set(err, HEARTH_ERR_INVALID, "%s: %s", path, strerror(errno));
    }
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        char below[PATH_SIZE];
        if (!is_file_name(entry->d_name) ||
            snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= (int)sizeof(below))
            continue;
        r = app_folder_scan_entry(files, folder, below, depth, err);
    }
    closedir(dir);
    return r;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct app_file *)a)->path, ((const struct app_file *)b)->path);
}

static struct app_file *app_file_find(const struct app_files *files, const char *path)
{
    struct app_file key = {.path = (char *)(uintptr_t)path};
    return files->count == 0 ? NULL
                             : bsearch(&key, files->files, files->count, sizeof(key), by_path);
}

/* "app.js.gz" is a form of "app.js". */
static void join_forms(struct app_files *files)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        char path[PATH_SIZE];
        struct app_file *file = &files->files[i];
        size_t n = strlen(file->path);
        bool gzip = n > 3 && strcmp(file->path + n - 3, ".gz") == 0,
             brotli = n > 3 && strcmp(file->path + n - 3, ".br") == 0;
        snprintf(path, sizeof(path), "%.*s", (int)n - 3, file->path);
        struct app_file *whole = gzip || brotli ? app_file_find(files, path) : NULL;
        if (whole != NULL && whole->plain.data == NULL)
            whole = NULL; /* that is a form itself */
        if (whole != NULL)
            *(gzip ? &whole->gzip : &whole->brotli) = file->plain;
        file->plain = whole != NULL ? (struct app_bytes){0} : file->plain;
    }
    for (size_t i = 0; i < files->count; i++) {
        if (files->files[i].plain.data != NULL)
            files->files[kept++] = files->files[i];
        else
            free(files->files[i].path);
    }
    files->count = kept;
}

int pages_app_files_load(const char *folder, struct app_files **ret_files, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "%s: %s", folder, strerror(errno));
    struct app_files *files = calloc(1, sizeof(*files));
    if (files == NULL) {
        close(fd);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    int r = app_folder_scan(files, fd, "", 0, err);
    if (r == 0) {
        qsort(files->files, files->count, sizeof(*files->files), by_path);
        join_forms(files);
        if (pages_app_files_find(files, "/index.html") == NULL)
            r = err_set(err, HEARTH_ERR_INVALID, "%s: there is no index.html in it", folder);
    }
    if (r < 0) {
        pages_app_files_free(files);
        return r;
    }
    *ret_files = files;
    return 0;
}

int pages_app_files_place(struct app_files *files, const char *base_path, struct err *err)
{
    struct app_file *page = app_file_find(files, "/index.html");
    struct buf html = {0};
    if (base_path == NULL || base_path[0] == '\0')
        return 0;
    buf_add(&html, page->plain.data, page->plain.size);
    pages_html_place(&html, base_path);
    if (buf_failed(&html)) {
        buf_fini(&html);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    /* two kilobytes go out as they are: the forms that were compressed are of the page before */
    free(page->plain.data);
    free(page->gzip.data);
    free(page->brotli.data);
    page->gzip = page->brotli = (struct app_bytes){0};
    page->plain.data = buf_take(&html, &page->plain.size);
    return 0;
}

void pages_app_files_free(struct app_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++) {
        free(files->files[i].path);
        free(files->files[i].plain.data);
        free(files->files[i].gzip.data);
        free(files->files[i].brotli.data);
    }
    free(files->files);
    free(files);
}

const struct app_file *pages_app_files_find(const struct app_files *files, const char *path)
{
    return app_file_find(files, path);
}

const struct app_file *pages_app_files_at(const struct app_files *files, size_t i)
{
    return i < files->count ? &files->files[i] : NULL;
}
