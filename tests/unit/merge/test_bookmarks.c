/* Bookmarks are a function of the records that a server has: whatever a random server had before,
 * and whenever it was looked at, what is stored in the end is what reading everything anew stores.
 * And the cases of tests/fixtures/cases, whose expectations a real Firefox gave. */
#include <dirent.h>
#include <jansson.h>

#include "../../plugins/storage-sqlite/fixture.h"
#include "base/buf.h"
#include "merge/bookmark_rules.h"
#include "merge/sink.h"

enum { IDS = 14, BEFORE = 1700000000 };

#define SHOWN(text) ((text) == NULL ? "-" : (text))

static struct fixture *fixture;
static struct sink sinks[2]; /* of account a, which looks often, and of b, which looks at last */

static int begin_bookmarks(void **state)
{
    static const char *const accounts[] = {"a", "b"};
    int r = fixture_setup(state);
    fixture = *state;
    for (int i = 0; r == 0 && i < 2; i++)
        merge_sink_init(&sinks[i], &fixture->storage, NULL, accounts[i], "file", fixture->directory,
                        NULL);
    return r;
}

static int end_bookmarks(void **state)
{
    merge_sink_fini(&sinks[0]);
    merge_sink_fini(&sinks[1]);
    return fixture_teardown(state);
}

/* --- what is stored, and what is shown of it --- */

struct telling {
    const char *account;
    struct buf out;
};

static int tell_row(void *ctx, const struct hearth_bookmark_item *item)
{
    struct telling *telling = ctx;
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    struct storage other;
    fixture_handle(fixture, &other);
    OK(&other, bookmark_get, telling->account, item->guid, &row);
    buf_printf(&telling->out,
               "%s %lld (%lld) in %s at %lld says %s \"%s\" %s keyword %s (%s) tags %s (%s) page "
               "%lld added %lld modified %lld\n",
               row.guid, (long long)row.kind, (long long)row.said_kind, SHOWN(row.parent),
               (long long)row.position, SHOWN(row.said_parent), SHOWN(row.title), SHOWN(row.url),
               SHOWN(row.keyword), SHOWN(row.said_keyword), SHOWN(row.tags), SHOWN(row.said_tags),
               (long long)row.page, (long long)row.added, (long long)row.modified);
    plug_storage_close(&other);
    return 0;
}

static int tell_listed(void *ctx, int64_t source, const char *folder, int64_t position,
                       const char *child)
{
    struct telling *telling = ctx;
    (void)source;
    buf_printf(&telling->out, "%s lists %s at %lld\n", folder, child, (long long)position);
    return 0;
}

static int tell_tag(void *ctx, const char *tag, int64_t count)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "tag %s %lld\n", tag, (long long)count);
    return 0;
}

static int tell_bookmarked(void *ctx, const struct hearth_page *page)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "page %s \"%s\" tags %s, %lld bookmarks, added %lld, frecency %lld\n",
               page->url, SHOWN(page->bookmark_title), SHOWN(page->tags),
               (long long)page->bookmarks, (long long)page->bookmark_added,
               (long long)page->frecency);
    return 0;
}

static char *tell_bookmarks(const char *account)
{
    struct storage *storage = &fixture->storage;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct telling telling = {.account = account};
    OK(storage, bookmark_items, account, tell_row, &telling);
    OK(storage, bookmark_children, account, tell_listed, &telling);
    OK(storage, tag_list, account, tell_tag, &telling);
    OK(storage, pages_by_frecency, account, tell_bookmarked, &telling);
    OK(storage, counts, account, &counts);
    buf_printf(&telling.out, "%lld bookmarks, %lld folders\n", (long long)counts.bookmarks,
               (long long)counts.folders);
    buf_add_char(&telling.out, '\0');
    plug_storage_reset(storage);
    return telling.out.data;
}

static int collect_child(void *ctx, const struct hearth_bookmark *row)
{
    json_array_append_new(ctx, json_pack("[s, i]", row->guid, (int)row->kind));
    return 0;
}

