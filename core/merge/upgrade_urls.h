/* Accounts whose rows are from before URLs had one form. */
#ifndef HEARTH_CORE_MERGE_UPGRADE_URLS_H
#define HEARTH_CORE_MERGE_UPGRADE_URLS_H

#include "plug/storage.h"

struct upgraded_urls {
    int64_t generation; /* of the last batch that changed something; 0: there was none */
    int64_t pages;      /* that were not in their canonical form */
};

/* Outside of a batch: unites the account's pages whose URLs are the same (unite_pages.h), with what
 * people removed and picked, and makes the URLs of its tabs canonical, in batches of their own that
 * can be interrupted and repeated. What has been looked at is remembered, as a cursor of
 * MERGE_OWN_SOURCE: from then on only pages that have changed are looked at, because a process of
 * an older release may still write. Nothing to do costs two reads. */
int merge_upgrade_urls(struct storage *storage, const char *account,
                       struct upgraded_urls *ret_upgraded, struct err *err);

/* No source has this number: the cursors of the core itself. */
enum { MERGE_OWN_SOURCE = 65535 };

#endif
