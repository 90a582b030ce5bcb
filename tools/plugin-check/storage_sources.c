/* Sources: rows of an account that its own provider did not bring. */
#include "storage_kit.h"

static int on_source(void *ctx, const struct hearth_source *source)
{
    return add_line(ctx, "%lld %s %lld %lld\n", (long long)source->id, source->name, (long long)source->kind, (long long)source->ended);
}

static int on_mark(void *ctx, int64_t source, int32_t collection, const char *text)
{
    return add_line(ctx, "%lld %d %s\n", (long long)source, (int)collection, text);
}

static int on_visit(void *ctx, const struct hearth_visit *visit)
{
    return add_line(ctx, "%lld %lld %lld\n", (long long)visit->date, (long long)visit->type, (long long)visit->source);
}

static int on_node(void *ctx, const struct hearth_bookmark_node *node)
{
    return add_line(ctx, "%s %s %lld\n", node->guid, node->parent == NULL ? "-" : node->parent, (long long)node->source);
}

static int on_claim(void *ctx, int64_t source, const char *folder, int64_t position, const char *child)
{
    return add_line(ctx, "%lld %s %lld %s\n", (long long)source, folder, (long long)position, child);
}

static int on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return add_line(ctx, "%s %lld %lld\n", device->id, (long long)device->source, (long long)tabs);
}

static int on_guid(void *ctx, const char *guid, int64_t page)
{
    return add_line(ctx, "%s %lld\n", guid, (long long)page);
}

#define EXPECT_LIST(store, wanted, operation, ...)                                                                                         \
    do {                                                                                                                                   \
        struct lines lines_ = {.size = 0};                                                                                                 \
        OK(store, operation, __VA_ARGS__, &lines_);                                                                                        \
        expect_text(lines_.text, wanted);                                                                                                  \
        store_reset(store);                                                                                                                \
    } while (0)

static void put_source(struct store *store, int64_t id, const char *name, int64_t ended)
{
    struct hearth_source source = {
        .struct_size = sizeof(source), .id = id, .name = name, .kind = HEARTH_SOURCE_SYNC, .provider = "other", .uid = "", .ended = ended};
    OK(store, source_put, "a", &source);
}

static void expect_sealed(struct store *store, int64_t source, const char *wanted)
{
    const void *sealed = NULL;
    size_t size = 0;
    OK(store, credentials_get, "a", source, &sealed, &size);
    expect(size == strlen(wanted) && memcmp(sealed, wanted, size) == 0);
    store_reset(store);
}

static void sources_are_rows(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_source bad = {.struct_size = sizeof(bad), .name = "n", .kind = HEARTH_SOURCE_IMPORT, .provider = "", .uid = ""};
    FAILS(INVALID, store, source_put, "a", &bad);
    bad.id = HEARTH_SOURCE_MAX + 1;
    FAILS(INVALID, store, source_put, "a", &bad);
    bad.id = 1;
    FAILS(NOT_FOUND, store, source_put, "zz", &bad);
    OK(store, source_remove, "zz", 1);
    OK(store, source_remove, "a", 1);
    put_source(store, HEARTH_SOURCE_MAX, "last", 0);
    put_source(store, 2, "two", 0);
    put_source(store, 10, "ten", 0);
    put_source(store, 2, "two again", 7);
    EXPECT_LIST(store, "2 two again 1 7\n10 ten 1 0\n65535 last 1 0\n", source_list, "a", on_source);
    EXPECT_LIST(store, "", source_list, "b", on_source);
    OK(store, source_remove, "b", 2);
    OK(store, source_remove, "a", 10);
    EXPECT_LIST(store, "2 two again 1 7\n65535 last 1 0\n", source_list, "a", on_source);
    OK(store, account_remove, "a");
    EXPECT_LIST(store, "", source_list, "a", on_source);
    add_account(store, "a", "anna@example.org");
    EXPECT_LIST(store, "", source_list, "a", on_source);
}

static void credentials_are_of_a_source(struct kit *kit)
{
    struct store *store = &kit->store;
    const void *sealed;
    size_t size;
    FAILS(NOT_FOUND, store, credentials_put, "a", 3, "x", 1);
    FAILS(NOT_FOUND, store, credentials_put, "zz", 3, "x", 1);
    put_source(store, 3, "three", 0);
    put_source(store, 4, "four", 0);
    FAILS(NOT_FOUND, store, credentials_get, "a", 3, &sealed, &size);
    OK(store, credentials_put, "a", 0, "own", 3);
    OK(store, credentials_put, "a", 3, "first", 5);
    OK(store, credentials_put, "a", 3, "third", 5);
    OK(store, credentials_put, "a", 4, "", 0);
    put_source(store, 3, "renamed", 0);
    expect_sealed(store, 0, "own");
    expect_sealed(store, 3, "third");
    expect_sealed(store, 4, "");
    FAILS(NOT_FOUND, store, credentials_get, "b", 3, &sealed, &size);
    OK(store, source_remove, "a", 3);
    FAILS(NOT_FOUND, store, credentials_get, "a", 3, &sealed, &size);
    put_source(store, 3, "another", 0);
    FAILS(NOT_FOUND, store, credentials_get, "a", 3, &sealed, &size);
    expect_sealed(store, 0, "own");
}