/* As the cases have it: an id, or [id, [what is below it]]. */
static json_t *shown_below(const char *account, const char *folder)
{
    struct storage *storage = &fixture->storage;
    struct hearth_bookmark_query query = {
        .struct_size = sizeof(query), .order = HEARTH_BY_POSITION, .parent = folder, .after = -1};
    json_t *rows = json_array(), *shown = json_array(), *row;
    size_t i;
    OK(storage, bookmark_list, account, &query, collect_child, rows);
    plug_storage_reset(storage);
    json_array_foreach(rows, i, row)
    {
        json_t *id = json_array_get(row, 0);
        bool is_folder = json_integer_value(json_array_get(row, 1)) == HEARTH_FOLDER;
        if (is_folder)
            json_array_append_new(
                shown, json_pack("[O, o]", id, shown_below(account, json_string_value(id))));
        else
            json_array_append(shown, id);
    }
    json_decref(rows);
    return shown;
}

static json_t *shown_tree(const char *account)
{
    static const char *const roots[] = {"menu", "toolbar", "unfiled", "mobile"};
    json_t *tree = json_object();
    for (size_t i = 0; i < 4; i++)
        json_object_set_new(tree, roots[i], shown_below(account, roots[i]));
    return tree;
}

/* --- records as a server has them, in the form of the cases --- */

static int64_t modified_of(const json_t *record)
{
    return (int64_t)(json_number_value(json_object_get(record, "_m")) * 1000);
}

static const char *text_of(const json_t *record, const char *name)
{
    return json_string_value(json_object_get(record, name));
}

static size_t texts_of(const json_t *record, const char *name, const char **ret_texts)
{
    const json_t *list = json_object_get(record, name);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_string(json_array_get(list, i)))
            ret_texts[count++] = json_string_value(json_array_get(list, i));
    return count;
}

static void give(struct sink *sink, const json_t *json)
{
    static const char *const kinds[] = {"", "bookmark", "folder", "separator", "query", "livemark"};
    const char *children[64], *tags[8], *type = text_of(json, "type");
    int64_t modified = modified_of(json);
    struct hearth_bookmark_record record = {
        .struct_size = sizeof(record),
        .guid = text_of(json, "id"),
        .parent_guid = text_of(json, "parentid"),
        .title = text_of(json, "title"),
        .url = text_of(json, "bmkUri"),
        .keyword = text_of(json, "keyword"),
        .children = children,
        .child_count = texts_of(json, "children", children),
        .tags = tags,
        .tag_count = texts_of(json, "tags", tags),
        .added = json_integer_value(json_object_get(json, "dateAdded")),
        .modified = modified,
    };
    for (int i = 1; type != NULL && i <= HEARTH_LIVEMARK; i++)
        if (strcmp(kinds[i], type) == 0)
            record.kind = i;
    if (record.kind == 0)
        assert_int_equal(sink->hearth.removed(sink, record.guid, modified), 0);
    else
        assert_int_equal(sink->hearth.bookmark(sink, &record), 0);
}

static uint64_t seed;
static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16) % n;
}

/* What the server has that is newer, in any order. */
static void look(struct sink *sink, int32_t how, const json_t *server, int64_t since)
{
    const json_t *records[64], *record;
    const char *id;
    size_t count = 0;
    json_object_foreach((json_t *)(uintptr_t)server, id, record) if (modified_of(record) > since)
        records[count++] = record;
    assert_int_equal(sink->hearth.begin(sink, HEARTH_BOOKMARKS, how), 0);
    for (; count > 0; count--) {
        size_t i = below((uint32_t)count);
        give(sink, records[i]);
        records[i] = records[count - 1];
    }
    if (sink->hearth.commit(sink, "mark") < 0)
        fail_msg("commit: %s", sink->err.text);
}

/* --- random servers --- */

static const char *any_name(char name[16])
{
    static const char *const special[] = {"menu",         "toolbar",      "unfiled", "mobile",
                                          "menu________", "toolbar_____", "places",  "tags",
                                          "root________", "unfiled_____"};
    uint32_t i = below(IDS + 10);
    snprintf(name, 16, "n%02u", i);
    return i < IDS ? name : special[i - IDS];
}

