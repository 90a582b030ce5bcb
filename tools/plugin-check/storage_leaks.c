/* Memory that stays behind, which no result shows: every listing, to its end and ended by its
 * callback, what is looked up, written, given up, refused. */
#include "storage_kit.h"

#include <stdlib.h>

/* ctx of a callback: NULL: all rows; else it ends the listing at the first one. */
#define ROW(name, ...) static int name(void *ctx, __VA_ARGS__)
#define LAST(row)                                                                                  \
    (void)(row);                                                                                   \
    return ctx != NULL

ROW(row_account, const struct hearth_account *row)
{
    LAST(row);
}

ROW(row_identity, const struct hearth_account_identity *row)
{
    LAST(row);
}

ROW(row_token, const struct hearth_token *row)
{
    LAST(row);
}

ROW(row_pick, const struct hearth_pick *row)
{
    LAST(row);
}

ROW(row_cursor, int64_t source, int32_t collection, const char *row)
{
    (void)source;
    (void)collection;
    LAST(row);
}

ROW(row_device, const struct hearth_device *row, int64_t tabs)
{
    (void)tabs;
    LAST(row);
}

ROW(row_tab, const char *device, const struct hearth_tab *row)
{
    (void)device;
    LAST(row);
}

ROW(row_page, const struct hearth_page *row)
{
    LAST(row);
}

ROW(row_visit, const struct hearth_visit *row)
{
    LAST(row);
}

ROW(row_visit_row, const struct hearth_visit_row *row)
{
    LAST(row);
}

ROW(row_bookmark, const struct hearth_bookmark *row)
{
    LAST(row);
}

ROW(row_node, const struct hearth_bookmark_item *row)
{
    LAST(row);
}

ROW(row_child, int64_t source, const char *folder, int64_t position, const char *row)
{
    (void)source;
    (void)folder;
    (void)position;
    LAST(row);
}

ROW(row_tag, const char *row, int64_t count)
{
    (void)count;
    LAST(row);
}

/* --- listings --- */

struct listing {
    const char *name;
    void (*list)(struct storage *storage, void *ctx);
};

#define LISTING(name, ...)                                                                         \
    static void list_##name(struct storage *storage, void *ctx)                                    \
    {                                                                                              \
        OK(storage, name, __VA_ARGS__, ctx);                                                       \
    }

LISTING(account_list, row_account)
LISTING(identity_list, "a", row_identity)
LISTING(token_list, "a", row_token)
LISTING(pick_list, "a", row_pick)
LISTING(sync_cursor_list, "a", row_cursor)
LISTING(device_list, "a", row_device)
LISTING(tab_list, "a", NULL, row_tab)
LISTING(page_visits, "a", 1, row_visit)
LISTING(pages_by_frecency, "a", row_page)
LISTING(pages_changed, "a", 0, row_page)
LISTING(visit_dates, "a", 0, 0, row_visit_row)
LISTING(bookmarks_of_page, "a", 1, row_bookmark)
LISTING(bookmark_items, "a", row_node)
LISTING(bookmark_tombstones, "a", row_node)
LISTING(bookmark_children, "a", row_child)
LISTING(tag_list, "a", row_tag)

static void list_visit_list(struct storage *storage, void *ctx)
{
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    OK(storage, visit_list, "a", &query, row_visit_row, ctx);
}

