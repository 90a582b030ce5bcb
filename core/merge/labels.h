/* Tags and keywords, which belong to a URL: each bookmark of it is stored with those of its URL,
 * beside what its own record says. They are a function of the bookmarks that are shown:
 *   - Tags are the union over the bookmarks of the URL whose record is at most LABELS_SPAN older
 *     than the newest of them. A Firefox that changes the tags of a URL writes all its bookmarks at
 *     once; another program that changes one of them means the URL, too. A comma parts two tags.
 *   - Keywords are in lower case. One keyword leads to one URL, and a URL has one: as Firefox gives
 *     them out, by keyword, then by where the bookmark is in the tree, to whom has none yet. Which
 *     record is newer does not matter.
 * Each source is for itself; a keyword that two have is that of the smaller source. */
#ifndef HEARTH_CORE_MERGE_LABELS_H
#define HEARTH_CORE_MERGE_LABELS_H

#include "base/number_set.h"
#include "merge/apply.h"

struct model_tree; /* repaired */

enum {
    LABELS_SPAN = 10000, /* ms: the records of one upload may differ so much */
    /* Bytes of tags that are stored for one URL: those of one copy times the number of copies.
     * Where that is more, each copy has the first LABELS_LEAST of them all the same. */
    LABELS_BYTES = 1 << 20,
    LABELS_LEAST = 256
};

/* What a record says, by itself, as it is stored: texts of the arena; NULL: none. NOMEM. */
int merge_labels_tags(struct arena *arena, const char *said, const char **ret_tags);
int merge_labels_keyword(struct arena *arena, const char *said, const char **ret_keyword);

/* In a batch: the tags of all bookmarks of a page. *ret_changed: some were others. */
int merge_labels_apply_tags(struct apply *apply, int64_t page, bool *ret_changed, struct err *err);
/* The keywords of all bookmarks of the account. touched: pages of those that changed are added. */
int merge_labels_apply_keywords(struct apply *apply, struct model_tree *tree,
                                struct number_set *touched, struct err *err);

/* Writes one text of a stored bookmark anew. */
enum labels_text { LABELS_TAGS, LABELS_KEYWORD };
int merge_labels_rewrite(struct apply *apply, const char *guid, enum labels_text which,
                         const char *text, struct err *err);

#endif
