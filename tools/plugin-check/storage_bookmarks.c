/* Bookmarks: rows, order, tags, lists of children, tombstones. */
#include "storage_kit.h"

static int bookmarks_add_item(void *ctx, const struct hearth_bookmark_item *item)
{
    return kit_lines_add(ctx, "%s %d %s %s %lld\n", item->guid, (int)item->kind,
                         item->parent == NULL ? "-" : item->parent,
                         item->said_parent == NULL ? "-" : item->said_parent,
                         (long long)item->position);
}

static int bookmarks_on_child(void *ctx, int64_t source, const char *folder, int64_t position,
                              const char *child)
{
    return kit_lines_add(ctx, "%s %lld %s\n", folder, (long long)position, child);
}

static int bookmarks_on_tag(void *ctx, const char *tag, int64_t count)
{
    return kit_lines_add(ctx, "%s %lld\n", tag, (long long)count);
}

static void bookmarks_expect_counts(struct storage *storage, int64_t bookmarks, int64_t folders)
{
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.bookmarks, bookmarks);
    expect_number(counts.folders, folders);
}

static void put_tagged(struct storage *storage, const char *guid, const char *tags, int64_t added)
{
    struct hearth_bookmark bookmark =
        kit_bookmark_make(guid, HEARTH_BOOKMARK, "unfiled_____", added);
    bookmark.tags = tags;
    bookmark.added = added;
    OK(storage, bookmark_put, &bookmark);
}

static void put_roots(struct storage *storage)
{
    kit_bookmark_put(storage, "root________", HEARTH_FOLDER, NULL, 0);
    kit_bookmark_put(storage, "menu________", HEARTH_FOLDER, "root________", 0);
    kit_bookmark_put(storage, "unfiled_____", HEARTH_FOLDER, "root________", 2);
}

static void expect_list(struct storage *storage, struct hearth_bookmark_query query,
                        const char *expected)
{
    struct lines lines = {.size = 0};
    query.struct_size = sizeof(query);
    OK(storage, bookmark_list, "a", &query, kit_lines_on_bookmark, &lines);
    expect_text(lines.text, expected);
}

static void put_and_get(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark),
                                       .kind = HEARTH_QUERY,
                                       .guid = "query_______",
                                       .parent = "menu________",
                                       .said_parent = "said________",
                                       .title = "Zażółć",
                                       .url = "place:tag=x",
                                       .keyword = "k",
                                       .tag_query = "x",
                                       .tags = "one\ntwo",
                                       .page = 7,
                                       .position = 3,
                                       .added = 10,
                                       .modified = 20};
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    struct hearth_page page = kit_page_make(7, "https://u/", "u");
    page.visit_count = 4;
    page.last_visit = 99;
    OK(storage, page_put, &page);
    OK(storage, bookmark_put, &bookmark);
    kit_batch_commit(storage);
    struct hearth_bookmark got = {.struct_size = sizeof(got)};
    OK(storage, bookmark_get, "a", "query_______", &got);
    expect_number(got.kind, HEARTH_QUERY);
    expect_text(got.parent, "menu________");
    expect_text(got.said_parent, "said________");
    expect_text(got.title, "Zażółć");
    expect_text(got.url, "place:tag=x");
    expect_text(got.keyword, "k");
    expect_text(got.tag_query, "x");
    expect_text(got.tags, "one\ntwo");
    expect_number(got.page, 7);
    expect_number(got.position, 3);
    expect_number(got.added, 10);
    expect_number(got.modified, 20);
    expect_number(got.children, 0);
    expect_number(got.last_visit, 99);
    expect_number(got.visit_count, 4);
    OK(storage, bookmark_get, "a", "menu________", &got);
    expect_number(got.children, 1);
    expect_number(got.page, 0);
    OK(storage, bookmark_get, "a", "root________", &got);
    expect((got.parent) == NULL);
    expect_number(got.children, 2);
    FAILS(NOT_FOUND, storage, bookmark_get, "b", "query_______", &got);
    struct lines lines = {.size = 0};
    OK(storage, bookmarks_of_page, "a", 7, kit_lines_on_bookmark, &lines);
    OK(storage, bookmarks_of_page, "b", 7, kit_lines_on_bookmark, &lines);
    expect_text(lines.text, "query_______\n");
}

