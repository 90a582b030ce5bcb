/* Sources: rows of an account that its own provider did not bring. */
#include "storage_kit.h"

static int sources_on_source(void *ctx, const struct hearth_source *source)
{
    return kit_lines_add(ctx, "%lld %s %lld %lld\n", (long long)source->id, source->name,
                         (long long)source->kind, (long long)source->ended);
}

static int sources_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    return kit_lines_add(ctx, "%lld %d %s\n", (long long)source, (int)collection, text);
}

static int sources_on_visit(void *ctx, const struct hearth_visit *visit)
{
    return kit_lines_add(ctx, "%lld %lld %lld\n", (long long)visit->date, (long long)visit->type,
                         (long long)visit->source);
}

static int sources_on_item(void *ctx, const struct hearth_bookmark_item *item)
{
    return kit_lines_add(ctx, "%s %s %lld\n", item->guid, item->parent == NULL ? "-" : item->parent,
                         (long long)item->source);
}

static int sources_on_child(void *ctx, int64_t source, const char *folder, int64_t position,
                            const char *child)
{
    return kit_lines_add(ctx, "%lld %s %lld %s\n", (long long)source, folder, (long long)position,
                         child);
}

static int sources_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return kit_lines_add(ctx, "%s %lld %lld\n", device->id, (long long)device->source,
                         (long long)tabs);
}

static int on_guid(void *ctx, const char *guid, int64_t page)
{
    return kit_lines_add(ctx, "%s %lld\n", guid, (long long)page);
}

#define EXPECT_LIST(storage, wanted, operation, ...)                                               \
    do {                                                                                           \
        struct lines lines_ = {.size = 0};                                                         \
        OK(storage, operation, __VA_ARGS__, &lines_);                                              \
        expect_text(lines_.text, wanted);                                                          \
        plug_storage_reset(storage);                                                               \
    } while (0)

static void sources_put_source(struct storage *storage, int64_t id, const char *name, int64_t ended)
{
    struct hearth_source source = {.struct_size = sizeof(source),
                                   .id = id,
                                   .name = name,
                                   .kind = HEARTH_SOURCE_SYNC,
                                   .provider = "other",
                                   .uid = "",
                                   .ended = ended};
    OK(storage, source_put, "a", &source);
}

static void expect_sealed(struct storage *storage, int64_t source, const char *wanted)
{
    const void *sealed = NULL;
    size_t size = 0;
    OK(storage, credentials_get, "a", source, &sealed, &size);
    expect(size == strlen(wanted) && memcmp(sealed, wanted, size) == 0);
    plug_storage_reset(storage);
}

static void sources_are_rows(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_source bad = {.struct_size = sizeof(bad),
                                .name = "n",
                                .kind = HEARTH_SOURCE_IMPORT,
                                .provider = "",
                                .uid = ""};
    FAILS(INVALID, storage, source_put, "a", &bad);
    bad.id = HEARTH_SOURCE_MAX + 1;
    FAILS(INVALID, storage, source_put, "a", &bad);
    bad.id = 1;
    FAILS(NOT_FOUND, storage, source_put, "zz", &bad);
    OK(storage, source_remove, "zz", 1);
    OK(storage, source_remove, "a", 1);
    sources_put_source(storage, HEARTH_SOURCE_MAX, "last", 0);
    sources_put_source(storage, 2, "two", 0);
    sources_put_source(storage, 10, "ten", 0);
    sources_put_source(storage, 2, "two again", 7);
    EXPECT_LIST(storage, "2 two again 1 7\n10 ten 1 0\n65535 last 1 0\n", source_list, "a",
                sources_on_source);
    EXPECT_LIST(storage, "", source_list, "b", sources_on_source);
    OK(storage, source_remove, "b", 2);
    OK(storage, source_remove, "a", 10);
    EXPECT_LIST(storage, "2 two again 1 7\n65535 last 1 0\n", source_list, "a", sources_on_source);
    OK(storage, account_remove, "a");
    EXPECT_LIST(storage, "", source_list, "a", sources_on_source);
    kit_account_add(storage, "a", "anna@example.org");
    EXPECT_LIST(storage, "", source_list, "a", sources_on_source);
}

static void credentials_are_of_a_source(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const void *sealed;
    size_t size;
    FAILS(NOT_FOUND, storage, credentials_put, "a", 3, "x", 1);
    FAILS(NOT_FOUND, storage, credentials_put, "zz", 3, "x", 1);
    sources_put_source(storage, 3, "three", 0);
    sources_put_source(storage, 4, "four", 0);
    FAILS(NOT_FOUND, storage, credentials_get, "a", 3, &sealed, &size);
    OK(storage, credentials_put, "a", 0, "own", 3);
    OK(storage, credentials_put, "a", 3, "first", 5);
    OK(storage, credentials_put, "a", 3, "third", 5);
    OK(storage, credentials_put, "a", 4, "", 0);
    sources_put_source(storage, 3, "renamed", 0);
    expect_sealed(storage, 0, "own");
    expect_sealed(storage, 3, "third");
    expect_sealed(storage, 4, "");
    FAILS(NOT_FOUND, storage, credentials_get, "b", 3, &sealed, &size);
    OK(storage, source_remove, "a", 3);
    FAILS(NOT_FOUND, storage, credentials_get, "a", 3, &sealed, &size);
    sources_put_source(storage, 3, "another", 0);
    FAILS(NOT_FOUND, storage, credentials_get, "a", 3, &sealed, &size);
    expect_sealed(storage, 0, "own");
}

