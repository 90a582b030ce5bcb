/* A listing is of one moment: what another session commits while its rows are delivered does not change them. */
#include "storage_kit.h"

#include <stdlib.h>

struct moment {
    struct lines lines; /* what the listing says */
    struct store *other;
    bool removes; /* at the first row */
};

static void remove_all(struct store *store)
{
    begin(store, "a", HEARTH_HISTORY);
    OK(store, device_remove, "d1");
    OK(store, device_remove, "d2");
    OK(store, tabs_clear, NULL);
    for (int64_t id = 1; id <= 3; id++)
        OK(store, page_remove, id);
    OK(store, bookmark_clear, 0);
    OK(store, mark_put, 0, HEARTH_CLIENTS, NULL);
    OK(store, mark_put, 0, HEARTH_TABS, NULL);
    commit(store);
    store_reset(store);
}

static int tell(struct moment *moment, const char *text, int64_t a, int64_t b)
{
    if (moment->removes)
        remove_all(moment->other);
    moment->removes = false;
    return add_line(&moment->lines, "%s %lld %lld\n", text == NULL ? "-" : text, (long long)a, (long long)b);
}

static int tell_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return tell(ctx, device->id, tabs, device->last_upload);
}

static int tell_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    return tell(ctx, device, tab->position, 0);
}

static int tell_page(void *ctx, const struct hearth_page *page)
{
    return tell(ctx, page->gone ? "gone" : page->url, page->id, 0);
}

static int tell_visit(void *ctx, const struct hearth_visit *visit)
{
    return tell(ctx, "", visit->date, visit->type);
}

static int tell_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    return tell(ctx, row->url, row->date, row->page);
}

static int tell_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    return tell(ctx, bookmark->guid, bookmark->children, bookmark->last_visit);
}

static int tell_node(void *ctx, const struct hearth_bookmark_node *node)
{
    return tell(ctx, node->guid, node->position, 0);
}

static int tell_mark(void *ctx, int64_t source, int32_t collection, const char *text)
{
    return tell(ctx, text, collection, 0);
}

static int tell_tag(void *ctx, const char *tag, int64_t count)
{
    return tell(ctx, tag, count, 0);
}

static int tell_claim(void *ctx, int64_t source, const char *folder, int64_t position, const char *child)
{
    (void)folder;
    return tell(ctx, child, position, 0);
}

static void list_devices(struct store *store, struct moment *moment)
{
    OK(store, device_list, "a", tell_device, moment);
}

static void list_tabs(struct store *store, struct moment *moment)
{
    OK(store, tab_list, "a", NULL, tell_tab, moment);
}

static void list_pages(struct store *store, struct moment *moment)
{
    OK(store, pages_by_frecency, "a", tell_page, moment);
}

static void list_changes(struct store *store, struct moment *moment)
{
    OK(store, pages_changed, "a", 0, tell_page, moment);
}

static void list_page_visits(struct store *store, struct moment *moment)
{
    OK(store, page_visits, "a", 1, tell_visit, moment);
}

static void list_visits(struct store *store, struct moment *moment)
{
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    OK(store, visit_list, "a", &query, tell_visit_row, moment);
}

static void list_dates(struct store *store, struct moment *moment)
{
    OK(store, visit_dates, "a", 0, 0, tell_visit_row, moment);
}

static void list_folder(struct store *store, struct moment *moment)
{
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .parent = "top", .after = -1};
    OK(store, bookmark_list, "a", &query, tell_bookmark, moment);
}

static void list_newest(struct store *store, struct moment *moment)
{
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    OK(store, bookmark_list, "a", &query, tell_bookmark, moment);
}

static void list_of_page(struct store *store, struct moment *moment)
{
    OK(store, bookmarks_of_page, "a", 1, tell_bookmark, moment);
}

static void list_nodes(struct store *store, struct moment *moment)
{
    OK(store, bookmark_nodes, "a", tell_node, moment);
}

static void list_claims(struct store *store, struct moment *moment)
{
    OK(store, bookmark_claims, "a", tell_claim, moment);
}