static json_t *any_record(const char *id, int64_t modified)
{
    static const char *const kinds[] = {"folder", "bookmark", "bookmark", "separator",
                                        "query",  "livemark", "nonsense", "bookmark"};
    static const char *const urls[] = {"https://one.example/",
                                       "https://two.example/",
                                       "https://three.example/",
                                       "place:x",
                                       "no url",
                                       NULL};
    static const char *const words[] = {"red", "Red", "blue", "green,blue", " red "};
    char name[16];
    bool is_root = id[0] != 'n';
    const char *kind = is_root ? "folder" : kinds[below(8)], *url = urls[below(6)];
    json_t *record = json_pack("{s:s, s:I}", "id", id, "_m", (json_int_t)modified);
    if (below(6) == 0) {
        json_object_set_new(record, "deleted", json_true());
        return record;
    }
    json_object_set_new(record, "type", json_string(kind));
    json_object_set_new(record, "title", json_sprintf("%u", below(100)));
    json_object_set_new(record, "dateAdded",
                        json_integer(below(3) ? 1000 * (BEFORE + (json_int_t)below(99)) : 0));
    if (below(10) > 0)
        json_object_set_new(record, "parentid", json_string(any_name(name)));
    if (strcmp(kind, "folder") == 0) {
        json_t *children = json_array();
        for (uint32_t i = below(7); i > 0; i--)
            json_array_append_new(children, json_string(any_name(name)));
        json_object_set_new(record, "children", children);
    } else if (url != NULL) {
        json_object_set_new(record, "bmkUri", json_string(url));
    }
    if (below(2) == 0)
        json_object_set_new(record, "tags", json_pack("[s, s]", words[below(5)], words[below(5)]));
    if (below(4) == 0)
        json_object_set_new(record, "keyword", json_string(words[below(5)]));
    return record;
}

static void random_change(json_t *server, int64_t now)
{
    char name[16];
    for (uint32_t i = 1 + below(5); i > 0; i--) {
        const char *id = any_name(name);
        if (strcmp(id, "places") != 0 && strcmp(id, "root________") != 0 && strcmp(id, "tags") != 0)
            json_object_set_new(server, id, any_record(id, now));
    }
}

static void expect_same(const char *what, int round, char *got, const char *wanted)
{
    size_t same = 0;
    while (got[same] != '\0' && got[same] == wanted[same])
        same++;
    if (strcmp(got, wanted) != 0)
        print_message("they part at: %.200s\nwanted: %.200s\n", got + (same > 50 ? same - 50 : 0),
                      wanted + (same > 50 ? same - 50 : 0));
    if (strcmp(got, wanted) != 0)
        fail_msg("round %d, %s:\n%s\ninstead of\n%s", round, what, got, wanted);
    free(got);
}

static void test_whenever_one_looks(void **state)
{
    int rounds = getenv("HEARTH_LONG") == NULL ? 60 : 3000;
    (void)state;
    seed = 17;
    for (int round = 0; round < rounds; round++) {
        json_t *server = json_object();
        int64_t now = BEFORE + 1000, seen = 0;
        for (uint32_t step = 2 + below(8); step > 0; step--) {
            random_change(server, now);
            if (below(3) > 0) {
                look(&sinks[0], seen == 0 ? HEARTH_COMPLETE : HEARTH_INCREMENTAL, server, seen);
                seen = now * 1000;
            }
            now += below(3) ? 1 : 50; /* together, or later */
        }
        look(&sinks[0], seen == 0 ? HEARTH_COMPLETE : HEARTH_INCREMENTAL, server, seen);
        look(&sinks[1], HEARTH_COMPLETE, server, 0);
        char *wanted = tell_bookmarks("b");
        expect_same("step by step", round, tell_bookmarks("a"), wanted);
        look(&sinks[0], HEARTH_COMPLETE, server, 0);
        expect_same("read anew", round, tell_bookmarks("a"), wanted);
        free(wanted);
        json_decref(server);
    }
    assert_sound(&fixture->storage);
}

/* --- the cases --- */

static void check_case(const json_t *test)
{
    json_t *steps = json_object_get(test, "steps"), *step, *record;
    json_t *told = json_object_get(test, "firefox_after_each_step"), *server = json_object();
    size_t i, k;
    const char *name = text_of(test, "name");
    json_array_foreach(steps, i, step)
    {
        int64_t seen = INT64_MAX;
        json_array_foreach(step, k, record)
        {
            seen = modified_of(record) <= seen ? modified_of(record) - 1 : seen;
            json_object_set(server, text_of(record, "id"), record);
        }
        look(&sinks[0], i == 0 ? HEARTH_COMPLETE : HEARTH_INCREMENTAL, server, i == 0 ? 0 : seen);
        look(&sinks[1], HEARTH_COMPLETE, server, 0);
        for (int n = 0; n < 2; n++) {
            json_t *got = shown_tree(n == 0 ? "a" : "b");
            if (!json_equal(got, json_array_get(told, i)))
                fail_msg("%s, step %zu, %s: %s\ninstead of %s", name, i,
                         n == 0 ? "step by step" : "anew", json_dumps(got, 0),
                         json_dumps(json_array_get(told, i), 0));
            json_decref(got);
        }
    }
    json_decref(server);
}

