#include "merge/limits.h"

#include <inttypes.h>
#include <sys/statvfs.h>

static int too_many(const char *collection, int64_t now, const char *what, const char *key, int64_t limit, struct err *err)
{
    return err_set(err, HEARTH_ERR_FULL,
                   "this account would have %" PRId64 " %s, and %" PRId64
                   " is the most that this server keeps for one ([limits] %s): the %s "
                   "of this sync were not stored, and everything that was here stays; remove some in Firefox, or ask whoever runs the "
                   "server to raise the limit",
                   now, what, limit, key, collection);
}

static int too_many_devices(const char *collection, int64_t now, const char *what, int64_t most, struct err *err)
{
    return err_set(err, HEARTH_ERR_FULL,
                   "this account would have %" PRId64 " %s, and %" PRId64
                   " is the most that Hearth keeps for one: the %s of this sync were not stored, and everything that was here stays; sign "
                   "devices out in Firefox that are not used any more",
                   now, what, most, collection);
}

int limits_check_counts(const struct limits *limits, const struct hearth_counts *before, const struct hearth_counts *now,
                        const char *collection, struct err *err)
{
    int64_t entries = now->bookmarks + now->folders;
    if (now->devices > LIMITS_DEVICES && now->devices > before->devices)
        return too_many_devices(collection, now->devices, "devices", LIMITS_DEVICES, err);
    if (now->tabs > LIMITS_TABS && now->tabs > before->tabs)
        return too_many_devices(collection, now->tabs, "open tabs", LIMITS_TABS, err);
    if (limits->pages > 0 && now->pages > limits->pages && now->pages > before->pages)
        return too_many(collection, now->pages, "pages in its history", "pages", limits->pages, err);
    if (limits->bookmarks > 0 && entries > limits->bookmarks && entries > before->bookmarks + before->folders)
        return too_many(collection, entries, "bookmarks and folders", "bookmarks", limits->bookmarks, err);
    if (limits->space > 0 && now->space > limits->space && now->space > before->space)
        return too_many(collection, now->space, "bytes", "space", limits->space, err);
    return 0;
}

int limits_check_spool(const struct limits *limits, int64_t size, struct err *err)
{
    if (limits == NULL || limits->space == 0 || size <= limits->space)
        return 0;
    return err_set(err, HEARTH_ERR_FULL,
                   "the Sync server gives more than %" PRId64 " bytes at once, the most that this server keeps for one account "
                   "([limits] space): nothing of them was stored, and everything that was here stays; remove some in Firefox, or ask "
                   "whoever runs the server to raise the limit",
                   limits->space);
}

int limits_check_free(const struct limits *limits, const char *place, int64_t size, struct err *err)
{
    struct statvfs disk;
    if (limits == NULL || limits->free_space == 0 || place == NULL || statvfs(place, &disk) != 0)
        return 0;
    int64_t left = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize - size;
    if (left >= limits->free_space)
        return 0;
    return err_set(err, HEARTH_ERR_FULL,
                   "%s: the disk of this server is nearly full, less than %" PRId64 " bytes are free ([limits] free_space): nothing of "
                   "this sync was stored, and everything that was here stays; whoever runs the server has to make room",
                   place, limits->free_space);
}