static void list_tags(struct store *store, struct moment *moment)
{
    OK(store, tag_list, "a", tell_tag, moment);
}

static void list_marks(struct store *store, struct moment *moment)
{
    OK(store, mark_list, "a", tell_mark, moment);
}

/* Two or more rows for each of the listings. */
static void put_all(struct store *store)
{
    begin(store, "a", HEARTH_HISTORY);
    for (int i = 0; i < 2; i++) {
        struct hearth_device device = {
            .struct_size = sizeof(device), .id = i == 0 ? "d1" : "d2", .name = "n", .type = "mobile", .last_upload = 10 + i};
        struct hearth_tab tab = {.struct_size = sizeof(tab), .position = i, .title = "t", .url = "https://t/"};
        OK(store, device_put, &device);
        OK(store, tab_put, "d1", &tab);
        OK(store, tab_put, "d2", &tab);
    }
    for (int64_t id = 1; id <= 3; id++)
        put_visited(store, id,
                    id == 1   ? "https://u/1"
                    : id == 2 ? "https://u/2"
                              : "https://u/3",
                    "u", 2, (const int64_t[]){id * 10, id * 10 + 1});
    put_bookmark(store, "f1", HEARTH_FOLDER, "top", 0);
    put_bookmark(store, "f2", HEARTH_FOLDER, "top", 1);
    for (int i = 0; i < 3; i++) {
        struct hearth_bookmark bookmark = make_bookmark(i == 0 ? "b1" : i == 1 ? "b2" : "b3", HEARTH_BOOKMARK, "f2", i);
        bookmark.url = "https://u/1";
        bookmark.page = 1;
        bookmark.added = 100 + i;
        bookmark.tags = i == 0 ? "red\nblue" : "blue";
        OK(store, bookmark_put, &bookmark);
    }
    OK(store, bookmark_claims_put, 0, "f2", (const char *const[]){"b1", "b2"}, 2);
    OK(store, mark_put, 0, HEARTH_CLIENTS, "one");
    OK(store, mark_put, 0, HEARTH_TABS, "two");
    commit(store);
    store_reset(store);
}

static void check_listing(struct kit *kit, struct store *other, const char *name, void (*list)(struct store *store, struct moment *moment))
{
    struct moment *calm = calloc(1, sizeof(*calm)), *disturbed = calloc(1, sizeof(*disturbed));
    put_all(other);
    list(&kit->store, calm);
    expect(calm->lines.count >= 2);
    disturbed->other = other;
    disturbed->removes = true;
    list(&kit->store, disturbed);
    if (strcmp(calm->lines.text, disturbed->lines.text) != 0)
        fail_msg("%s: everything was removed at its first row, and it went on with\n%swhere this was expected:\n%s", name,
                 disturbed->lines.text, calm->lines.text);
    store_reset(&kit->store);
    free(calm);
    free(disturbed);
}

static void listings_are_of_one_moment(struct kit *kit)
{
    struct store other;
    kit_session(kit, &other);
#define CHECK(name, list) check_listing(kit, &other, name, list)
    CHECK("device_list", list_devices);
    CHECK("tab_list", list_tabs);
    CHECK("pages_by_frecency", list_pages);
    CHECK("page_visits", list_page_visits);
    CHECK("visit_list", list_visits);
    CHECK("visit_dates", list_dates);
    CHECK("bookmark_list in a folder", list_folder);
    CHECK("bookmark_list, newest first", list_newest);
    CHECK("bookmarks_of_page", list_of_page);
    CHECK("bookmark_nodes", list_nodes);
    CHECK("bookmark_claims", list_claims);
    CHECK("tag_list", list_tags);
    CHECK("mark_list", list_marks);
    CHECK("pages_changed", list_changes);
#undef CHECK
    store_close(&other);
    assert_sound(&kit->store);
}

const struct kit_test storage_moment_tests[] = {
    {"lists: all rows are of one moment", listings_are_of_one_moment, KIT_OPEN},
    {NULL, NULL},
};