static void bookmarks_of_several_pages(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    if (storage->bulk == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_BULK);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    int64_t ids[400];
    for (int i = 0; i < 400; i++) {
        char guid[16];
        ids[i] = i + 1;
        snprintf(guid, sizeof(guid), "b%011d", i);
        struct hearth_bookmark bookmark =
            kit_bookmark_make(guid, HEARTH_BOOKMARK, "menu________", i);
        bookmark.page = i / 2 * 2 + 1; /* two on every second page */
        bookmark.added = 1000 + i;
        OK(storage, bookmark_put, &bookmark);
    }
    kit_batch_commit(storage);
    struct lines lines = {.size = 0}, none = {.size = 0}, few = {.stop_after = 3};
    OK_OF(storage, bulk, bookmarks_of_pages, "a", &ids[6], 1, kit_lines_on_bookmark, &lines);
    expect_text(lines.text, "b00000000007\nb00000000006\n");
    lines = (struct lines){.size = 0};
    OK_OF(storage, bulk, bookmarks_of_pages, "a", ids, 400, kit_lines_on_bookmark, &lines);
    expect_number((int64_t)lines.count, 400);
    OK_OF(storage, bulk, bookmarks_of_pages, "a", ids, 0, kit_lines_on_bookmark, &none);
    OK_OF(storage, bulk, bookmarks_of_pages, "b", ids, 400, kit_lines_on_bookmark, &none);
    OK_OF(storage, bulk, bookmarks_of_pages, "a", &ids[1], 1, kit_lines_on_bookmark, &none);
    expect_number((int64_t)none.count, 0);
    OK_OF(storage, bulk, bookmarks_of_pages, "a", ids, 400, kit_lines_on_bookmark, &few);
    expect_number((int64_t)few.count, 3);
}

/* "GUID KIND PARENT" */
static int note_step(void *ctx, const struct hearth_bookmark *bookmark)
{
    return kit_lines_add(ctx, "%s %d %s\n", bookmark->guid, (int)bookmark->kind,
                         bookmark->parent == NULL ? "-" : bookmark->parent);
}

static void expect_path(struct storage *storage, const char *account, const char *guid,
                        const char *expected)
{
    struct lines lines = {.size = 0};
    OK_OF(storage, paths, bookmark_path, account, guid, note_step, &lines);
    expect_text(lines.text, expected);
}

static void a_path_is_one_folder_after_the_other(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    if (storage->paths == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_PATHS);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    kit_bookmark_put(storage, "outer", HEARTH_FOLDER, "menu________", 0);
    kit_bookmark_put(storage, "inner", HEARTH_FOLDER, "outer", 0);
    kit_bookmark_put(storage, "item", HEARTH_BOOKMARK, "inner", 0);
    kit_bookmark_put(storage, "lost", HEARTH_BOOKMARK, "nowhere", 0);
    kit_bookmark_put(storage, "one", HEARTH_FOLDER, "other", 0);
    kit_bookmark_put(storage, "other", HEARTH_FOLDER, "one", 0);
    static const char path[] =
        "item 1 inner\ninner 2 outer\nouter 2 menu________\nmenu________ 2 root________\n"
        "root________ 2 -\n";
    expect_path(storage, "a", "item", path); /* what the batch has written */
    kit_batch_commit(storage);
    expect_path(storage, "a", "item", path);
    expect_path(storage, "a", "root________", "root________ 2 -\n");
    expect_path(storage, "a", "lost", "lost 1 nowhere\n");
    expect_path(storage, "a", "nowhere", "");
    expect_path(storage, "a", "", "");
    expect_path(storage, "b", "item", "");
    expect_path(storage, "nobody", "item", "");
    struct lines ring = {.size = 0}, few = {.stop_after = 2};
    OK_OF(storage, paths, bookmark_path, "a", "one", kit_lines_on_bookmark, &ring);
    expect_number((int64_t)ring.count, HEARTH_PATH_MAX);
    OK_OF(storage, paths, bookmark_path, "a", "item", kit_lines_on_bookmark, &few);
    expect_number((int64_t)few.count, 2);
}

