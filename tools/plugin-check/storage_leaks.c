/* Memory that stays behind, which no result shows: every listing, to its end and ended by its callback, what is
 * looked up, written, given up, refused. */
#include "storage_kit.h"

#include <stdlib.h>

/* ctx of a callback: NULL: all rows; else it ends the listing at the first one. */
#define ROW(name, ...) static int name(void *ctx, __VA_ARGS__)
#define LAST(row)                                                                                                                          \
    (void)(row);                                                                                                                           \
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

ROW(row_mark, int64_t source, int32_t collection, const char *row)
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

ROW(row_node, const struct hearth_bookmark_node *row)
{
    LAST(row);
}

ROW(row_claim, int64_t source, const char *folder, int64_t position, const char *row)
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

/* --- listings ---------------------------------------------------------------------------------------------- */

struct listing {
    const char *name;
    void (*list)(struct store *store, void *ctx);
};

#define LISTING(name, ...)                                                                                                                 \
    static void list_##name(struct store *store, void *ctx)                                                                                \
    {                                                                                                                                      \
        OK(store, name, __VA_ARGS__, ctx);                                                                                                 \
    }

LISTING(account_list, row_account)
LISTING(identity_list, "a", row_identity)
LISTING(token_list, "a", row_token)
LISTING(pick_list, "a", row_pick)
LISTING(mark_list, "a", row_mark)
LISTING(device_list, "a", row_device)
LISTING(tab_list, "a", NULL, row_tab)
LISTING(page_visits, "a", 1, row_visit)
LISTING(pages_by_frecency, "a", row_page)
LISTING(pages_changed, "a", 0, row_page)
LISTING(visit_dates, "a", 0, 0, row_visit_row)
LISTING(bookmarks_of_page, "a", 1, row_bookmark)
LISTING(bookmark_nodes, "a", row_node)
LISTING(bookmark_tombstones, "a", row_node)
LISTING(bookmark_claims, "a", row_claim)
LISTING(tag_list, "a", row_tag)

static void list_visit_list(struct store *store, void *ctx)
{
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    OK(store, visit_list, "a", &query, row_visit_row, ctx);
}

static void list_bookmark_list(struct store *store, void *ctx)
{
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .parent = "top", .after = -1};
    OK(store, bookmark_list, "a", &query, row_bookmark, ctx);
    query = (struct hearth_bookmark_query){.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    OK(store, bookmark_list, "a", &query, row_bookmark, ctx);
    query = (struct hearth_bookmark_query){.struct_size = sizeof(query), .order = HEARTH_BY_TAG, .tag = "one"};
    OK(store, bookmark_list, "a", &query, row_bookmark, ctx);
}

static void list_account_claim_due(struct store *store, void *ctx)
{
    OK(store, account_claim_due, INT64_MAX, 1, 10, row_account, ctx);
    OK(store, account_claim_due, 1000, 2000, 10, row_account, ctx);
}

#define L(name)                                                                                                                            \
    {                                                                                                                                      \
#name, list_##name                                                                                                                 \
    }
static const struct listing listings[] = {
    L(account_list),        L(identity_list),   L(token_list),    L(pick_list),         L(mark_list),
    L(device_list),         L(tab_list),        L(page_visits),   L(pages_by_frecency), L(pages_changed),
    L(visit_dates),         L(visit_list),      L(bookmark_list), L(bookmarks_of_page), L(bookmark_nodes),
    L(bookmark_tombstones), L(bookmark_claims), L(tag_list),      L(account_claim_due),
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
    step->listing->list(&step->kit->store, step->stops ? step : NULL);
    store_reset(&step->kit->store);
}

/* --- the rest ---------------------------------------------------------------------------------------------- */