static json_t *load_case(const char *folder)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof(path), "%s/%s/input.json", getenv("CASES"), folder);
    json_t *json = json_load_file(path, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", path, error.text);
    return json;
}

static void test_cases_of_trees(void **state)
{
    int count = 0;
    struct dirent *entry;
    DIR *cases = opendir(getenv("CASES"));
    (void)state;
    assert_non_null(cases);
    seed = 17;
    while ((entry = readdir(cases)) != NULL) {
        if (strncmp(entry->d_name, "tree-", 5) != 0)
            continue;
        json_t *all = load_case(entry->d_name), *test;
        size_t i;
        json_array_foreach(json_object_get(all, "cases"), i, test)
        {
            check_case(test);
            count++;
        }
        json_decref(all);
    }
    closedir(cases);
    assert_true(count > 15);
}

static void expect_labels(const char *guid, const char *tags, const char *keyword)
{
    struct storage *storage = &fixture->storage;
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    OK(storage, bookmark_get, "a", guid, &row);
    assert_string_equal(SHOWN(row.tags), tags);
    assert_string_equal(SHOWN(row.keyword), keyword);
    plug_storage_reset(storage);
}

/* records: of the case's only step; *ret_server: by id. */
static json_t *take_records(const json_t *test)
{
    json_t *server = json_object(), *record;
    size_t i;
    json_array_foreach(json_array_get(json_object_get(test, "steps"), 0), i, record)
        json_object_set(server, text_of(record, "id"), record);
    look(&sinks[0], HEARTH_COMPLETE, server, 0);
    return server;
}

static void test_tags_of_a_url(void **state)
{
    json_t *all = load_case("tags-of-copies"), *copy;
    (void)state;
    json_t *server = take_records(json_object_get(all, "tags-copies"));
    expect_labels("a-----------", "blue\nred", "-");
    expect_labels("b-----------", "blue\nred", "-");
    expect_labels("c-----------", "blue\nred", "-");
    /* one copy says something else, much later: of the URL */
    copy = json_object_get(server, "b-----------");
    json_object_set_new(copy, "_m", json_integer(1795800100));
    json_object_set_new(copy, "tags", json_pack("[s]", "green"));
    look(&sinks[0], HEARTH_INCREMENTAL, server, 1795800090000);
    expect_labels("a-----------", "green", "-");
    expect_labels("c-----------", "green", "-");
    char *told = tell_bookmarks("a");
    assert_non_null(strstr(told, "tag green 3\n"));
    assert_null(strstr(told, "tag red"));
    free(told);
    /* when it goes, the others say what they said */
    json_object_del(server, "b-----------");
    json_object_set_new(server, "b-----------",
                        json_pack("{s:s, s:i}", "id", "b-----------", "_m", 1795800200));
    look(&sinks[0], HEARTH_INCREMENTAL, server, 1795800190000);
    expect_labels("a-----------", "blue\nred", "-");
    expect_labels("c-----------", "blue\nred", "-");
    json_decref(server);
    json_decref(all);
    all = load_case("tag-with-comma");
    server = take_records(all);
    expect_labels("e-----------", "comma\ninside", "-");
    expect_labels("g-----------", "TWO", "-");
    copy = json_object_get(server, "e-----------");
    json_object_set_new(copy, "_m", json_integer(1795800100));
    json_object_set_new(copy, "tags", json_pack("[s]", "one,\u00a0two\u3000,\u202f, \u2003three"));
    look(&sinks[0], HEARTH_INCREMENTAL, server, 1795800090000);
    expect_labels("e-----------", "one\nthree\ntwo", "-");
    json_decref(server);
    json_decref(all);
}

