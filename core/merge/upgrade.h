/* What a new release makes of the rows of older ones. */
#ifndef HEARTH_CORE_MERGE_UPGRADE_H
#define HEARTH_CORE_MERGE_UPGRADE_H

#include "plug/storage.h"

struct upgraded {
    int64_t generation; /* of the last batch that changed something; 0: there was none */
    int64_t pages;      /* that were stored under another form of their URL */
};

/* Brings one account's rows to today's rules: URLs (upgrade_urls.h), then bookmarks
 * (bookmark_rules.h), in batches of their own, which can be interrupted and repeated. Nothing to do
 * costs three reads. When it fails, *ret_upgraded says what was done until then. */
int merge_upgrade_account(struct storage *storage, const char *account,
                          struct upgraded *ret_upgraded, struct err *err);

#endif
