#include "storage_listings.h"

#include <stdlib.h>

#include "records.h"

enum { PAGES = 3, BOOKMARKS = 3 };

/* --- rows as text --- */

static void listing_print_row(struct buf *out, const char *before, const struct fields *fields,
                              const void *record, const char *const *without)
{
    buf_reset(out);
    buf_add_text(out, before);
    kit_record_print(out, fields, record, without);
    buf_add_char(out, '\0');
    expect(!buf_failed(out));
}

/* What it says is valid until the callback has returned, whatever that one calls. */
static int listing_on_record(void *ctx, const char *before, const struct fields *fields,
                             const void *record, const char *const *without)
{
    struct listing *listing = ctx;
    struct buf first = {0}, again = {0};
    listing_print_row(&first, before, fields, record, without);
    if (listing->at_row != NULL) {
        void (*at_row)(void *) = listing->at_row;
        listing->at_row = NULL;
        at_row(listing->ctx);
        listing_print_row(&again, before, fields, record, without);
        if (strcmp(first.data, again.data) != 0)
            fail_msg("a row changed in its callback, when that one called other operations: from "
                     "%.200s to %.200s",
                     first.data, again.data);
    }
    int r = kit_lines_add(&listing->lines, "%s", first.data);
    buf_fini(&first);
    buf_fini(&again);
    return r;
}

static int listing_on_line(void *ctx, const char *text, int64_t number)
{
    struct listing *listing = ctx;
    if (listing->at_row != NULL) {
        void (*at_row)(void *) = listing->at_row;
        listing->at_row = NULL;
        at_row(listing->ctx);
    }
    return kit_lines_add(&listing->lines, "%s %lld\n", text == NULL ? "(null)" : text,
                         (long long)number);
}

static const char *const without_generation[] = {"generation", NULL};

#define TELLS(name, type)                                                                          \
    static int listing_on_##name(void *ctx, const struct hearth_##type *record)                    \
    {                                                                                              \
        return listing_on_record(ctx, "", &plug_fields_##type, record, without_generation);        \
    }
TELLS(account, account)
TELLS(identity, account_identity)
TELLS(token, token)
TELLS(pick, pick)
TELLS(removed_here, removed_here)
TELLS(removal, removal)
TELLS(visit, visit)
TELLS(bookmark, bookmark)

static int listing_on_ranked(void *ctx, const struct hearth_page *page)
{
    return listing_on_record(ctx, "", &plug_fields_page, page, kit_scan_may_lack);
}

/* Of one that is gone only the id is said. */
static int listing_on_change(void *ctx, const struct hearth_page *page)
{
    return page->gone ? listing_on_line(ctx, "gone", page->id) : listing_on_ranked(ctx, page);
}

static int listing_on_whole_page(void *ctx, const struct hearth_page *page)
{
    return listing_on_record(ctx, "", &plug_fields_page, page, without_generation);
}

static int listing_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    char before[64];
    snprintf(before, sizeof(before), "%lld tabs of ", (long long)tabs);
    return listing_on_record(ctx, before, &plug_fields_device, device, NULL);
}

static int listing_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    char before[64];
    snprintf(before, sizeof(before), "%s: ", device);
    return listing_on_record(ctx, before, &plug_fields_tab, tab, NULL);
}

static int listing_on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    char before[64];
    snprintf(before, sizeof(before), "%s: ", device);
    return listing_on_record(ctx, before, &plug_fields_tab_group, group, NULL);
}

static int listing_on_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    char text[300];
    snprintf(text, sizeof(text), "%lld %d %s %s %d", (long long)row->date, (int)row->type,
             row->url == NULL ? "(null)" : row->url, row->title == NULL ? "(null)" : row->title,
             (int)row->bookmarked);
    return listing_on_line(ctx, text, row->page);
}

static int listing_on_visit_date(void *ctx, const struct hearth_visit_row *row)
{
    char text[64];
    snprintf(text, sizeof(text), "%lld %d", (long long)row->date, (int)row->type);
    return listing_on_line(ctx, text, row->page);
}

static int listing_on_page_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    char before[64];
    snprintf(before, sizeof(before), "%lld: ", (long long)page);
    return listing_on_record(ctx, before, &plug_fields_visit, visit, NULL);
}

static int listing_on_item(void *ctx, const struct hearth_bookmark_item *item)
{
    char text[300];
    snprintf(text, sizeof(text), "%s %d in %s", item->guid, (int)item->kind,
             item->parent == NULL ? "(null)" : item->parent);
    return listing_on_line(ctx, text, item->position);
}

