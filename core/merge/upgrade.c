#include "merge/upgrade.h"

#include "merge/bookmark_rules.h"
#include "merge/upgrade_urls.h"

int merge_upgrade_account(struct storage *storage, const char *account,
                          struct upgraded *ret_upgraded, struct err *err)
{
    struct upgraded_urls urls = {0};
    int64_t generation = 0;
    *ret_upgraded = (struct upgraded){0};
    int r = merge_upgrade_urls(storage, account, &urls, err);
    ret_upgraded->generation = urls.generation;
    ret_upgraded->pages = urls.pages;
    if (r == 0)
        r = merge_upgrade_bookmarks(storage, account, &generation, err);
    if (r == 0 && generation != 0)
        ret_upgraded->generation = generation;
    return r;
}