static void test_keywords_of_urls(void **state)
{
    json_t *all = load_case("tags-of-copies");
    (void)state;
    json_decref(take_records(json_object_get(all, "keyword-copies")));
    expect_labels("a-----------", "-", "one");
    expect_labels("b-----------", "-", "one");
    expect_labels("c-----------", "-", "one");
    json_decref(all);
    all = load_case("keyword-forms");
    json_decref(take_records(json_object_get(all, "forms")));
    expect_labels("a-----------", "-", "kw");
    expect_labels("d-----------", "-", "ünï");
    json_t *server = take_records(json_object_get(all, "same keyword on two URLs"));
    expect_labels("a-----------", "-", "same");
    expect_labels("b-----------", "-", "-");
    /* who had it goes: the other one has it */
    json_object_set_new(server, "a-----------",
                        json_pack("{s:s, s:i}", "id", "a-----------", "_m", 1795800200));
    look(&sinks[0], HEARTH_INCREMENTAL, server, 1795800190000);
    expect_labels("b-----------", "-", "same");
    json_decref(server);
    json_decref(all);
}

/* --- what older rules have stored --- */

static void put_old(const char *guid, int kind, const char *said, const char *url, const char *tags,
                    const char *keyword, int64_t page)
{
    struct hearth_bookmark row = make_bookmark(guid, kind, "menu", 0);
    row.parent = said == NULL && strcmp(guid, "places") == 0 ? NULL : "menu";
    row.said_parent = said;
    row.url = url;
    row.tags = tags;
    row.keyword = keyword;
    row.page = page;
    row.said_kind = 0;
    row.said_tags = row.said_keyword = NULL;
    OK(&fixture->storage, bookmark_put, &row);
}

static void test_old_rows_are_renewed(void **state)
{
    struct storage *storage = &fixture->storage;
    (void)state;
    begin(storage, "a", HEARTH_BOOKMARKS);
    put_visited(storage, 7, "https://t.example/", "t.example", 0, NULL);
    put_old("menu", HEARTH_FOLDER, NULL, NULL, NULL, NULL, 0);
    put_old("toolbar", HEARTH_FOLDER, "places", NULL, NULL, NULL, 0);
    put_old("places", HEARTH_FOLDER, NULL, NULL, NULL, NULL, 0);
    put_old("one", HEARTH_BOOKMARK, "menu________", "https://t.example/", "red,blue", "KW", 7);
    put_old("two", HEARTH_BOOKMARK, "toolbar_____", "https://t.example/", NULL, NULL, 7);
    put_old("dead", HEARTH_BOOKMARK, "menu", NULL, "red", NULL, 0);
    put_old("live", HEARTH_LIVEMARK, "menu", "https://feed.example/", NULL, NULL, 0);
    put_old("left", HEARTH_FOLDER, "places", NULL, NULL, NULL, 0);
    put_old("pane", HEARTH_QUERY, "left", "place:x", NULL, NULL, 0);
    put_old("toolbar_____", HEARTH_FOLDER, "places", NULL, NULL, NULL, 0);
    commit(storage);
    char *once = NULL;
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to do */
        struct err err = {0};
        int64_t generation;
        assert_int_equal(merge_upgrade_bookmarks(storage, "a", &generation, &err), 0);
        assert_int_equal(generation > 0, i == 0);
        expect_labels("one", "blue\nred", "kw");
        expect_labels("two", "blue\nred", "kw");
        json_t *tree = shown_tree("a"),
               *wanted = json_pack("{s:[s], s:[s], s:[], s:[]}", "menu", "one", "toolbar", "two",
                                   "unfiled", "mobile");
        assert_true(json_equal(tree, wanted));
        json_decref(tree);
        json_decref(wanted);
        char *told = tell_bookmarks("a");
        assert_null(strstr(told, "tag red,blue"));
        assert_null(strstr(told, "dead"));
        assert_non_null(strstr(told, "2 bookmarks, 0 folders"));
        if (once != NULL)
            assert_string_equal(told, once);
        free(once);
        once = told;
    }
    free(once);
    assert_sound(storage);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_bookmarks, end_bookmarks)
    const struct CMUnitTest tests[] = {
        TEST(test_whenever_one_looks), TEST(test_cases_of_trees),       TEST(test_tags_of_a_url),
        TEST(test_keywords_of_urls),   TEST(test_old_rows_are_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