static void list_bookmark_list(struct storage *storage, void *ctx)
{
    struct hearth_bookmark_query query = {
        .struct_size = sizeof(query), .parent = "top", .after = -1};
    OK(storage, bookmark_list, "a", &query, row_bookmark, ctx);
    query = (struct hearth_bookmark_query){.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    OK(storage, bookmark_list, "a", &query, row_bookmark, ctx);
    query = (struct hearth_bookmark_query){
        .struct_size = sizeof(query), .order = HEARTH_BY_TAG, .tag = "one"};
    OK(storage, bookmark_list, "a", &query, row_bookmark, ctx);
}

static void list_account_lease_due(struct storage *storage, void *ctx)
{
    OK(storage, account_lease_due, INT64_MAX, 1, 10, row_account, ctx);
    OK(storage, account_lease_due, 1000, 2000, 10, row_account, ctx);
}

#define L(name)                                                                                    \
    {                                                                                              \
#name, list_##name                                                                         \
    }
static const struct listing listings[] = {
    L(account_list),      L(identity_list),     L(token_list),        L(pick_list),
    L(sync_cursor_list),  L(device_list),       L(tab_list),          L(page_visits),
    L(pages_by_frecency), L(pages_changed),     L(visit_dates),       L(visit_list),
    L(bookmark_list),     L(bookmarks_of_page), L(bookmark_items),    L(bookmark_tombstones),
    L(bookmark_children), L(tag_list),          L(account_lease_due),
};
#undef L

struct leak_step {
    struct kit *kit;
    const struct listing *listing;
    bool stops;
};

static void listing_step(void *ctx)
{
    struct leak_step *step = ctx;
    step->listing->list(&step->kit->storage, step->stops ? step : NULL);
    plug_storage_reset(&step->kit->storage);
}

/* --- the rest --- */

static void put_rows(struct storage *storage)
{
    const char *const children[] = {"b1", "b2"};
    for (int i = 0; i < 2; i++) {
        struct hearth_device device = {.struct_size = sizeof(device),
                                       .id = i == 0 ? "d1" : "d2",
                                       .name = "n",
                                       .type = "mobile"};
        struct hearth_tab tab = {
            .struct_size = sizeof(tab), .position = i, .title = "t", .url = "https://t/"};
        struct hearth_bookmark bookmark =
            kit_bookmark_make(i == 0 ? "b1" : "b2", HEARTH_BOOKMARK, "top", i);
        OK(storage, device_put, &device);
        OK(storage, tab_put, "d1", &tab);
        struct hearth_page page = kit_page_make(i + 1, i == 0 ? "https://u/1" : "https://u/2", "u");
        const struct hearth_visit visits[] = {HEARTH_VISIT(10 + i, 1), HEARTH_VISIT(20 + i, 2)};
        int64_t added;
        page.visit_count = 2;
        page.last_visit = 20 + i;
        OK(storage, page_put, &page);
        OK(storage, visits_put, i + 1, visits, 2, &added);
        OK(storage, page_guid_put, i == 0 ? "g1" : "g2", i + 1);
        bookmark.url = "https://u/1";
        bookmark.page = 1;
        bookmark.title = "title";
        bookmark.tags = "one\ntwo";
        OK(storage, bookmark_put, &bookmark);
        kit_bookmark_put(storage, i == 0 ? "gone1" : "gone2", HEARTH_BOOKMARK, "top", 7);
        OK(storage, bookmark_remove, i == 0 ? "gone1" : "gone2");
    }
    OK(storage, bookmark_children_put, 0, "top", children, 2);
    OK(storage, sync_cursor_put, 0, HEARTH_CLIENTS, "one");
    OK(storage, sync_cursor_put, 0, HEARTH_TABS, "two");
}

static void put_more(struct storage *storage)
{
    struct hearth_account account = {.struct_size = sizeof(account), .id = "a", .next_sync = 5};
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    account.id = "b";
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    for (int i = 0; i < 2; i++) {
        uint8_t hash[32] = {(uint8_t)(7 + i)};
        struct hearth_token token = {.struct_size = sizeof(token),
                                     .id = i == 0 ? "t1" : "t2",
                                     .account = "a",
                                     .name = "n",
                                     .hash = hash};
        struct hearth_account_identity identity = {
            .struct_size = sizeof(identity), .issuer = "proxy", .subject = i == 0 ? "x" : "y"};
        struct hearth_pick pick = {
            .struct_size = sizeof(pick), .input = i == 0 ? "in" : "put", .page = 1, .use_count = 1};
        OK(storage, token_create, &token);
        OK(storage, identity_put, "a", &identity);
        OK(storage, pick_put, "a", &pick);
    }
    OK(storage, settings_put, "a", "{}");
    OK(storage, credentials_put, "a", 0, "sealed", 6);
    OK(storage, property_put, "memory", "yes", true);
}

static void batch_step(void *ctx)
{
    struct leak_step *step = ctx;
    struct storage *storage = &step->kit->storage;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    put_rows(storage);
    if (step->stops)
        storage->ops->batch_abort(storage->handle);
    else
        kit_batch_commit(storage);
    plug_storage_reset(storage);
}

/* One that an operation has broken ends as well. */
static void broken_batch_step(void *ctx)
{
    struct leak_step *step = ctx;
    struct storage *storage = &step->kit->storage;
    int64_t added;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    put_rows(storage);
    storage->call.hearth.deadline = 1; /* long over */
    FAILS(TIMEOUT, storage, visits_put, 1, NULL, 0, &added);
    storage->call.hearth.deadline = 0;
    storage->ops->batch_abort(storage->handle);
    plug_storage_reset(storage);
}

static void lookup_step(void *ctx)
{
    struct storage *storage = &((struct leak_step *)ctx)->kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct hearth_token token = {.struct_size = sizeof(token)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    const uint8_t hash[32] = {7};
    const char *text;
    const void *sealed;
    size_t size;
    OK(storage, account_get, "a", &account);
    OK(storage, account_by_email, "anna@example.org", &account);
    OK(storage, account_by_identity, "proxy", "x", &account);
    OK(storage, counts, "a", &counts);
    OK(storage, settings_get, "a", &text);
    OK(storage, credentials_get, "a", 0, &sealed, &size);
    OK(storage, property_get, "memory", &text);
    OK(storage, token_by_hash, hash, &token);
    OK(storage, page_get, "a", 1, &page);
    OK(storage, bookmark_get, "a", "b1", &bookmark);
    plug_storage_reset(storage);
}

static void failure_step(void *ctx)
{
    struct storage *storage = &((struct leak_step *)ctx)->kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct hearth_token token = {.struct_size = sizeof(token)};
    struct hearth_account twice = {.struct_size = sizeof(twice),
                                   .id = "a",
                                   .email = "a2@example.org",
                                   .uid = "u2",
                                   .provider = "fx",
                                   .node = ""};
    const uint8_t hash[32] = {99};
    const char *text;
    const void *sealed;
    size_t size;
    FAILS(NOT_FOUND, storage, account_get, "nobody", &account);
    FAILS(NOT_FOUND, storage, account_by_email, "nobody@example.org", &account);
    FAILS(NOT_FOUND, storage, account_by_identity, "proxy", "nobody", &account);
    FAILS(NOT_FOUND, storage, settings_get, "b", &text);
    FAILS(NOT_FOUND, storage, credentials_get, "b", 0, &sealed, &size);
    FAILS(NOT_FOUND, storage, property_get, "nothing", &text);
    FAILS(NOT_FOUND, storage, token_by_hash, hash, &token);
    FAILS(NOT_FOUND, storage, page_get, "a", 999, &page);
    FAILS(NOT_FOUND, storage, bookmark_get, "a", "nothing", &bookmark);
    FAILS(NOT_FOUND, storage, pages_changed, "a", INT64_MAX, row_page, NULL);
    FAILS(CONFLICT, storage, account_create, &twice);
    FAILS(INVALID, storage, sync_cursor_put, 0, HEARTH_CLIENTS, "x"); /* no batch */
    plug_storage_reset(storage);
}

static void handle_step(void *ctx)
{
    struct kit *kit = ((struct leak_step *)ctx)->kit;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct storage storage;
    kit_handle(kit, &storage);
    OK(&storage, account_get, "a", &account);
    plug_storage_close(&storage);
}

static void storage_nothing_leaks(struct kit *kit)
{
    struct leak_step step = {.kit = kit};
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    kit_batch_begin(&kit->storage, "a", HEARTH_COLLECTION_NONE);
    put_rows(&kit->storage);
    kit_batch_commit(&kit->storage);
    put_more(&kit->storage);
    for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
        char what[100];
        step.listing = &listings[i];
        step.stops = false;
        snprintf(what, sizeof(what), "%s", listings[i].name);
        kit_expect_no_leak(what, listing_step, &step);
        step.stops = true;
        snprintf(what, sizeof(what), "%s, ended by its callback at the first row",
                 listings[i].name);
        kit_expect_no_leak(what, listing_step, &step);
    }
    kit_expect_no_leak("looking up one thing of each kind", lookup_step, &step);
    kit_expect_no_leak("what is refused or not found", failure_step, &step);
    kit_expect_no_leak("a handle that is opened, used and closed", handle_step, &step);
    kit_expect_no_leak("a batch that is aborted", batch_step, &step);
    kit_expect_no_leak("a batch that fails and is aborted", broken_batch_step, &step);
    step.stops = false;
    /* else the rows themselves are memory */
    if ((kit->descriptor->capabilities & HEARTH_DURABLE) != 0)
        kit_expect_no_leak("a batch that puts the same rows again", batch_step, &step);
}

static void storage_opening_leaks_nothing(struct kit *kit)
{
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    kit_expect_no_leak("opening and closing the plugin", kit_reopen, kit);
}

const struct kit_test kit_storage_leaks_tests[] = {
    {"leaks: nothing that is done again and again leaves memory behind", storage_nothing_leaks},
    {"leaks: opening and closing leaves no memory behind", storage_opening_leaks_nothing,
     KIT_CLOSED},
    {NULL, NULL},
};