static int listing_on_tombstone(void *ctx, const struct hearth_bookmark_item *item)
{
    return listing_on_line(ctx, item->guid, 0);
}

static int listing_on_child(void *ctx, int64_t source, const char *folder, int64_t position,
                            const char *child)
{
    char text[300];
    snprintf(text, sizeof(text), "%s in %s", child, folder);
    return listing_on_line(ctx, text, position);
}

static int listing_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    return listing_on_line(ctx, text, collection);
}

static int listing_on_tag(void *ctx, const char *tag, int64_t count)
{
    return listing_on_line(ctx, tag, count);
}

static int listing_on_page_guid(void *ctx, const char *guid, int64_t page)
{
    return listing_on_line(ctx, guid, page);
}

static int listing_on_generation(void *ctx, int32_t collection, int64_t generation)
{
    return listing_on_line(ctx, generation > 0 ? "has a generation" : "has none", collection);
}

/* --- the operations --- */

#define LISTS(name, operation, ...)                                                                \
    static int name(struct storage *storage, struct listing *listing)                              \
    {                                                                                              \
        return STORAGE(storage, NULL, operation, __VA_ARGS__, listing);                            \
    }
LISTS(list_accounts, account_list, listing_on_account)
LISTS(list_identities, identity_list, "a", listing_on_identity)
LISTS(list_tokens, token_list, "a", listing_on_token)
LISTS(list_picks, pick_list, "a", listing_on_pick)
LISTS(list_removed_here, removed_here_list, "a", listing_on_removed_here)
LISTS(list_cursors, sync_cursor_list, "a", listing_on_cursor)
LISTS(list_generations, generation_list, "a", listing_on_generation)
LISTS(list_devices, device_list, "a", listing_on_device)
LISTS(list_tabs, tab_list, "a", NULL, listing_on_tab)
LISTS(list_tabs_of_one, tab_list, "a", "d1", listing_on_tab)
LISTS(list_tab_groups, tab_group_list, "a", NULL, listing_on_tab_group)
LISTS(list_page_visits, page_visits, "a", 1, listing_on_visit)
LISTS(list_pages, pages_by_frecency, "a", listing_on_ranked)
LISTS(list_changes, pages_changed, "a", 0, listing_on_change)
LISTS(list_removals, removals_since, "a", 0, listing_on_removal)
LISTS(list_dates, visit_dates, "a", 0, 0, listing_on_visit_date)
LISTS(list_of_page, bookmarks_of_page, "a", 1, listing_on_bookmark)
LISTS(list_items, bookmark_items, "a", listing_on_item)
LISTS(list_tombstones, bookmark_tombstones, "a", listing_on_tombstone)
LISTS(list_children, bookmark_children, "a", listing_on_child)
LISTS(list_tags, tag_list, "a", listing_on_tag)
LISTS(list_page_guids, page_guid_list, "a", listing_on_page_guid)

#define LISTS_BY(name, operation, type, tell, ...)                                                 \
    static int name(struct storage *storage, struct listing *listing)                              \
    {                                                                                              \
        struct type query = {.struct_size = sizeof(query), __VA_ARGS__};                           \
        return STORAGE(storage, NULL, operation, "a", &query, tell, listing);                      \
    }
LISTS_BY(list_visits, visit_list, hearth_visit_query, listing_on_visit_row, .from = 0)
LISTS_BY(list_visits_of_host, visit_list, hearth_visit_query, listing_on_visit_row, .host = "u")
LISTS_BY(list_folder, bookmark_list, hearth_bookmark_query, listing_on_bookmark, .parent = "f2",
         .after = -1)
LISTS_BY(list_newest, bookmark_list, hearth_bookmark_query, listing_on_bookmark,
         .order = HEARTH_BY_ADDED)
LISTS_BY(list_tagged, bookmark_list, hearth_bookmark_query, listing_on_bookmark,
         .order = HEARTH_BY_TAG, .tag = "blue")

#define LISTS_BULK(name, operation, tell)                                                          \
    static int name(struct storage *storage, struct listing *listing)                              \
    {                                                                                              \
        static const int64_t ids[] = {1, 2, 3, 4};                                                 \
        return storage->bulk == NULL                                                               \
                   ? 0                                                                             \
                   : storage->bulk->operation(storage->handle, &storage->call.hearth, "a", ids, 4, \
                                              tell, listing);                                      \
    }
LISTS_BULK(list_some_pages, pages_get, listing_on_whole_page)
LISTS_BULK(list_visits_of_pages, visits_of_pages, listing_on_page_visit)
LISTS_BULK(list_bookmarks_of_pages, bookmarks_of_pages, listing_on_bookmark)