static void put_rows(struct store *store)
{
    const char *const claims[] = {"b1", "b2"};
    for (int i = 0; i < 2; i++) {
        struct hearth_device device = {.struct_size = sizeof(device), .id = i == 0 ? "d1" : "d2", .name = "n", .type = "mobile"};
        struct hearth_tab tab = {.struct_size = sizeof(tab), .position = i, .title = "t", .url = "https://t/"};
        struct hearth_bookmark bookmark = make_bookmark(i == 0 ? "b1" : "b2", HEARTH_BOOKMARK, "top", i);
        OK(store, device_put, &device);
        OK(store, tab_put, "d1", &tab);
        struct hearth_page page = make_page(i + 1, i == 0 ? "https://u/1" : "https://u/2", "u");
        const struct hearth_visit visits[] = {HEARTH_VISIT(10 + i, 1), HEARTH_VISIT(20 + i, 2)};
        int64_t added;
        page.visit_count = 2;
        page.last_visit = 20 + i;
        OK(store, page_put, &page);
        OK(store, visits_put, i + 1, visits, 2, &added);
        OK(store, page_guid_put, i == 0 ? "g1" : "g2", i + 1);
        bookmark.url = "https://u/1";
        bookmark.page = 1;
        bookmark.title = "title";
        bookmark.tags = "one\ntwo";
        OK(store, bookmark_put, &bookmark);
        put_bookmark(store, i == 0 ? "gone1" : "gone2", HEARTH_BOOKMARK, "top", 7);
        OK(store, bookmark_remove, i == 0 ? "gone1" : "gone2");
    }
    OK(store, bookmark_claims_put, 0, "top", claims, 2);
    OK(store, mark_put, 0, HEARTH_CLIENTS, "one");
    OK(store, mark_put, 0, HEARTH_TABS, "two");
}

