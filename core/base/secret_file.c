#include "base/secret_file.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define CONTAINER_SECRETS "/run/secrets/"

int secret_file_check(const char *path, const struct stat *st, struct err *err)
{
    unsigned mode = (unsigned)st->st_mode & 07777;
    bool engines = str_starts(path, CONTAINER_SECRETS) && strstr(path, "/../") == NULL;
    unsigned others = engines ? S_IWOTH : S_IRWXO;
    if (geteuid() != 0 && st->st_uid != 0 && st->st_uid != geteuid())
        return err_set(err, HEARTH_ERR_DENIED,
                       "%s holds secrets and belongs to another user (number %u): run chown on it, "
                       "so that it is root's or the one's that "
                       "hearthd runs as (number %u)",
                       path, (unsigned)st->st_uid, (unsigned)geteuid());
    if ((mode & others) != 0)
        return err_set(err, HEARTH_ERR_DENIED,
                       "%s holds secrets and can be read by others (mode %04o): run chmod 600 on "
                       "it, or 640 when its group is to read it",
                       path, mode);
    if ((mode & S_IWGRP) != 0)
        return err_set(
            err, HEARTH_ERR_DENIED,
            "%s holds secrets and can be changed by its group (mode %04o): run chmod 640 on it",
            path, mode);
    return 0;
}
