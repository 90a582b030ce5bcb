#include "backup_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "support/call.h"
#include "support/owner.h"

static const char PARTIAL[] = ".partial-";
enum { HEX = 8, ATTEMPTS = 4 };

static void remove_file_in(int directory, const char *file)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[32];
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", file, ends[i]);
        unlinkat(directory, name, 0);
    }
}

static void remove_in(int directory)
{
    remove_file_in(directory, "archive");
    remove_file_in(directory, "shared");
    remove_file_in(directory, "person");
}

/* Root's are the folder's owner's. */
static bool is_ours(int parent, const struct stat *status)
{
    struct stat folder;
    return status->st_uid == geteuid() ||
           (geteuid() == 0 && fstat(parent, &folder) == 0 && status->st_uid == folder.st_uid);
}

/* Only files of our names are removed: another program's directory of such a name stays. */
static void sweep_entry(int parent, const char *name)
{
    const char *cursor = strstr(name, PARTIAL);
    struct stat status;
    if (cursor == NULL || strlen(cursor) != sizeof(PARTIAL) - 1 + HEX ||
        strspn(cursor + sizeof(PARTIAL) - 1, "0123456789abcdef") != HEX)
        return;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && is_ours(parent, &status) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        remove_in(fd);
        unlinkat(parent, name, AT_REMOVEDIR);
    }
    close(fd);
}

static char *parent_of(const char *path)
{
    char *parent = strdup(path);
    if (parent != NULL)
        *(strrchr(parent, '/') + 1) = '\0';
    return parent;
}

static void sweep_beside(const char *path)
{
    char *parent = parent_of(path);
    DIR *directory = parent == NULL ? NULL : opendir(parent);
    free(parent);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        sweep_entry(dirfd(directory), entry->d_name);
    closedir(directory);
}

/* 0; -1 with errno. EAGAIN: somebody sweeps at this moment, and took it for a leftover. */
static int stage_lock_directory(struct backup_stage *stage)
{
    if (mkdir(stage->directory, 0700) != 0)
        return -1;
    /* who sweeps the folder can remove what is left of it */
    support_owner_give_directory(stage->directory);
    stage->lock = open(stage->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (stage->lock >= 0 && (flock(stage->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) &&
        access(stage->directory, W_OK) == 0)
        return 0;
    if (stage->lock >= 0)
        close(stage->lock);
    stage->lock = -1;
    rmdir(stage->directory);
    errno = EAGAIN;
    return -1;
}

int sqlite_backup_stage_make(struct backup_stage *stage, const struct hearth_host *host,
                             const char *path)
{
    size_t size = strlen(path) + 48;
    *stage = (struct backup_stage){malloc(size), malloc(size), malloc(size), malloc(size), -1};
    if (stage->directory == NULL || stage->archive == NULL || stage->shared == NULL ||
        stage->person == NULL) {
        errno = ENOMEM;
        return -1;
    }
    int r = -1;
    for (int i = 0; i < ATTEMPTS && r < 0 && (i == 0 || errno == EAGAIN); i++) {
        uint32_t random;
        host->random(host, &random, sizeof(random));
        snprintf(stage->directory, size, "%s%s%s%08x", path[0] == '/' ? "" : "./", path, PARTIAL,
                 random);
        r = stage_lock_directory(stage);
    }
    if (r < 0)
        return -1;
    snprintf(stage->archive, size, "%s/archive", stage->directory);
    snprintf(stage->shared, size, "%s/shared", stage->directory);
    snprintf(stage->person, size, "%s/person", stage->directory);
    sweep_beside(stage->directory);
    return 0;
}

void sqlite_backup_stage_remove(struct backup_stage *stage)
{
    if (stage->lock >= 0) {
        remove_in(stage->lock);
        rmdir(stage->directory);
        close(stage->lock);
    }
    free(stage->directory);
    free(stage->archive);
    free(stage->shared);
    free(stage->person);
}

void sqlite_backup_stage_drop_person(const struct backup_stage *stage)
{
    remove_file_in(stage->lock, "person");
}

int sqlite_backup_stage_sync_parent(const struct backup_stage *stage, struct hearth_call *call)
{
    char *parent = parent_of(stage->directory);
    if (parent == NULL)
        return support_no_memory(call);
    int r = sqlite_files_sync_directory(call, parent);
    free(parent);
    return r;
}