static void put_more(struct store *store)
{
    struct hearth_account account = {.struct_size = sizeof(account), .id = "a", .next_sync = 5};
    OK(store, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    account.id = "b";
    OK(store, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    for (int i = 0; i < 2; i++) {
        uint8_t hash[32] = {(uint8_t)(7 + i)};
        struct hearth_token token = {.struct_size = sizeof(token), .id = i == 0 ? "t1" : "t2", .account = "a", .name = "n", .hash = hash};
        struct hearth_account_identity identity = {.struct_size = sizeof(identity), .issuer = "proxy", .subject = i == 0 ? "x" : "y"};
        struct hearth_pick pick = {.struct_size = sizeof(pick), .input = i == 0 ? "in" : "put", .page = 1, .use_count = 1};
        OK(store, token_create, &token);
        OK(store, identity_put, "a", &identity);
        OK(store, pick_put, "a", &pick);
    }
    OK(store, settings_put, "a", "{}");
    OK(store, credentials_put, "a", 0, "sealed", 6);
    OK(store, property_put, "memory", "yes", true);
}

static void batch_step(void *ctx)
{
    struct leak_step *step = ctx;
    struct store *store = &step->kit->store;
    begin(store, "a", HEARTH_COLLECTION_NONE);
    put_rows(store);
    if (step->stops)
        store->ops->batch_abort(store->session);
    else
        commit(store);
    store_reset(store);
}

/* One that an operation has broken ends as well. */
static void broken_batch_step(void *ctx)
{
    struct leak_step *step = ctx;
    struct store *store = &step->kit->store;
    int64_t added;
    begin(store, "a", HEARTH_COLLECTION_NONE);
    put_rows(store);
    store->call.hearth.deadline = 1; /* long over */
    FAILS(TIMEOUT, store, visits_put, 1, NULL, 0, &added);
    store->call.hearth.deadline = 0;
    store->ops->batch_abort(store->session);
    store_reset(store);
}

static void lookup_step(void *ctx)
{
    struct store *store = &((struct leak_step *)ctx)->kit->store;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct hearth_token token = {.struct_size = sizeof(token)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    const uint8_t hash[32] = {7};
    const char *text;
    const void *sealed;
    size_t size;
    OK(store, account_get, "a", &account);
    OK(store, account_by_email, "anna@example.org", &account);
    OK(store, account_by_identity, "proxy", "x", &account);
    OK(store, counts, "a", &counts);
    OK(store, settings_get, "a", &text);
    OK(store, credentials_get, "a", 0, &sealed, &size);
    OK(store, property_get, "memory", &text);
    OK(store, token_by_hash, hash, &token);
    OK(store, page_get, "a", 1, &page);
    OK(store, bookmark_get, "a", "b1", &bookmark);
    store_reset(store);
}

static void failure_step(void *ctx)
{
    struct store *store = &((struct leak_step *)ctx)->kit->store;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct hearth_token token = {.struct_size = sizeof(token)};
    struct hearth_account twice = {
        .struct_size = sizeof(twice), .id = "a", .email = "a2@example.org", .uid = "u2", .provider = "fx", .node = ""};
    const uint8_t hash[32] = {99};
    const char *text;
    const void *sealed;
    size_t size;
    FAILS(NOT_FOUND, store, account_get, "nobody", &account);
    FAILS(NOT_FOUND, store, account_by_email, "nobody@example.org", &account);
    FAILS(NOT_FOUND, store, account_by_identity, "proxy", "nobody", &account);
    FAILS(NOT_FOUND, store, settings_get, "b", &text);
    FAILS(NOT_FOUND, store, credentials_get, "b", 0, &sealed, &size);
    FAILS(NOT_FOUND, store, property_get, "nothing", &text);
    FAILS(NOT_FOUND, store, token_by_hash, hash, &token);
    FAILS(NOT_FOUND, store, page_get, "a", 999, &page);
    FAILS(NOT_FOUND, store, bookmark_get, "a", "nothing", &bookmark);
    FAILS(NOT_FOUND, store, pages_changed, "a", INT64_MAX, row_page, NULL);
    FAILS(CONFLICT, store, account_create, &twice);
    FAILS(INVALID, store, mark_put, 0, HEARTH_CLIENTS, "x"); /* no batch */
    store_reset(store);
}

static void session_step(void *ctx)
{
    struct kit *kit = ((struct leak_step *)ctx)->kit;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct store store;
    kit_session(kit, &store);
    OK(&store, account_get, "a", &account);
    store_close(&store);
}

static void nothing_leaks(struct kit *kit)
{
    struct leak_step step = {.kit = kit};
    if (!memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    begin(&kit->store, "a", HEARTH_COLLECTION_NONE);
    put_rows(&kit->store);
    commit(&kit->store);
    put_more(&kit->store);
    for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
        char what[100];
        step.listing = &listings[i];
        step.stops = false;
        snprintf(what, sizeof(what), "%s", listings[i].name);
        kit_expect_no_leak(what, listing_step, &step);
        step.stops = true;
        snprintf(what, sizeof(what), "%s, ended by its callback at the first row", listings[i].name);
        kit_expect_no_leak(what, listing_step, &step);
    }
    kit_expect_no_leak("looking up one thing of each kind", lookup_step, &step);
    kit_expect_no_leak("what is refused or not found", failure_step, &step);
    kit_expect_no_leak("a session that is opened, used and closed", session_step, &step);
    kit_expect_no_leak("a batch that is aborted", batch_step, &step);
    kit_expect_no_leak("a batch that fails and is aborted", broken_batch_step, &step);
    step.stops = false;
    if ((kit->descriptor->capabilities & HEARTH_DURABLE) != 0) /* else the rows themselves are memory */
        kit_expect_no_leak("a batch that puts the same rows again", batch_step, &step);
}

static void opening_leaks_nothing(struct kit *kit)
{
    if (!memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    kit_expect_no_leak("opening and closing the plugin", kit_reopen, kit);
}

const struct kit_test storage_leaks_tests[] = {
    {"leaks: nothing that is done again and again leaves memory behind", nothing_leaks},
    {"leaks: opening and closing leaves no memory behind", opening_leaks_nothing, KIT_CLOSED},
    {NULL, NULL},
};
