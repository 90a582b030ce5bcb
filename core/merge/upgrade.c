#include "merge/upgrade.h"

#include "merge/bookmark_rules.h"
#include "merge/upgrade_urls.h"

/* A page of another URL is told of in all of them. */
static unsigned every_collection(void)
{
    unsigned all = 0;
    for (int32_t c = 1; c < HEARTH_COLLECTION_SLOTS; c++)
        all |= 1u << c;
    return all;
}

int merge_upgrade_account(struct storage *storage, const char *account,
                          struct upgraded *ret_upgraded, struct err *err)
{
    struct upgraded_urls urls = {0};
    int64_t generation = 0;
    *ret_upgraded = (struct upgraded){0};
    int r = merge_upgrade_urls(storage, account, &urls, err);
    ret_upgraded->generation = urls.generation;
    ret_upgraded->pages = urls.pages;
    if (urls.generation != 0)
        ret_upgraded->changed = every_collection();
    if (r == 0)
        r = merge_upgrade_bookmarks(storage, account, &generation, err);
    if (r == 0 && generation != 0) {
        ret_upgraded->generation = generation;
        ret_upgraded->changed |= 1u << HEARTH_BOOKMARKS | 1u << HEARTH_HISTORY;
    }
    return r;
}
