/* What the bookmarks of this folder leave to each plugin, the row itself, in a batch; and what
 * they share besides. */
#ifndef STORAGE_SQL_BOOKMARK_HOOKS_H
#define STORAGE_SQL_BOOKMARK_HOOKS_H

#include "hearth/storage.h"

struct handle;
struct op;

/* Writes the row, counts it, and takes the tombstone of a new one away. ret_is_new: surely new;
 * false where nobody asks. */
int sql_bookmark_write(struct handle *handle, const struct hearth_bookmark *bookmark,
                       bool *ret_is_new);
/* Removes the row, or all that a source has, and counts. */
int sql_bookmark_erase(struct handle *handle, const char *guid);
int sql_bookmark_erase_all(struct handle *handle, int64_t source);

int sql_bookmark_insert_tag(struct handle *handle, const struct hearth_bookmark *bookmark,
                            const char *folded, const char *tag);
int sql_bookmark_insert_claim(struct handle *handle, int64_t source, const char *folder,
                              int64_t position, const char *child);
int sql_bookmark_move(struct handle *handle, const char *guid, const char *parent,
                      int64_t position); /* NOT_FOUND, without words */

/* What a batch knows. false: surely not there */
bool sql_bookmark_expect(struct op *op, const char *account, const char *guid);
/* false: the folder has surely no list of children; from now on it may have one. Or an error. */
int sql_bookmark_expect_list(struct handle *handle, const char *folder);
/* It is there. */
void sql_bookmark_note(struct op *op, const char *account, const char *guid);

/* The children of a folder are counted by triggers. Where these only write down what moves, it is
 * added up before anybody reads the count. */
void sql_bookmark_will_move(struct handle *handle);
bool sql_bookmark_has_moved(const struct handle *handle);
int sql_bookmark_add_moves(struct handle *handle); /* nothing has moved: does nothing */

/* Whether a kind is one that people mean by "a bookmark": it is counted, listed by time and by
 * tag. */
static inline bool bookmark_is_item(int64_t kind)
{
    return kind == HEARTH_BOOKMARK || kind == HEARTH_QUERY || kind == HEARTH_LIVEMARK;
}

/* The next tag of a field "tags" from *at, which moves on; its size, 0: no more. */
size_t sql_bookmark_next_tag(const char **at, const char **ret_tag);

#endif
