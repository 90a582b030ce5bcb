/* An opened storage plugin, and one handle of it with the call context that its operations need:
 * what a thread holds to read and write. */
#ifndef HEARTH_CORE_PLUG_STORAGE_H
#define HEARTH_CORE_PLUG_STORAGE_H

#include "hearth/storage.h"
#include "plug/breaker.h"
#include "plug/call.h"

/* An opened storage plugin. */
struct opened_storage {
    const struct hearth_storage *ops;
    const struct hearth_storage_bulk *bulk; /* its extensions; NULL: it has not */
    const struct hearth_storage_ahead *ahead;
    const struct hearth_storage_paths *paths;
    const struct hearth_storage_push *push;
    const struct hearth_storage_changes *changes;
    const struct hearth_storage_backup *backup;
    /* what it cannot keep; NULL: it keeps what the headers say */
    const struct hearth_limits *limits;
    void *self;
};

/* A handle. One thread at a time. */
struct storage {
    const struct hearth_storage *ops;
    const struct hearth_storage_bulk *bulk;       /* NULL: each page is asked for */
    const struct hearth_storage_ahead *ahead;     /* NULL: it is near enough */
    const struct hearth_storage_paths *paths;     /* NULL: each folder is asked for */
    const struct hearth_storage_changes *changes; /* NULL: nobody can say what changed */
    const struct hearth_storage_push *push;       /* NULL: nobody can register */
    const struct hearth_storage_backup *backup;   /* NULL: the database has tools of its own */
    const struct hearth_limits *limits;
    void *handle;
    bool asked;              /* ahead, since plug_storage_reset() */
    struct call call;        /* results live until plug_storage_reset() */
    struct breaker *breaker; /* of the database; NULL: nobody watches it */
    /* a file of the database, borrowed; NULL: it has none that is known, such as one on another
     * machine */
    const char *place;
};

/* stop: polled by long operations; NULL. */
int plug_storage_open(struct storage *storage, const struct opened_storage *opened,
                      const atomic_bool *stop, struct err *err);
/* The same for a database with a breaker (NULL: without): UNAVAILABLE at once when it is open.
 * deadline: monotonic ms, for the opening and for the calls that follow; 0: none. */
int plug_storage_open_until(struct storage *storage, const struct opened_storage *opened,
                            const atomic_bool *stop, struct breaker *breaker, int64_t deadline,
                            struct err *err);
void plug_storage_close(struct storage *storage);
void plug_storage_reset(struct storage *storage); /* frees the results of earlier operations */

/* pages_get(), or page_get() for each where a storage has no such extension. */
int plug_storage_pages_get(struct storage *storage, const char *account, const int64_t *pages,
                           size_t count, hearth_page_cb cb, void *ctx, struct err *err);

/* visits_of_pages() and bookmarks_of_pages(), or their like for one page, page by page. */
int plug_storage_visits_of_pages(struct storage *storage, const char *account, const int64_t *pages,
                                 size_t count, hearth_page_visit_cb cb, void *ctx, struct err *err);
int plug_storage_bookmarks_of_pages(struct storage *storage, const char *account,
                                    const int64_t *pages, size_t count, hearth_bookmark_cb cb,
                                    void *ctx, struct err *err);

/* bookmark_path(), or bookmark_get() for each where a storage has no such extension. */
int plug_storage_bookmark_path(struct storage *storage, const char *account, const char *guid,
                               hearth_bookmark_cb cb, void *ctx, struct err *err);
/* The same asked ahead, as by STORAGE_ASK(). */
void plug_storage_ask_bookmark_path(struct storage *storage, const char *account, const char *guid);

/* What is going to be read, asked for at once, where that is worth while:
 *
 *     if (plug_storage_ask_begin(storage)) {
 *         STORAGE_ASK(storage, page_get, account, id, &page);
 *         STORAGE_ASK(storage, page_visits, account, id, NULL, NULL);
 *         plug_storage_ask_end(storage);
 *     }
 *
 * Nothing comes of these calls but that STORAGE() with the same arguments may answer sooner. */
bool plug_storage_ask_begin(struct storage *storage);
void plug_storage_ask_end(struct storage *storage);
#define STORAGE_ASK(storage, operation, ...) STORAGE_ASK_OF(storage, ops, operation, __VA_ARGS__)
#define STORAGE_ASK_OF(storage, table, operation, ...)                                             \
    (lock_border("a plugin is asked ahead: " #operation),                                          \
     (void)(storage)->table->operation((storage)->handle, &(storage)->call.hearth, __VA_ARGS__))

/* What STORAGE() does around the operation. */
bool plug_storage_allows(struct storage *storage);
int plug_storage_check(struct storage *storage, int code, struct err *err);

/* STORAGE(storage, err, account_get, id, &account): calls one operation; 0, or the code with `err`
 * filled. While the breaker of the database is open nothing is called: UNAVAILABLE at once. */
#define STORAGE(storage, err, operation, ...)                                                      \
    STORAGE_OF(storage, ops, err, operation __VA_OPT__(, ) __VA_ARGS__)
/* The same for a table that is an extension and known to be there: `bulk`, `changes`, `push`,
 * `backup`. */
#define STORAGE_OF(storage, table, err, operation, ...)                                            \
    (lock_border("a plugin is called: " #operation),                                               \
     plug_storage_check(                                                                           \
         (storage),                                                                                \
         plug_storage_allows(storage)                                                              \
             ? (storage)->table->operation((storage)->handle,                                      \
                                           &(storage)->call.hearth __VA_OPT__(, ) __VA_ARGS__)     \
             : HEARTH_ERR_UNAVAILABLE,                                                             \
         (err)))

#endif
