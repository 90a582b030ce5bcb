#include "base/owner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

void owner_give(int fd, const char *path)
{
    struct stat folder;
    if (geteuid() != 0)
        return;
    size_t size = strlen(path) + 2;
    char *name = malloc(size);
    if (name != NULL)
        str_folder(path, name, size);
    int r = name == NULL || stat(name, &folder) != 0 ? 0 : fchown(fd, folder.st_uid, folder.st_gid);
    (void)r;
    free(name);
}