static void put_keeps_the_place(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_bookmark got = {.struct_size = sizeof(got)};
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    kit_bookmark_put(storage, "b1__________", HEARTH_BOOKMARK, NULL, 9); /* not yet placed */
    OK(storage, bookmark_get, "a", "b1__________", &got);
    expect((got.parent) == NULL);
    expect_number(got.position, 0);
    OK(storage, bookmark_place, "b1__________", "menu________", 5);
    kit_bookmark_put(storage, "b1__________", HEARTH_BOOKMARK, NULL, 9);
    OK(storage, bookmark_get, "a", "b1__________", &got);
    expect_text(got.parent, "menu________");
    expect_number(got.position, 5);
    kit_bookmark_put(storage, "b1__________", HEARTH_BOOKMARK, "unfiled_____", 1);
    OK(storage, bookmark_get, "a", "b1__________", &got);
    expect_text(got.parent, "unfiled_____");
    expect_number(got.position, 1);
    FAILS(NOT_FOUND, storage, bookmark_place, "nothing_____", "menu________", 0);
    struct hearth_bookmark bad = kit_bookmark_make("x", 7, NULL, 0);
    FAILS(INVALID, storage, bookmark_put, &bad);
    kit_batch_commit(storage);
    kit_expect_sound(storage);
}

static void counts_follow_the_kind(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    kit_bookmark_put(storage, "x___________", HEARTH_BOOKMARK, "menu________", 0);
    kit_bookmark_put(storage, "y___________", HEARTH_FOLDER, "menu________", 1);
    kit_bookmark_put(storage, "z___________", HEARTH_SEPARATOR, "menu________", 2);
    kit_bookmark_put(storage, "l___________", HEARTH_LIVEMARK, "menu________", 3);
    kit_bookmark_put(storage, "h___________", HEARTH_NOT_SHOWN, NULL, 0);
    bookmarks_expect_counts(storage, 2, 1);
    kit_bookmark_put(storage, "x___________", HEARTH_FOLDER, "menu________", 0);
    bookmarks_expect_counts(storage, 1, 2);
    OK(storage, bookmark_remove, "x___________");
    OK(storage, bookmark_remove, "x___________");
    kit_batch_commit(storage);
    bookmarks_expect_counts(storage, 1, 1);
    kit_expect_sound(storage);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_clear, 0);
    kit_bookmark_put(storage, "y___________", HEARTH_FOLDER, NULL, 1);
    kit_batch_commit(storage);
    bookmarks_expect_counts(storage, 0, 1);
    kit_expect_sound(storage);
}

static void bookmarks_by_position(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "b", HEARTH_BOOKMARKS);
    /* equal guids in another account */
    kit_bookmark_put(storage, "b1__________", HEARTH_BOOKMARK, "menu________", 0);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    kit_bookmark_put(storage, "b2__________", HEARTH_BOOKMARK, "menu________", 10);
    kit_bookmark_put(storage, "b1__________", HEARTH_BOOKMARK, "menu________", 30);
    kit_bookmark_put(storage, "b3__________", HEARTH_SEPARATOR, "menu________", 20);
    kit_batch_commit(storage);
    expect_list(storage, (struct hearth_bookmark_query){.parent = "menu________", .after = -1},
                "b2__________\nb3__________\nb1__________\n");
    expect_list(storage, (struct hearth_bookmark_query){.parent = "menu________", .after = 10},
                "b3__________\nb1__________\n");
    expect_list(storage, (struct hearth_bookmark_query){.parent = "menu________", .after = 30}, "");
    expect_list(storage, (struct hearth_bookmark_query){.parent = NULL, .after = -1},
                "root________\n");
    struct lines lines = {.size = 0};
    FAILS(INVALID, storage, bookmark_list, "a", &(struct hearth_bookmark_query){.order = 9},
          kit_lines_on_bookmark, &lines);
}

