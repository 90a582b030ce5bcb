/* The database, its handles, and what every operation does at its beginning and end. */
#ifndef STORAGE_MEM_DATABASE_H
#define STORAGE_MEM_DATABASE_H

#include <pthread.h>

#include "hearth/storage.h"
#include "rows.h"

struct database {
    const struct hearth_host *host;
    pthread_mutex_t lock;   /* guards what follows; held for moments, never during a callback */
    pthread_cond_t changed; /* a writer has ended, or somebody was interrupted */
    struct world *world;    /* what readers see */
    /* somebody is about to publish another world: for moments, a batch that is open does not
     * count */
    bool writing;
    struct handle *batches; /* with an open batch: one for each account at most */
    bool migrated;
};

struct handle {
    struct database *database;
    struct hearth_call *call; /* of the running operation */
    struct account *batch;    /* the open batch's own copy of its account; NULL: none is open */
    struct handle *next;      /* of database->batches */
    char account[40];         /* of the batch */
    int64_t generation;
    int32_t collection;
    int broken; /* the batch's first error: it cannot be committed */
    bool waiting, interrupted;
};

/* The world to read: the published one, in a batch with what that has written laid over it. Give
 * it to mem_world_unref(). NULL: the call has to end, with *ret_code. */
struct world *mem_read_begin(struct handle *handle, struct hearth_call *call, int *ret_code);
/* CANCELLED or TIMEOUT, with a text; 0. */
int mem_call_stopped(struct handle *handle, struct hearth_call *call);

/* A write that is atomic by itself, also in a batch, which it does not belong to: the world to
 * change, or NULL with *ret_code. It waits for others of its kind, and for no batch. */
struct world *mem_write_begin(struct handle *handle, struct hearth_call *call, int *ret_code);
/* publishes it when code is 0; returns code */
int mem_write_end(struct handle *handle, struct world *world, int code);

/* In a batch: its account, to be changed; NULL: *ret_code. */
struct account *mem_batch_account(struct handle *handle, struct hearth_call *call, int *ret_code);
/* NOMEM and its like break the batch; returns code */
int mem_batch_end(struct handle *handle, int code);

int mem_no_memory(struct hearth_call *call);
int mem_no_account(struct hearth_call *call);
/* INVALID: a part of the key of a record is missing, or outside of what its table allows. */
int mem_key_check(struct hearth_call *call, enum table_name table, const void *record);
/* Memory of the call; NULL stays NULL; false: short. */
bool mem_text_keep(struct handle *handle, struct hearth_call *call, const char **text);
/* A record for the caller: its texts in the memory of the call, as much of the struct as the
 * caller knows. 0 or NOMEM. */
int mem_record_give(struct handle *handle, struct hearth_call *call, enum table_name table,
                    const void *record, void *ret_record);

/* A list: rows of one moment of one account, in whatever order, and the account as it was then:
 * whoever changes it meanwhile, also the handle's own callback, changes a copy. */
struct list {
    struct account *account; /* NULL: there is no such account, and there are no rows */
    struct row **rows;
    size_t count;
};
/* 0 or an error. `matches`: NULL, all. */
int mem_list_make(struct handle *handle, struct hearth_call *call, const char *account,
                  enum table_name name, bool (*matches)(const struct row *row, const void *what),
                  const void *what, struct list *ret_list);
/* More rows of the same moment behind those that are there. An error leaves the list as it is. */
int mem_list_add(struct hearth_call *call, struct list *list, enum table_name name,
                 bool (*matches)(const struct row *row, const void *what), const void *what);
/* over struct row ** */
void mem_list_sort(struct list *list, int (*order)(const void *a, const void *b));
void mem_list_free(struct list *list);
/* Goes through the list, deliver() each row until it returns non-zero or the call has to end;
 * frees the list. */
int mem_list_deliver(struct handle *handle, struct hearth_call *call, struct list *list,
                     int (*deliver)(void *ctx, const struct row *row), void *ctx);

/* Copies a result into the caller's struct, which may be shorter than ours. */
#define RESULT_GIVE(result, ret_result)                                                            \
    do {                                                                                           \
        uint32_t room_ = (ret_result)->struct_size;                                                \
        uint32_t size_ =                                                                           \
            room_ > 0 && room_ < sizeof(*(ret_result)) ? room_ : (uint32_t)sizeof(*(ret_result));  \
        memcpy((ret_result), &(result), size_);                                                    \
        (ret_result)->struct_size = size_;                                                         \
    } while (0)

/* The operations; hearth/storage.h says what they do. */
#define OPERATION(name, ...) int mem_##name(void *handle, struct hearth_call *call, __VA_ARGS__)
OPERATION(account_create, const struct hearth_account *account);
OPERATION(account_update, const struct hearth_account *account, uint64_t fields);
OPERATION(account_get, const char *account, struct hearth_account *ret_account);
OPERATION(account_by_email, const char *email, struct hearth_account *ret_account);
OPERATION(account_list, hearth_account_cb cb, void *ctx);
OPERATION(account_remove, const char *account);
OPERATION(account_lease_due, int64_t now, int64_t leased_until, int64_t limit, hearth_account_cb cb,
          void *ctx);
OPERATION(counts, const char *account, struct hearth_counts *ret_counts);
OPERATION(credentials_put, const char *account, int64_t source, const void *sealed, size_t size);
OPERATION(credentials_get, const char *account, int64_t source, const void **ret_sealed,
          size_t *ret_size);
