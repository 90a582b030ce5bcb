/* What is told apart: guids of pages, devices of tabs and children by their bytes, hosts exactly,
 * tags as Firefox folds them and to their end. */
#include "storage_ways.h"

#include <stdlib.h>

/* --- keys that are no fields --- */

struct keys {
    size_t found[STORAGE_ALIKE], rows;
};

static void keys_note_found(struct keys *keys, const char *text, int64_t number)
{
    keys->rows++;
    for (size_t i = 0; i < STORAGE_ALIKE; i++)
        if (strcmp(kit_storage_alike[i], text) == 0 && number == (int64_t)i + 1)
            keys->found[i]++;
}

static void expect_all_keys(const struct keys *keys, const char *operation)
{
    expect_number(keys->rows, STORAGE_ALIKE);
    for (size_t i = 0; i < STORAGE_ALIKE; i++)
        if (keys->found[i] != 1)
            fail_msg("%s: \"%s\" comes %zu times among keys that look alike", operation,
                     kit_storage_alike[i], keys->found[i]);
}

static int keys_on_page_guid(void *ctx, const char *guid, int64_t page)
{
    keys_note_found(ctx, guid, page);
    return 0;
}

static int keys_on_child(void *ctx, int64_t source, const char *folder, int64_t position,
                         const char *child)
{
    (void)position;
    if (strcmp(folder, child) != 0)
        fail_msg("bookmark_children: \"%s\" lists \"%s\", which is another's", folder, child);
    for (size_t i = 0; i < STORAGE_ALIKE; i++)
        if (strcmp(kit_storage_alike[i], folder) == 0)
            keys_note_found(ctx, child, (int64_t)i + 1);
    return 0;
}

static int keys_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    keys_note_found(ctx, device, tab->position);
    return 0;
}

static int keys_on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    keys_note_found(ctx, device, strtoll(group->name, NULL, 10));
    return 0;
}

static void put_alike(struct storage *storage)
{
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (size_t i = 0; i < STORAGE_ALIKE; i++) {
        const char *key = kit_storage_alike[i];
        char url[64], number[16];
        snprintf(url, sizeof(url), "https://u/%zu", i + 1);
        snprintf(number, sizeof(number), "%zu", i + 1);
        struct hearth_device device = {
            .struct_size = sizeof(device), .id = key, .name = "n", .type = "desktop"};
        struct hearth_tab tab = {.struct_size = sizeof(tab),
                                 .position = (int64_t)i + 1,
                                 .title = "t",
                                 .url = "https://t/"};
        struct hearth_tab_group group = {.struct_size = sizeof(group), .id = "g", .name = number};
        kit_page_put_visited(storage, (int64_t)i + 1, url, key, 1,
                             (const int64_t[]){100 + (int64_t)i});
        OK(storage, page_guid_put, key, (int64_t)i + 1);
        OK(storage, device_put, &device);
        OK(storage, tab_put, key, &tab);
        OK(storage, tab_group_put, key, &group);
        kit_bookmark_put(storage, key, HEARTH_FOLDER, NULL, 0);
        OK(storage, bookmark_children_put, 0, key, &key, 1);
    }
    kit_batch_commit(storage);
}

static void check_guids_alike(struct storage *storage)
{
    int64_t page = 0;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (size_t i = 0; i < STORAGE_ALIKE; i++) {
        OK(storage, page_by_guid, kit_storage_alike[i], &page);
        if (page != (int64_t)i + 1)
            fail_msg("page_by_guid(\"%s\") finds the page of another guid that looks like it",
                     kit_storage_alike[i]);
    }
    storage->ops->batch_abort(storage->handle);
}

static void check_hosts_alike(struct storage *storage)
{
    for (size_t i = 0; i < STORAGE_ALIKE; i++) {
        struct lines lines = {.size = 0};
        char wanted[64];
        struct hearth_visit_query query = {.struct_size = sizeof(query),
                                           .host = kit_storage_alike[i]};
        snprintf(wanted, sizeof(wanted), "%zu %zu 1 https://u/%zu\n", 100 + i, i + 1, i + 1);
        OK(storage, visit_list, "a", &query, kit_lines_on_visit_row, &lines);
        if (strcmp(lines.text, wanted) != 0)
            fail_msg("visit_list of the host \"%s\" says \"%s\", \"%s\" was expected: a host is "
                     "compared exactly",
                     kit_storage_alike[i], lines.text, wanted);
    }
}