static void bookmarks_by_added(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    put_tagged(storage, "b1__________", NULL, 200);
    put_tagged(storage, "b2__________", NULL, 300);
    put_tagged(storage, "b3__________", NULL, 201);
    struct hearth_bookmark same =
        kit_bookmark_make("b4__________", HEARTH_LIVEMARK, "menu________", 0);
    same.added = 200;
    OK(storage, bookmark_put, &same);
    /* added 0: unknown */
    kit_bookmark_put(storage, "b0__________", HEARTH_BOOKMARK, "menu________", 1);
    kit_bookmark_put(storage, "s___________", HEARTH_SEPARATOR, "menu________", 2);
    kit_bookmark_put(storage, "h___________", HEARTH_NOT_SHOWN, NULL, 0);
    kit_batch_commit(storage);
    const char *all = "b2__________\nb3__________\nb4__________\nb1__________\nb0__________\n";
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_ADDED}, all);
    expect_list(storage,
                (struct hearth_bookmark_query){
                    .order = HEARTH_BY_ADDED, .after = 200, .after_guid = "b4__________"},
                "b1__________\nb0__________\n");
    expect_list(storage,
                (struct hearth_bookmark_query){
                    .order = HEARTH_BY_ADDED, .after = 0, .after_guid = "b0__________"},
                "");
}

static void bookmarks_tags(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    put_tagged(storage, "b1__________", "Work\nÉTÉ\nwork\n", 100); /* a tag twice, an empty end */
    put_tagged(storage, "b2__________", "WORK", 200);
    put_tagged(storage, "b3__________", "été\nСтраница", 300);
    kit_bookmark_put(storage, "f___________", HEARTH_FOLDER, "menu________", 0);
    struct hearth_bookmark folder = kit_bookmark_make("f___________", HEARTH_FOLDER, NULL, 0);
    folder.tags = "work"; /* only bookmarks are listed by tag */
    OK(storage, bookmark_put, &folder);
    kit_batch_commit(storage);
    OK(storage, tag_list, "a", bookmarks_on_tag, &lines);
    OK(storage, tag_list, "b", bookmarks_on_tag, &lines);
    expect_text(lines.text, "WORK 2\nÉTÉ 2\nСтраница 1\n");
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_TAG, .tag = "wOrK"},
                "b2__________\nb1__________\n");
    expect_list(
        storage,
        (struct hearth_bookmark_query){
            .order = HEARTH_BY_TAG, .tag = "wOrK", .after = 200, .after_guid = "b2__________"},
        "b1__________\n");
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_TAG, .tag = "éTé"},
                "b3__________\nb1__________\n");
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_TAG, .tag = "СТРАНИЦА"},
                "b3__________\n");
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_TAG, .tag = ""}, "");
    kit_expect_sound(storage);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_tagged(storage, "b2__________", "other", 250);
    OK(storage, bookmark_remove, "b3__________");
    kit_batch_commit(storage);
    lines = (struct lines){.size = 0};
    OK(storage, tag_list, "a", bookmarks_on_tag, &lines);
    expect_text(lines.text, "other 1\nWork 1\nÉTÉ 1\n");
    kit_expect_sound(storage);
}

/* Two tags that differ in their last letter alone. */
static void long_tags(struct kit *kit)
{
    enum { LENGTH = 400 };
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    char tags[2 * LENGTH + 2], *second = tags + LENGTH + 1;
    const struct hearth_limits *limits = kit->descriptor->limits;
    if (limits != NULL && limits->text_bytes > 0 && limits->text_bytes < (int64_t)sizeof(tags))
        return;
    memset(tags, 'T', sizeof(tags));
    tags[LENGTH] = '\n';
    tags[2 * LENGTH] = 'u';
    tags[2 * LENGTH + 1] = '\0';
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    put_tagged(storage, "b1__________", tags, 100);
    put_tagged(storage, "b2__________", second, 200);
    kit_batch_commit(storage);
    OK(storage, tag_list, "a", bookmarks_on_tag, &lines);
    expect_number(lines.count, 2);
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_TAG, .tag = second},
                "b2__________\nb1__________\n");
    tags[LENGTH] = '\0';
    expect_list(storage, (struct hearth_bookmark_query){.order = HEARTH_BY_TAG, .tag = tags},
                "b1__________\n");
    kit_expect_sound(storage);
}

