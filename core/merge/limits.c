#include "merge/limits.h"

#include <sys/statvfs.h>

#include "merge/messages.h"

static int limits_refuse(struct hearth_sentence sentence, struct message_kept *ret_why,
                         struct err *err)
{
    message_keep_sentence(ret_why, sentence);
    return err_set(err, HEARTH_ERR_FULL, "%s", ret_why->text);
}

int merge_limits_check_counts(const struct limits *limits, const struct hearth_counts *before,
                              const struct hearth_counts *now, const char *collection,
                              struct message_kept *ret_why, struct err *err)
{
    int64_t entries = now->bookmarks + now->folders;
    if (now->devices > LIMITS_DEVICES && now->devices > before->devices)
        return limits_refuse(merge_says_devices(now->devices, LIMITS_DEVICES, collection), ret_why,
                             err);
    if (now->tabs > LIMITS_TABS && now->tabs > before->tabs)
        return limits_refuse(merge_says_tabs(now->tabs, LIMITS_TABS, collection), ret_why, err);
    if (limits->pages > 0 && now->pages > limits->pages && now->pages > before->pages)
        return limits_refuse(merge_says_pages(now->pages, limits->pages, collection), ret_why, err);
    if (limits->bookmarks > 0 && entries > limits->bookmarks &&
        entries > before->bookmarks + before->folders)
        return limits_refuse(merge_says_bookmarks(entries, limits->bookmarks, collection), ret_why,
                             err);
    if (limits->space > 0 && now->space > limits->space && now->space > before->space)
        return limits_refuse(merge_says_space(now->space, limits->space, collection), ret_why, err);
    return 0;
}

int merge_limits_check_spool(const struct limits *limits, int64_t size,
                             struct message_kept *ret_why, struct err *err)
{
    if (limits == NULL || limits->space == 0 || size <= limits->space)
        return 0;
    return limits_refuse(merge_says_spool(limits->space), ret_why, err);
}

int merge_limits_check_free(const struct limits *limits, const char *place, int64_t size,
                            struct message_kept *ret_why, struct err *err)
{
    struct statvfs disk;
    if (limits == NULL || limits->free_space == 0 || place == NULL || statvfs(place, &disk) != 0)
        return 0;
    int64_t left = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize - size;
    if (left >= limits->free_space)
        return 0;
    limits_refuse(merge_says_free_space(limits->free_space), ret_why, err);
    return err_prefix(err, "%s", place);
}