static void marks_are_of_a_source(struct kit *kit)
{
    struct store *store = &kit->store;
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, mark_put, 2, HEARTH_BOOKMARKS, "two");
    OK(store, mark_put, 0, HEARTH_BOOKMARKS, "own");
    OK(store, mark_put, 10, HEARTH_CLIENTS, "ten");
    OK(store, mark_put, 2, HEARTH_CLIENTS, "clients");
    OK(store, mark_put, 2, HEARTH_BOOKMARKS, "again");
    OK(store, mark_put, 2, HEARTH_COLLECTION_NONE, "all");
    OK(store, mark_put, 3, HEARTH_BOOKMARKS, "three");
    FAILS(INVALID, store, mark_put, 2, 5, "x");
    commit(store);
    EXPECT_LIST(store, "0 3 own\n2 0 all\n2 1 clients\n2 3 again\n3 3 three\n10 1 ten\n", mark_list, "a", on_mark);
    EXPECT_LIST(store, "", mark_list, "b", on_mark);
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, mark_put, 2, HEARTH_BOOKMARKS, NULL);
    OK(store, mark_put, 10, HEARTH_BOOKMARKS, NULL);
    commit(store);
    EXPECT_LIST(store, "0 3 own\n2 0 all\n2 1 clients\n3 3 three\n10 1 ten\n", mark_list, "a", on_mark);
}

static void a_visit_keeps_its_first_source(struct kit *kit)
{
    struct store *store = &kit->store;
    const struct hearth_visit first[] = {HEARTH_VISIT_OF(100, 1, 2), HEARTH_VISIT_OF(200, 1, 0), HEARTH_VISIT_OF(200, 1, 5)};
    const struct hearth_visit second[] = {HEARTH_VISIT_OF(100, 1, 0), HEARTH_VISIT_OF(200, 1, 2), HEARTH_VISIT_OF(300, 1, 2)};
    struct hearth_page page = make_page(1, "https://u.example/", "u.example");
    int64_t added = 0;
    page.visit_count = 3;
    page.last_visit = 300;
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, page_put, &page);
    OK(store, visits_put, 1, first, 3, &added);
    expect_number(added, 2);
    OK(store, visits_put, 1, second, 3, &added);
    expect_number(added, 1);
    commit(store);
    EXPECT_LIST(store, "300 1 2\n200 1 0\n100 1 2\n", page_visits, "a", 1, on_visit);
    assert_sound(store);
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, visits_remove, 1);
    OK(store, visits_put, 1, second, 3, &added);
    expect_number(added, 3);
    commit(store);
    EXPECT_LIST(store, "300 1 2\n200 1 2\n100 1 0\n", page_visits, "a", 1, on_visit);
}

static void a_guid_is_taken_off(struct kit *kit)
{
    struct store *store = &kit->store;
    int64_t page = 0;
    begin(store, "a", HEARTH_COLLECTION_NONE);
    put_visited(store, 1, "https://u.example/", "u.example", 1, (const int64_t[]){100});
    OK(store, page_guid_put, "g", 1);
    OK(store, page_guid_put, "2:g", 1);
    OK(store, page_guid_remove, "g");
    OK(store, page_guid_remove, "G");
    FAILS(NOT_FOUND, store, page_by_guid, "g", &page);
    OK(store, page_by_guid, "2:g", &page);
    commit(store);
    EXPECT_LIST(store, "2:g 1\n", page_guid_list, "a", on_guid);
    FAILS(INVALID, store, page_guid_remove, "2:g");
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, page_guid_put, "g", 1);
    OK(store, page_by_guid, "g", &page);
    commit(store);
    EXPECT_LIST(store, "2:g 1\ng 1\n", page_guid_list, "a", on_guid);
}

static void put_bookmark_of(struct store *store, const char *guid, int32_t kind, const char *parent, int64_t position, int64_t source)
{
    struct hearth_bookmark bookmark = make_bookmark(guid, kind, parent, position);
    bookmark.source = source;
    bookmark.tags = kind == HEARTH_BOOKMARK ? "red" : NULL;
    OK(store, bookmark_put, &bookmark);
}

static int on_tag(void *ctx, const char *tag, int64_t count)
{
    return add_line(ctx, "%s %lld\n", tag, (long long)count);
}