OPERATION(settings_put, const char *account, const char *json);
OPERATION(settings_get, const char *account, const char **ret_json);
OPERATION(token_create, const struct hearth_token *token);
OPERATION(token_by_hash, const uint8_t hash[32], struct hearth_token *ret_token);
OPERATION(token_list, const char *account, hearth_token_cb cb, void *ctx);
OPERATION(token_remove, const char *account, const char *id);
OPERATION(token_used, const char *account, const char *id, int64_t when);
OPERATION(pick_put, const char *account, const struct hearth_pick *pick);
OPERATION(pick_list, const char *account, hearth_pick_cb cb, void *ctx);
OPERATION(removed_here_put, const char *account, const struct hearth_removed_here *removed);
OPERATION(removed_here_remove, const char *account, const char *id);
OPERATION(removed_here_list, const char *account, hearth_removed_here_cb cb, void *ctx);
OPERATION(source_put, const char *account, const struct hearth_source *source);
OPERATION(source_remove, const char *account, int64_t id);
OPERATION(source_list, const char *account, hearth_source_cb cb, void *ctx);
OPERATION(batch_begin, const char *account, int32_t collection, int64_t *ret_generation);
OPERATION(batch_commit, bool changed);
void mem_batch_abort(void *handle);
OPERATION(sync_cursor_put, int64_t source, int32_t collection, const char *text);
OPERATION(device_put, const struct hearth_device *device);
OPERATION(device_remove, const char *device);
OPERATION(tab_put, const char *device, const struct hearth_tab *tab);
OPERATION(tab_group_put, const char *device, const struct hearth_tab_group *group);
OPERATION(tabs_clear, const char *device);
OPERATION(page_put, const struct hearth_page *page);
OPERATION(page_remove, int64_t page);
OPERATION(page_by_guid, const char *guid, int64_t *ret_page);
OPERATION(page_guid_put, const char *guid, int64_t page);
OPERATION(page_guid_remove, const char *guid);
OPERATION(visits_put, int64_t page, const struct hearth_visit *visits, size_t count,
          int64_t *ret_added);
OPERATION(visits_remove, int64_t page);
OPERATION(bookmark_put, const struct hearth_bookmark *bookmark);
OPERATION(bookmark_remove, const char *guid);
OPERATION(bookmark_clear, int64_t source);
OPERATION(bookmark_children_put, int64_t source, const char *folder, const char *const *children,
          size_t count);
OPERATION(bookmark_place, const char *guid, const char *parent, int64_t position);
OPERATION(device_hide, const char *device, bool hidden);
OPERATION(sync_cursor_list, const char *account, hearth_sync_cursor_cb cb, void *ctx);
OPERATION(generation_list, const char *account, hearth_generation_cb cb, void *ctx);
OPERATION(device_list, const char *account, hearth_device_cb cb, void *ctx);
OPERATION(tab_list, const char *account, const char *device, hearth_tab_cb cb, void *ctx);
OPERATION(tab_group_list, const char *account, const char *device, hearth_tab_group_cb cb,
          void *ctx);
OPERATION(page_get, const char *account, int64_t page, struct hearth_page *ret_page);
OPERATION(page_visits, const char *account, int64_t page, hearth_visit_cb cb, void *ctx);
OPERATION(pages_by_frecency, const char *account, hearth_page_cb cb, void *ctx);
OPERATION(pages_changed, const char *account, int64_t since, hearth_page_cb cb, void *ctx);
OPERATION(removals_since, const char *account, int64_t since, hearth_removal_cb cb, void *ctx);
OPERATION(visit_list, const char *account, const struct hearth_visit_query *query,
          hearth_visit_row_cb cb, void *ctx);
OPERATION(visit_dates, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb,
          void *ctx);
OPERATION(bookmark_get, const char *account, const char *guid,
          struct hearth_bookmark *ret_bookmark);
OPERATION(bookmark_list, const char *account, const struct hearth_bookmark_query *query,
          hearth_bookmark_cb cb, void *ctx);
OPERATION(bookmarks_of_page, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx);
OPERATION(bookmark_items, const char *account, hearth_bookmark_item_cb cb, void *ctx);
OPERATION(bookmark_tombstones, const char *account, hearth_bookmark_item_cb cb, void *ctx);
OPERATION(bookmark_children, const char *account, hearth_child_cb cb, void *ctx);
OPERATION(tag_list, const char *account, hearth_tag_cb cb, void *ctx);
OPERATION(page_guid_list, const char *account, hearth_page_guid_cb cb, void *ctx);
OPERATION(identity_put, const char *account, const struct hearth_account_identity *identity);
OPERATION(identity_remove, const char *account, const char *issuer, const char *subject);
OPERATION(identity_list, const char *account, hearth_account_identity_cb cb, void *ctx);
OPERATION(account_by_identity, const char *issuer, const char *subject,
          struct hearth_account *ret_account);
OPERATION(property_put, const char *name, const char *text, bool replace);
OPERATION(property_get, const char *name, const char **ret_text);
/* hearth_plugin.extension */
const void *mem_extension(const char *name);
/* In a write: the identity that a new account has by its provider and uid. 0, or an error and
 * nothing is there. */
int mem_identity_add_first(struct world *world, struct hearth_call *call,
                           const struct hearth_account *account);
/* Whoever has found an account gives it away with this; NULL: NOT_FOUND. */
int mem_account_give(struct handle *handle, struct hearth_call *call, const struct account *found,
                     struct hearth_account *ret_account);

#endif
