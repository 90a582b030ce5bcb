/* What is derived from all bookmarks of an account together: their places, whether they are shown,
 * tags and keywords, what pages say of them. */
#ifndef HEARTH_CORE_MERGE_BOOKMARK_RULES_H
#define HEARTH_CORE_MERGE_BOOKMARK_RULES_H

#include "base/number_set.h"
#include "merge/apply.h"

/* As Firefox has it, a record that cannot be opened is as one that is not there, and so are
 * livemarks, which it no longer knows. */
static inline bool merge_bookmark_is_usable(int64_t kind, const char *url)
{
    bool opens = kind == HEARTH_BOOKMARK || kind == HEARTH_QUERY;
    return kind != HEARTH_LIVEMARK && (!opens || (url != NULL && url[0] != '\0'));
}

/* Firefox shows by its URL what is a query, whatever its record calls itself. */
int64_t merge_bookmark_kind(int64_t said_kind, const char *url);

/* In a batch: brings everything up to date. touched: pages whose bookmarks changed; more are
 * added. */
int merge_bookmark_rules_derive(struct apply *apply, struct number_set *touched, struct err *err);
/* In a batch: everything is derived, whatever is stored of it. */
int merge_bookmark_rules_settle(struct apply *apply, struct err *err);

/* Brings the bookmarks of an account to today's rules, in a batch of its own that can be repeated;
 * where they are, which the row "places" says, it costs one read. What no longer can be known
 * stays: dates of adding, and records that today's rules do not take (unknown types).
 * *ret_generation: of the batch; 0: there was none. */
int merge_upgrade_bookmarks(struct storage *storage, const char *account, int64_t *ret_generation,
                            struct err *err);

#endif
