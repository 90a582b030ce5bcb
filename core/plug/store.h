/* An opened storage plugin, and one session of it with the call context that its operations need: what a thread holds to read and write. */
#ifndef HEARTH_CORE_PLUG_STORE_H
#define HEARTH_CORE_PLUG_STORE_H

#include "hearth/storage.h"
#include "plug/breaker.h"
#include "plug/call.h"

/* An opened storage plugin. */
struct opened_storage {
    const struct hearth_storage *ops;
    const struct hearth_storage_bulk *bulk; /* its extensions; NULL: it has not */
    const struct hearth_storage_backup *backup;
    const struct hearth_limits *limits; /* what it cannot keep; NULL: it keeps what the headers say */
    void *self;
};

/* A session. One thread at a time. */
struct store {
    const struct hearth_storage *ops;
    const struct hearth_storage_bulk *bulk;     /* NULL: each page is asked for */
    const struct hearth_storage_backup *backup; /* NULL: the database has tools of its own */
    const struct hearth_limits *limits;
    void *session;
    struct call call;        /* results live until store_reset() */
    struct breaker *breaker; /* of the database; NULL: nobody watches it */
    const char *place;       /* a file of the database, borrowed; NULL: it has none that is known, such as one on another machine */
};

/* stop: polled by long operations; NULL. */
int store_open(struct store *store, const struct opened_storage *opened, const atomic_bool *stop, struct err *err);
/* The same for a database with a breaker (NULL: without): UNAVAILABLE at once when it is open. deadline: monotonic ms, for the opening
 * and for the calls that follow; 0: none. */
int store_open_until(struct store *store, const struct opened_storage *opened, const atomic_bool *stop, struct breaker *breaker, int64_t deadline,
                     struct err *err);
void store_close(struct store *store);
void store_reset(struct store *store); /* frees the results of earlier operations */

/* pages_get(), or page_get() for each where a storage has no such extension. */
int store_pages_get(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb, void *ctx,
                    struct err *err);

/* visits_of_pages() and bookmarks_of_pages(), or their like for one page, page by page. */
int store_visits_of_pages(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx,
                          struct err *err);
int store_bookmarks_of_pages(struct store *store, const char *account, const int64_t *pages, size_t count, hearth_bookmark_cb cb, void *ctx,
                             struct err *err);

/* What STORE() does around the operation. */
bool store_allows(struct store *store);
int store_check(struct store *store, int code, struct err *err);

/* STORE(store, err, account_get, id, &account): calls one operation; 0, or the code with `err` filled. While the breaker of the database is
 * open nothing is called: UNAVAILABLE at once. */
#define STORE(store, err, operation, ...) STORE_OF(store, ops, err, operation __VA_OPT__(, ) __VA_ARGS__)
/* The same for a table that is an extension and known to be there: `bulk`, `backup`. */
#define STORE_OF(store, table, err, operation, ...)                                                                                        \
    (lock_border("a plugin is called: " #operation),                                                                                       \
     store_check((store),                                                                                                                  \
                 store_allows(store) ? (store)->table->operation((store)->session, &(store)->call.hearth __VA_OPT__(, ) __VA_ARGS__)       \
                                     : HEARTH_ERR_UNAVAILABLE,                                                                             \
                 (err)))

#endif