static void fill_bookmarks(struct store *store)
{
    put_bookmark_of(store, "menu________", HEARTH_FOLDER, NULL, 0, 0);
    put_bookmark_of(store, "own_________", HEARTH_BOOKMARK, "menu________", 0, 0);
    put_bookmark_of(store, "2:folder", HEARTH_FOLDER, "menu________", 1, 2);
    put_bookmark_of(store, "2:mark", HEARTH_BOOKMARK, "2:folder", 0, 2);
    put_bookmark_of(store, "2:gone", HEARTH_BOOKMARK, "2:folder", 1, 2);
    put_bookmark_of(store, "own gone", HEARTH_BOOKMARK, "menu________", 2, 0);
    OK(store, bookmark_claims_put, 0, "menu________", (const char *const[]){"own_________"}, 1);
    OK(store, bookmark_claims_put, 2, "2:folder", (const char *const[]){"2:mark", "2:later"}, 2);
    OK(store, bookmark_remove, "2:gone");
    OK(store, bookmark_remove, "2:gone"); /* keeps its source */
    OK(store, bookmark_remove, "own gone");
    OK(store, bookmark_remove, "unknown");
}

static void bookmarks_are_cleared_by_source(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    begin(store, "a", HEARTH_BOOKMARKS);
    fill_bookmarks(store);
    OK(store, bookmark_clear, 7);
    commit(store);
    EXPECT_LIST(store, "2:folder menu________ 2\n2:mark 2:folder 2\nmenu________ - 0\nown_________ menu________ 0\n", bookmark_nodes, "a",
                on_node);
    EXPECT_LIST(store, "2:gone 2:folder 2\nown gone menu________ 0\nunknown - 0\n", bookmark_tombstones, "a", on_node);
    EXPECT_LIST(store, "2 2:folder 0 2:mark\n2 2:folder 1 2:later\n0 menu________ 0 own_________\n", bookmark_claims, "a", on_claim);
    EXPECT_LIST(store, "red 2\n", tag_list, "a", on_tag);
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_clear, 2);
    commit(store);
    assert_sound(store);
    EXPECT_LIST(store, "menu________ - 0\nown_________ menu________ 0\n", bookmark_nodes, "a", on_node);
    EXPECT_LIST(store, "own gone menu________ 0\nunknown - 0\n", bookmark_tombstones, "a", on_node);
    EXPECT_LIST(store, "0 menu________ 0 own_________\n", bookmark_claims, "a", on_claim);
    EXPECT_LIST(store, "red 1\n", tag_list, "a", on_tag);
    OK(store, counts, "a", &counts);
    expect_number(counts.bookmarks, 1);
    expect_number(counts.folders, 0);
    begin(store, "a", HEARTH_BOOKMARKS);
    put_bookmark_of(store, "2:mark", HEARTH_BOOKMARK, "menu________", 1, 2);
    OK(store, bookmark_clear, 0);
    OK(store, bookmark_place, "2:mark", NULL, 0);
    commit(store);
    EXPECT_LIST(store, "2:mark - 2\n", bookmark_nodes, "a", on_node);
    EXPECT_LIST(store, "red 1\n", tag_list, "a", on_tag);
    assert_sound(store);
}

/* Whose it is says who put it last. */
static void a_row_is_of_who_put_it(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_device device = {.struct_size = sizeof(device), .id = "d", .name = "n", .type = "desktop", .source = 2};
    begin(store, "a", HEARTH_COLLECTION_NONE);
    OK(store, device_put, &device);
    OK(store, device_hide, "d", true);
    device.source = 3;
    OK(store, device_put, &device);
    put_bookmark_of(store, "b", HEARTH_BOOKMARK, NULL, 0, 2);
    put_bookmark_of(store, "b", HEARTH_BOOKMARK, NULL, 0, 3);
    OK(store, bookmark_claims_put, 2, "f", (const char *const[]){"b"}, 1);
    OK(store, bookmark_claims_put, 3, "f", (const char *const[]){"c"}, 1);
    commit(store);
    EXPECT_LIST(store, "d 3 0\n", device_list, "a", on_device);
    EXPECT_LIST(store, "b - 3\n", bookmark_nodes, "a", on_node);
    EXPECT_LIST(store, "3 f 0 c\n", bookmark_claims, "a", on_claim);
}

const struct kit_test storage_sources_tests[] = {
    {"sources: are put, listed by id, and removed", sources_are_rows, KIT_OPEN},
    {"sources: credentials are of one of them, and go with it", credentials_are_of_a_source, KIT_OPEN},
    {"sources: marks are of one of them", marks_are_of_a_source, KIT_OPEN},
    {"sources: a visit keeps the one that brought it first", a_visit_keeps_its_first_source, KIT_OPEN},
    {"sources: bookmarks of one are cleared, those of others stay", bookmarks_are_cleared_by_source, KIT_OPEN},
    {"sources: a device, a bookmark, a list of children is of who put it last", a_row_is_of_who_put_it, KIT_OPEN},
    {"pages: a guid is taken off its page", a_guid_is_taken_off, KIT_OPEN},
    {NULL, NULL},
};
