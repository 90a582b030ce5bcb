/* One storage session with the call context that its operations need: what a thread holds to read and write. */
#ifndef HEARTH_CORE_PLUG_STORE_H
#define HEARTH_CORE_PLUG_STORE_H

#include "hearth/storage.h"
#include "plug/call.h"

/* One thread at a time. */
struct store {
    const struct hearth_storage *ops;
    void *session;
    struct call call; /* results live until store_reset() */
};

/* self: the opened plugin instance. stop: polled by long operations; NULL. */
int store_open(struct store *store, const struct hearth_storage *ops, void *self, const atomic_bool *stop, struct err *err);
void store_close(struct store *store);
void store_reset(struct store *store); /* frees the results of earlier operations */

/* pages_get(), or page_get() for each where a plugin has no such operation. */
int store_pages_get(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb, void *ctx,
                    struct err *err);

/* visits_of_pages() and bookmarks_of_pages(), or their like for one page, page by page. */
int store_visits_of_pages(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx,
                          struct err *err);
int store_bookmarks_of_pages(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_bookmark_cb cb, void *ctx,
                             struct err *err);

/* STORE(store, err, account_get, id, &account): calls one operation; 0, or the code with `err` filled. */
#define STORE(store, err, operation, ...)                                                                                                  \
    call_check(&(store)->call, (store)->ops->operation((store)->session, &(store)->call.hearth __VA_OPT__(, ) __VA_ARGS__), (err))

#endif