const struct storage_listing kit_storage_listings[] = {
    {"account_list", list_accounts, LISTING_PEOPLE, false},
    {"identity_list", list_identities, LISTING_SMALL, false},
    {"token_list", list_tokens, LISTING_SMALL, false},
    {"pick_list", list_picks, LISTING_SMALL, false},
    {"removed_here_list", list_removed_here, LISTING_SMALL, false},
    {"sync_cursor_list", list_cursors, LISTING_SYNCED, false},
    {"generation_list", list_generations, LISTING_SYNCED, false},
    {"device_list", list_devices, LISTING_SYNCED, false},
    {"tab_list", list_tabs, LISTING_SYNCED, false},
    {"tab_list of one device", list_tabs_of_one, LISTING_SYNCED, false},
    {"tab_group_list", list_tab_groups, LISTING_SYNCED, false},
    {"page_visits", list_page_visits, LISTING_SYNCED, false},
    {"pages_by_frecency", list_pages, LISTING_SYNCED, false},
    {"pages_changed", list_changes, LISTING_SYNCED, true},
    {"removals_since", list_removals, LISTING_SYNCED, false},
    {"visit_list", list_visits, LISTING_SYNCED, false},
    {"visit_list of a host", list_visits_of_host, LISTING_SYNCED, false},
    {"visit_dates", list_dates, LISTING_SYNCED, false},
    {"bookmark_list in a folder", list_folder, LISTING_SYNCED, false},
    {"bookmark_list, newest first", list_newest, LISTING_SYNCED, false},
    {"bookmark_list with a tag", list_tagged, LISTING_SYNCED, false},
    {"bookmarks_of_page", list_of_page, LISTING_SYNCED, false},
    {"bookmark_items", list_items, LISTING_SYNCED, false},
    {"bookmark_tombstones", list_tombstones, LISTING_SYNCED, false},
    {"bookmark_children", list_children, LISTING_SYNCED, false},
    {"tag_list", list_tags, LISTING_SYNCED, false},
    {"page_guid_list", list_page_guids, LISTING_SYNCED, false},
    {"pages_get", list_some_pages, LISTING_SYNCED, true, .page_by_page = true},
    {"visits_of_pages", list_visits_of_pages, LISTING_SYNCED, true, .page_by_page = true},
    {"bookmarks_of_pages", list_bookmarks_of_pages, LISTING_SYNCED, true, .page_by_page = true},
    {NULL, NULL, LISTING_SYNCED, false},
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_lines(struct lines *lines)
{
    static _Thread_local char copy[sizeof(lines->text)];
    char *of[512], *rest = NULL;
    size_t count = 0;
    memcpy(copy, lines->text, lines->size + 1);
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL && count < 512;
         line = strtok_r(NULL, "\n", &rest))
        of[count++] = line;
    qsort(of, count, sizeof(of[0]), compare_lines);
    lines->size = lines->count = 0;
    lines->text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        kit_lines_add(lines, "%s\n", of[i]);
}

void kit_listing_read(struct storage *storage, const struct storage_listing *of,
                      struct listing *ret_listing)
{
    ret_listing->lines.size = ret_listing->lines.count = 0;
    ret_listing->lines.text[0] = '\0';
    storage->call.error[0] = '\0';
    int r = of->list(storage, ret_listing);
    if (r < 0)
        fail_msg("%s failed with %s: %s", of->name, err_name(r), storage->call.error);
    if (of->any_order)
        sort_lines(&ret_listing->lines);
}

/* --- rows for them --- */

static const char *const devices[] = {"d1", "d2"}, *const bookmarks[BOOKMARKS] = {"b1", "b2", "b3"};
static const char *const urls[PAGES] = {"https://u/1", "https://u/2", "https://u/3"},
                         *const guids[PAGES] = {"g1", "g2", "g3"};

/* Consistent with the bookmarks of its URL. */
static void put_bookmarked_page(struct storage *storage)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    OK(storage, page_get, "a", 1, &page);
    page.bookmarks = BOOKMARKS;
    page.bookmark_added = 100 + BOOKMARKS - 1;
    OK(storage, page_put, &page);
}