static void cursors_are_of_a_source(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, sync_cursor_put, 2, HEARTH_BOOKMARKS, "two");
    OK(storage, sync_cursor_put, 0, HEARTH_BOOKMARKS, "own");
    OK(storage, sync_cursor_put, 10, HEARTH_CLIENTS, "ten");
    OK(storage, sync_cursor_put, 2, HEARTH_CLIENTS, "clients");
    OK(storage, sync_cursor_put, 2, HEARTH_BOOKMARKS, "again");
    OK(storage, sync_cursor_put, 2, HEARTH_COLLECTION_NONE, "all");
    OK(storage, sync_cursor_put, 3, HEARTH_BOOKMARKS, "three");
    FAILS(INVALID, storage, sync_cursor_put, 2, 5, "x");
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "0 3 own\n2 0 all\n2 1 clients\n2 3 again\n3 3 three\n10 1 ten\n",
                sync_cursor_list, "a", sources_on_cursor);
    EXPECT_LIST(storage, "", sync_cursor_list, "b", sources_on_cursor);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, sync_cursor_put, 2, HEARTH_BOOKMARKS, NULL);
    OK(storage, sync_cursor_put, 10, HEARTH_BOOKMARKS, NULL);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "0 3 own\n2 0 all\n2 1 clients\n3 3 three\n10 1 ten\n", sync_cursor_list,
                "a", sources_on_cursor);
}

static void a_visit_keeps_its_first_source(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const struct hearth_visit first[] = {HEARTH_VISIT_OF(100, 1, 2), HEARTH_VISIT_OF(200, 1, 0),
                                         HEARTH_VISIT_OF(200, 1, 5)};
    const struct hearth_visit second[] = {HEARTH_VISIT_OF(100, 1, 0), HEARTH_VISIT_OF(200, 1, 2),
                                          HEARTH_VISIT_OF(300, 1, 2)};
    struct hearth_page page = kit_page_make(1, "https://u.example/", "u.example");
    int64_t added = 0;
    page.visit_count = 3;
    page.last_visit = 300;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, page_put, &page);
    OK(storage, visits_put, 1, first, 3, &added);
    expect_number(added, 2);
    OK(storage, visits_put, 1, second, 3, &added);
    expect_number(added, 1);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "300 1 2\n200 1 0\n100 1 2\n", page_visits, "a", 1, sources_on_visit);
    kit_expect_sound(storage);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, visits_remove, 1);
    OK(storage, visits_put, 1, second, 3, &added);
    expect_number(added, 3);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "300 1 2\n200 1 2\n100 1 0\n", page_visits, "a", 1, sources_on_visit);
}

static void a_guid_is_taken_off(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    int64_t page = 0;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u.example/", "u.example", 1, (const int64_t[]){100});
    OK(storage, page_guid_put, "g", 1);
    OK(storage, page_guid_put, "2:g", 1);
    OK(storage, page_guid_remove, "g");
    OK(storage, page_guid_remove, "G");
    FAILS(NOT_FOUND, storage, page_by_guid, "g", &page);
    OK(storage, page_by_guid, "2:g", &page);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "2:g 1\n", page_guid_list, "a", on_guid);
    FAILS(INVALID, storage, page_guid_remove, "2:g");
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, page_guid_put, "g", 1);
    OK(storage, page_by_guid, "g", &page);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "2:g 1\ng 1\n", page_guid_list, "a", on_guid);
}

static void put_bookmark_of(struct storage *storage, const char *guid, int32_t kind,
                            const char *parent, int64_t position, int64_t source)
{
    struct hearth_bookmark bookmark = kit_bookmark_make(guid, kind, parent, position);
    bookmark.source = source;
    bookmark.tags = kind == HEARTH_BOOKMARK ? "red" : NULL;
    OK(storage, bookmark_put, &bookmark);
}

static int sources_on_tag(void *ctx, const char *tag, int64_t count)
{
    return kit_lines_add(ctx, "%s %lld\n", tag, (long long)count);
}