static void items_children_tombstones(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    put_roots(storage);
    struct hearth_bookmark bookmark =
        kit_bookmark_make("b1__________", HEARTH_BOOKMARK, "menu________", 4);
    bookmark.said_parent = "unfiled_____";
    OK(storage, bookmark_put, &bookmark);
    OK(storage, bookmark_children_put, 0, "unfiled_____",
       (const char *const[]){"b9__________", "b1__________"}, 2);
    OK(storage, bookmark_children_put, 0, "menu________",
       (const char *const[]){"b1__________", "b1__________", "b2__________"}, 3);
    OK(storage, bookmark_children_put, 0, "menu________", (const char *const[]){"b2__________"}, 1);
    kit_batch_commit(storage);
    OK(storage, bookmark_items, "a", bookmarks_add_item, &lines);
    expect_text(lines.text, "b1__________ 1 menu________ unfiled_____ 4\nmenu________ 2 "
                            "root________ - 0\nroot________ 2 - - 0\n"
                            "unfiled_____ 2 root________ - 2\n");
    lines = (struct lines){.size = 0};
    OK(storage, bookmark_children, "a", bookmarks_on_child, &lines);
    OK(storage, bookmark_children, "b", bookmarks_on_child, &lines);
    expect_text(
        lines.text,
        "menu________ 0 b2__________\nunfiled_____ 0 b9__________\nunfiled_____ 1 b1__________\n");
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_remove, "b1__________");
    OK(storage, bookmark_remove, "b1__________"); /* again: the parent stays known */
    OK(storage, bookmark_remove, "unfiled_____"); /* its list goes with it */
    OK(storage, bookmark_remove, "unknown_____");
    OK(storage, bookmark_children_put, 0, "menu________", NULL, 0);
    kit_batch_commit(storage);
    lines = (struct lines){.size = 0};
    OK(storage, bookmark_tombstones, "a", bookmarks_add_item, &lines);
    OK(storage, bookmark_children, "a", bookmarks_on_child, &lines);
    expect_text(
        lines.text,
        "b1__________ 0 menu________ - 0\nunfiled_____ 0 root________ - 0\nunknown_____ 0 - - 0\n");
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    kit_bookmark_put(storage, "b1__________", HEARTH_BOOKMARK, "menu________", 0); /* it is back */
    kit_batch_commit(storage);
    lines = (struct lines){.size = 0};
    OK(storage, bookmark_tombstones, "a", bookmarks_add_item, &lines);
    expect_text(lines.text, "unfiled_____ 0 root________ - 0\nunknown_____ 0 - - 0\n");
    kit_expect_sound(storage);
}

const struct kit_test kit_storage_bookmarks_tests[] = {
    {"bookmarks: what was put is read back", put_and_get},
    {"bookmarks: a put without a parent keeps the place", put_keeps_the_place},
    {"bookmarks: the counts follow the kinds", counts_follow_the_kind},
    {"bookmarks: a folder is listed in its order, from any row on", bookmarks_by_position},
    {"bookmarks: the newest come first, ties by guid, from any row on", bookmarks_by_added},
    {"bookmarks: tags are compared without regard to case", bookmarks_tags},
    {"bookmarks: tags are compared as a whole", long_tags},
    {"bookmarks: items, lists of children and tombstones are kept", items_children_tombstones},
    {"bookmarks: those of several pages are those of each", bookmarks_of_several_pages},
    {"bookmarks: a path is one folder after the other", a_path_is_one_folder_after_the_other},
    {NULL, NULL},
};
