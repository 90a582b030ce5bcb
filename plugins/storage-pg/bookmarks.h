/* Bookmarks: rows, what folders claim, tombstones, tags. */
#ifndef STORAGE_PG_BOOKMARKS_H
#define STORAGE_PG_BOOKMARKS_H

#include "store.h"

/* In a batch. */
int bookmark_put(void *session, struct hearth_call *call, const struct hearth_bookmark *bookmark);
int bookmark_remove(void *session, struct hearth_call *call, const char *guid);
int bookmark_clear(void *session, struct hearth_call *call);
int bookmark_claims_put(void *session, struct hearth_call *call, const char *folder, const char *const *children, size_t count);
int bookmark_place(void *session, struct hearth_call *call, const char *guid, const char *parent, int64_t position);

/* Adds what was moved in this batch to the children of folders. */
int bookmark_add_moves(struct session *session);

int bookmark_get(void *session, struct hearth_call *call, const char *account, const char *guid, struct hearth_bookmark *ret_bookmark);
int bookmark_list(void *session, struct hearth_call *call, const char *account, const struct hearth_bookmark_query *query,
                  hearth_bookmark_cb cb, void *ctx);
int bookmarks_of_page(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx);
int bookmarks_of_pages(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count,
                       hearth_bookmark_cb cb, void *ctx);
int bookmark_nodes(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx);
int bookmark_tombstones(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx);
int bookmark_claims(void *session, struct hearth_call *call, const char *account, hearth_claim_cb cb, void *ctx);
int bookmark_tag_list(void *session, struct hearth_call *call, const char *account, hearth_tag_cb cb, void *ctx);

/* Whether a kind is one that people mean by "a bookmark": it is counted, listed by time and by tag. */
static inline bool bookmark_is_item(int32_t kind)
{
    return kind == HEARTH_BOOKMARK || kind == HEARTH_QUERY || kind == HEARTH_LIVEMARK;
}

/* The next tag of a field "tags" from *at, which moves on; its size, 0: no more. */
size_t bookmark_next_tag(const char **at, const char **ret_tag);

#endif