static void fill_bookmarks(struct storage *storage)
{
    put_bookmark_of(storage, "menu________", HEARTH_FOLDER, NULL, 0, 0);
    put_bookmark_of(storage, "own_________", HEARTH_BOOKMARK, "menu________", 0, 0);
    put_bookmark_of(storage, "2:folder", HEARTH_FOLDER, "menu________", 1, 2);
    put_bookmark_of(storage, "2:mark", HEARTH_BOOKMARK, "2:folder", 0, 2);
    put_bookmark_of(storage, "2:gone", HEARTH_BOOKMARK, "2:folder", 1, 2);
    put_bookmark_of(storage, "own gone", HEARTH_BOOKMARK, "menu________", 2, 0);
    OK(storage, bookmark_children_put, 0, "menu________", (const char *const[]){"own_________"}, 1);
    OK(storage, bookmark_children_put, 2, "2:folder", (const char *const[]){"2:mark", "2:later"},
       2);
    OK(storage, bookmark_remove, "2:gone");
    OK(storage, bookmark_remove, "2:gone"); /* keeps its source */
    OK(storage, bookmark_remove, "own gone");
    OK(storage, bookmark_remove, "unknown");
}

static void bookmarks_are_cleared_by_source(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    fill_bookmarks(storage);
    OK(storage, bookmark_clear, 7);
    kit_batch_commit(storage);
    EXPECT_LIST(storage,
                "2:folder menu________ 2\n2:mark 2:folder 2\nmenu________ - 0\nown_________ "
                "menu________ 0\n",
                bookmark_items, "a", sources_on_item);
    EXPECT_LIST(storage, "2:gone 2:folder 2\nown gone menu________ 0\nunknown - 0\n",
                bookmark_tombstones, "a", sources_on_item);
    EXPECT_LIST(storage,
                "2 2:folder 0 2:mark\n2 2:folder 1 2:later\n0 menu________ 0 own_________\n",
                bookmark_children, "a", sources_on_child);
    EXPECT_LIST(storage, "red 2\n", tag_list, "a", sources_on_tag);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_clear, 2);
    kit_batch_commit(storage);
    kit_expect_sound(storage);
    EXPECT_LIST(storage, "menu________ - 0\nown_________ menu________ 0\n", bookmark_items, "a",
                sources_on_item);
    EXPECT_LIST(storage, "own gone menu________ 0\nunknown - 0\n", bookmark_tombstones, "a",
                sources_on_item);
    EXPECT_LIST(storage, "0 menu________ 0 own_________\n", bookmark_children, "a",
                sources_on_child);
    EXPECT_LIST(storage, "red 1\n", tag_list, "a", sources_on_tag);
    OK(storage, counts, "a", &counts);
    expect_number(counts.bookmarks, 1);
    expect_number(counts.folders, 0);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_bookmark_of(storage, "2:mark", HEARTH_BOOKMARK, "menu________", 1, 2);
    OK(storage, bookmark_clear, 0);
    OK(storage, bookmark_place, "2:mark", NULL, 0);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "2:mark - 2\n", bookmark_items, "a", sources_on_item);
    EXPECT_LIST(storage, "red 1\n", tag_list, "a", sources_on_tag);
    kit_expect_sound(storage);
}

/* Whose it is says who put it last. */
static void a_row_is_of_who_put_it(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = "d", .name = "n", .type = "desktop", .source = 2};
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, device_put, &device);
    OK(storage, device_hide, "d", true);
    device.source = 3;
    OK(storage, device_put, &device);
    put_bookmark_of(storage, "b", HEARTH_BOOKMARK, NULL, 0, 2);
    put_bookmark_of(storage, "b", HEARTH_BOOKMARK, NULL, 0, 3);
    OK(storage, bookmark_children_put, 2, "f", (const char *const[]){"b"}, 1);
    OK(storage, bookmark_children_put, 3, "f", (const char *const[]){"c"}, 1);
    kit_batch_commit(storage);
    EXPECT_LIST(storage, "d 3 0\n", device_list, "a", sources_on_device);
    EXPECT_LIST(storage, "b - 3\n", bookmark_items, "a", sources_on_item);
    EXPECT_LIST(storage, "3 f 0 c\n", bookmark_children, "a", sources_on_child);
}

const struct kit_test kit_storage_sources_tests[] = {
    {"sources: are put, listed by id, and removed", sources_are_rows, KIT_OPEN},
    {"sources: credentials are of one of them, and go with it", credentials_are_of_a_source,
     KIT_OPEN},
    {"sources: sync cursors are of one of them", cursors_are_of_a_source, KIT_OPEN},
    {"sources: a visit keeps the one that brought it first", a_visit_keeps_its_first_source,
     KIT_OPEN},
    {"sources: bookmarks of one are cleared, those of others stay", bookmarks_are_cleared_by_source,
     KIT_OPEN},
    {"sources: a device, a bookmark, a list of children is of who put it last",
     a_row_is_of_who_put_it, KIT_OPEN},
    {"pages: a guid is taken off its page", a_guid_is_taken_off, KIT_OPEN},
    {NULL, NULL},
};