/* What is removed of one is not removed of the others. */
static void check_clearing_alike(struct storage *storage)
{
    struct keys tabs = {.rows = 0}, groups = {.rows = 0};
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, tabs_clear, kit_storage_alike[0]);
    OK(storage, tab_list, "a", NULL, keys_on_tab, &tabs);
    OK(storage, tab_group_list, "a", NULL, keys_on_tab_group, &groups);
    expect_number(tabs.rows, STORAGE_ALIKE - 1);
    expect_number(groups.rows, STORAGE_ALIKE - 1);
    storage->ops->batch_abort(storage->handle);
}

static void keys_that_are_no_fields(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct keys guids = {.rows = 0}, children = {.rows = 0}, tabs = {.rows = 0},
                groups = {.rows = 0};
    put_alike(storage);
    OK(storage, page_guid_list, "a", keys_on_page_guid, &guids);
    expect_all_keys(&guids, "page_guid_list");
    OK(storage, bookmark_children, "a", keys_on_child, &children);
    expect_all_keys(&children, "bookmark_children");
    OK(storage, tab_list, "a", NULL, keys_on_tab, &tabs);
    expect_all_keys(&tabs, "tab_list");
    OK(storage, tab_group_list, "a", NULL, keys_on_tab_group, &groups);
    expect_all_keys(&groups, "tab_group_list");
    for (size_t i = 0; i < STORAGE_ALIKE; i++) {
        struct keys one = {.rows = 0};
        OK(storage, tab_list, "a", kit_storage_alike[i], keys_on_tab, &one);
        if (one.rows != 1 || one.found[i] != 1)
            fail_msg("tab_list of the device \"%s\" says %zu tabs, 1 of its own was expected",
                     kit_storage_alike[i], one.rows);
    }
    check_guids_alike(storage);
    check_hosts_alike(storage);
    check_clearing_alike(storage);
    kit_expect_sound(storage);
}

/* As long as a key may be, and different in the last byte. */
struct long_keys {
    char one[HEARTH_KEY_MAX + 1], two[HEARTH_KEY_MAX + 1];
    size_t ones, twos;
};

static void note_long_key(struct long_keys *keys, const char *text)
{
    keys->ones += strcmp(text, keys->one) == 0;
    keys->twos += strcmp(text, keys->two) == 0;
}

static int on_long_guid(void *ctx, const char *guid, int64_t page)
{
    (void)page;
    note_long_key(ctx, guid);
    return 0;
}

static int on_long_child(void *ctx, int64_t source, const char *folder, int64_t position,
                         const char *child)
{
    (void)position;
    (void)child;
    note_long_key(ctx, folder);
    return 0;
}

static int on_long_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    (void)tab;
    note_long_key(ctx, device);
    return 0;
}

#define EXPECT_LONG_KEYS(storage, keys, operation, ...)                                            \
    do {                                                                                           \
        (keys).ones = (keys).twos = 0;                                                             \
        OK(storage, operation, "a", __VA_ARGS__, &(keys));                                         \
        if ((keys).ones != 1 || (keys).twos != 1)                                                  \
            fail_msg("%s: of two keys of %zu bytes that differ in the last one %zu and %zu come "  \
                     "back, one of each was expected",                                             \
                     #operation, strlen((keys).one), (keys).ones, (keys).twos);                    \
    } while (0)

static void long_keys(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct long_keys keys;
    size_t length = (size_t)plug_fields_longest(HEARTH_KEY_MAX, kit->descriptor->limits);
    memset(&keys, 0, sizeof(keys));
    memset(keys.one, 'k', length);
    memset(keys.two, 'k', length);
    keys.two[length - 1] = 'l';
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "t", .url = "https://t/"};
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    for (int i = 0; i < 2; i++) {
        const char *key = i == 0 ? keys.one : keys.two;
        OK(storage, page_guid_put, key, 1);
        OK(storage, tab_put, key, &tab);
        kit_bookmark_put(storage, key, HEARTH_FOLDER, NULL, 0);
        OK(storage, bookmark_children_put, 0, key, (const char *const[]){"child"}, 1);
    }
    kit_batch_commit(storage);
    EXPECT_LONG_KEYS(storage, keys, page_guid_list, on_long_guid);
    EXPECT_LONG_KEYS(storage, keys, bookmark_children, on_long_child);
    EXPECT_LONG_KEYS(storage, keys, tab_list, NULL, on_long_tab);
    keys.ones = keys.twos = 0;
    OK(storage, tab_list, "a", keys.one, on_long_tab, &keys);
    if (keys.ones != 1 || keys.twos != 0)
        fail_msg("tab_list of a device of %zu bytes says %zu tabs of it and %zu of one that "
                 "differs in the last byte",
                 length, keys.ones, keys.twos);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, tabs_clear, keys.one);
    OK(storage, bookmark_children_put, 0, keys.one, NULL, 0);
    OK(storage, page_guid_remove, keys.one);
    keys.ones = keys.twos = 0;
    OK(storage, tab_list, "a", NULL, on_long_tab, &keys);
    OK(storage, bookmark_children, "a", on_long_child, &keys);
    OK(storage, page_guid_list, "a", on_long_guid, &keys);
    expect_number(keys.ones, 0);
    expect_number(keys.twos, 3);
    storage->ops->batch_abort(storage->handle);
}

