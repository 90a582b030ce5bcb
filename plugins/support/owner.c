#include "support/owner.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void support_owner_give(int fd, const char *path)
{
    struct stat folder;
    if (fd < 0 || geteuid() != 0)
        return;
    char *name = strdup(path), *slash = name == NULL ? NULL : strrchr(name, '/');
    if (slash != NULL) {
        slash[1] = '\0';
        /* It is as private as it was made when it stays root's. */
        int r = stat(name, &folder) == 0 ? fchown(fd, folder.st_uid, folder.st_gid) : 0;
        (void)r;
    }
    free(name);
}

void support_owner_give_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    support_owner_give(fd, path);
    if (fd >= 0)
        close(fd);
}