static void put_synced(struct storage *storage)
{
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int i = 0; i < 2; i++) {
        struct hearth_device device = {.struct_size = sizeof(device),
                                       .id = devices[i],
                                       .name = "n",
                                       .type = "mobile",
                                       .last_upload = 10 + i};
        struct hearth_tab tab = {.struct_size = sizeof(tab),
                                 .position = i,
                                 .title = "t",
                                 .url = "https://t/"},
                          next = tab;
        struct hearth_tab_group group = {
            .struct_size = sizeof(group), .id = i == 0 ? "work" : "trip", .name = "n"};
        next.position = 5;
        OK(storage, device_put, &device);
        OK(storage, tab_put, devices[i], &tab);
        OK(storage, tab_put, devices[i], &next);
        OK(storage, tab_group_put, devices[i], &group);
    }
    for (int i = 0; i < PAGES; i++) {
        kit_page_put_visited(storage, i + 1, urls[i], "u", 2,
                             (const int64_t[]){i * 10 + 10, i * 10 + 11});
        OK(storage, page_guid_put, guids[i], i + 1);
    }
    put_bookmarked_page(storage);
    kit_bookmark_put(storage, "top", HEARTH_FOLDER, NULL, 0);
    kit_bookmark_put(storage, "f1", HEARTH_FOLDER, "top", 0);
    kit_bookmark_put(storage, "f2", HEARTH_FOLDER, "top", 1);
    for (int i = 0; i < BOOKMARKS; i++) {
        struct hearth_bookmark bookmark = kit_bookmark_make(bookmarks[i], HEARTH_BOOKMARK, "f2", i);
        bookmark.url = urls[0];
        bookmark.page = 1;
        bookmark.added = 100 + i;
        bookmark.tags = i == 0 ? "red\nblue" : "blue";
        OK(storage, bookmark_put, &bookmark);
    }
    OK(storage, bookmark_children_put, 0, "f2", bookmarks, 2);
    OK(storage, sync_cursor_put, 0, HEARTH_CLIENTS, "one");
    OK(storage, sync_cursor_put, 0, HEARTH_TABS, "two");
    kit_batch_commit(storage);
}

static void remove_synced(struct storage *storage)
{
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, device_remove, "d1");
    OK(storage, device_remove, "d2");
    OK(storage, tabs_clear, NULL);
    for (int64_t id = 1; id <= PAGES; id++)
        OK(storage, page_remove, id);
    for (int i = 0; i < BOOKMARKS; i++)
        OK(storage, bookmark_remove, bookmarks[i]);
    OK(storage, bookmark_remove, "f1");
    OK(storage, bookmark_remove, "f2");
    OK(storage, sync_cursor_put, 0, HEARTH_CLIENTS, NULL);
    OK(storage, sync_cursor_put, 0, HEARTH_TABS, NULL);
    kit_batch_commit(storage);
}

static void put_small(struct storage *storage, bool put)
{
    static const char *const ids[] = {"one", "two"};
    static const uint8_t hashes[2][32] = {{1}, {2}};
    for (int i = 0; i < 2; i++) {
        struct hearth_token token = {.struct_size = sizeof(token),
                                     .id = ids[i],
                                     .account = "a",
                                     .name = "n",
                                     .hash = hashes[i],
                                     .created = 5};
        struct hearth_pick pick = {
            .struct_size = sizeof(pick), .input = ids[i], .page = 1, .use_count = put ? 1.5 : 0};
        struct hearth_account_identity identity = {
            .struct_size = sizeof(identity), .issuer = "proxy", .subject = ids[i]};
        struct hearth_removed_here removed = {.struct_size = sizeof(removed),
                                              .id = ids[i],
                                              .kind = HEARTH_REMOVED_HERE_SPAN,
                                              .host = "",
                                              .created = 3};
        OK(storage, pick_put, "a", &pick);
        if (put) {
            OK(storage, token_create, &token);
            OK(storage, identity_put, "a", &identity);
            OK(storage, removed_here_put, "a", &removed);
        } else {
            OK(storage, token_remove, "a", ids[i]);
            OK(storage, identity_remove, "a", "proxy", ids[i]);
            OK(storage, removed_here_remove, "a", ids[i]);
        }
    }
}

void kit_listed_put(struct storage *storage, enum listing_kind kind)
{
    if (kind == LISTING_SYNCED)
        put_synced(storage);
    else if (kind == LISTING_SMALL)
        put_small(storage, true);
    else
        kit_account_add(storage, "c", "carla@example.org");
    plug_storage_reset(storage);
}

void kit_listed_remove(struct storage *storage, enum listing_kind kind)
{
    if (kind == LISTING_SYNCED)
        remove_synced(storage);
    else if (kind == LISTING_SMALL)
        put_small(storage, false);
    else
        OK(storage, account_remove, "c");
    plug_storage_reset(storage);
}