/* --- tags --- */

static char *keys_repeat_letter(char *ret, size_t size, const char *letter, char last)
{
    size_t length = 0;
    for (; length + strlen(letter) + 2 < size; length += strlen(letter))
        memcpy(ret + length, letter, strlen(letter));
    ret[length] = last;
    ret[length + 1] = '\0';
    return ret;
}

static int keys_on_tag(void *ctx, const char *tag, int64_t count)
{
    (void)tag;
    expect_number(count, 1);
    ++*(size_t *)ctx;
    return 0;
}

/* Equal in all but the last letter, or but for what a pattern or a padding takes for the same. */
static void tags_to_their_end(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    static char texts[8][4200];
    const char *const tags[] = {keys_repeat_letter(texts[0], 24, "t", 'x'),
                                keys_repeat_letter(texts[1], 24, "t", 'y'),
                                keys_repeat_letter(texts[2], 258, "t", 'x'),
                                keys_repeat_letter(texts[3], 258, "t", 'y'),
                                keys_repeat_letter(texts[4], 4200, "t", 'x'),
                                keys_repeat_letter(texts[5], 4200, "t", 'y'),
                                keys_repeat_letter(texts[6], 66, "\xe6\xbc\xa2", 'x'),
                                keys_repeat_letter(texts[7], 66, "\xe6\xbc\xa2", 'y'),
                                "100%",
                                "100 per cent",
                                "a_b",
                                "axb",
                                "fox 🦊",
                                "fox 🐺",
                                "it's",
                                "it\"s",
                                "back\\slash",
                                "back"};
    enum { TAGS = sizeof(tags) / sizeof(tags[0]) };
    size_t count = 0;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (size_t i = 0; i < TAGS; i++) {
        char guid[16];
        snprintf(guid, sizeof(guid), "tagged%zu", i);
        struct hearth_bookmark bookmark =
            kit_bookmark_make(guid, HEARTH_BOOKMARK, NULL, (int64_t)i);
        bookmark.url = "https://u/";
        bookmark.tags = tags[i];
        OK(storage, bookmark_put, &bookmark);
    }
    kit_batch_commit(storage);
    OK(storage, tag_list, "a", keys_on_tag, &count);
    expect_number(count, TAGS);
    for (size_t i = 0; i < TAGS; i++) {
        struct lines lines = {.size = 0};
        char wanted[20];
        struct hearth_bookmark_query query = {
            .struct_size = sizeof(query), .order = HEARTH_BY_TAG, .tag = tags[i]};
        snprintf(wanted, sizeof(wanted), "tagged%zu\n", i);
        OK(storage, bookmark_list, "a", &query, kit_lines_on_bookmark, &lines);
        if (strcmp(lines.text, wanted) != 0)
            fail_msg(
                "bookmark_list with the tag \"%.40s\" (%zu bytes) says \"%s\", \"%s\" was expected",
                tags[i], strlen(tags[i]), lines.text, wanted);
    }
}

const struct kit_test kit_storage_keys_tests[] = {
    {"borders: hosts, devices, guids and lists of children that look alike are different ones",
     keys_that_are_no_fields, KIT_OPEN},
    {"borders: the longest keys are told apart by their last byte", long_keys, KIT_OPEN},
    {"borders: tags are told apart to their end", tags_to_their_end, KIT_OPEN},
    {NULL, NULL},
};
