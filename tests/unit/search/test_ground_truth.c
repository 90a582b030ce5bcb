/* What a real Firefox's matcher accepted and how its address bar ranked it, for every recorded
 * string: the same pages must come out of a block that holds what that Firefox had. All of it
 * has to agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/sha.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/codec.h"
#include "model/page.h"
#include "model/url.h"
#include "search/block.h"
#include "search/gram_filter.h"
#include "search/query.h"
#include "search/rank.h"
#include "search/scan.h"
#include "truth.h"

enum { PAGES = 5729, MAX_PAGES = PAGES + 16 };
static const char *fixtures;

struct page {
    struct hearth_page row;
    struct model_page facts;
    int64_t title_changed;
    char tags[4096];
};

struct world {
    json_t *truth, *answers;
    json_t *by_url; /* URL: index */
    struct page *pages;
    size_t count;
    struct arena arena;
};

static struct page *page_of(struct world *world, const char *url)
{
    json_t *at = url == NULL ? NULL : json_object_get(world->by_url, url);
    return at == NULL ? NULL : &world->pages[json_integer_value(at)];
}

static struct page *add_page(struct world *world, const char *url, const char *title)
{
    assert_true(world->count < MAX_PAGES);
    struct page *page = &world->pages[world->count];
    page->row = (struct hearth_page){
        .struct_size = sizeof(page->row), .id = model_page_id(url), .url = url, .title = title};
    model_page_init(&page->facts, INT64_C(30000) * 86400000);
    json_object_set_new(world->by_url, url, json_integer((json_int_t)world->count++));
    return page;
}

/* Rows below "tags________" are the tags; their children tag a page. All others with a URL are
 * bookmarks. */
static void add_bookmarks(struct world *world)
{
    const json_t *table = json_object_get(world->truth, "bookmarks");
    json_t *tags = json_object(), *row;
    size_t i;
    json_array_foreach(json_object_get(table, "rows"), i,
                       row) if (str_equal(truth_text(table, row, "parentGuid"), "tags________"))
        json_object_set_new(tags, truth_text(table, row, "guid"),
                            json_string(truth_text(table, row, "title")));
    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        struct page *page = page_of(world, truth_text(table, row, "url"));
        if (page == NULL || truth_int(table, row, "type") != 1)
            continue;
        const json_t *tag = json_object_get(tags, truth_text(table, row, "parentGuid"));
        const char *title = truth_text(table, row, "title");
        int64_t changed = truth_int(table, row, "lastModified");
        if (tag != NULL) {
            size_t used = strlen(page->tags);
            snprintf(page->tags + used, sizeof(page->tags) - used, "%s%s", used == 0 ? "" : ",",
                     json_string_value(tag));
            page->row.tags = page->tags;
            continue;
        }
        page->row.bookmarks++;
        if (title != NULL && changed > page->title_changed) {
            page->row.bookmark_title = title;
            page->title_changed = changed;
        }
    }
    json_decref(tags);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->truth = truth_load(fixtures, "truth/tablet.json.gz");
    world->answers = truth_load(fixtures, "awesomebar-ground-truth.json");
    world->by_url = json_object();
    world->pages = calloc(MAX_PAGES, sizeof(*world->pages));
    arena_init(&world->arena, 0);
    const json_t *table = json_object_get(world->truth, "places"),
                 *visits = json_object_get(world->truth, "visits");
    json_t *by_guid = json_object(), *row;
    size_t i;
    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        struct page *page =
            add_page(world, truth_text(table, row, "url"), truth_text(table, row, "title"));
        page->row.frecency = truth_int(table, row, "frecency");
        page->row.visit_count = truth_int(table, row, "visitCount");
        json_object_set_new(by_guid, truth_text(table, row, "guid"), json_integer((json_int_t)i));
    }
    json_array_foreach(json_object_get(visits, "rows"), i, row) model_page_add_visit(
        &world->pages[json_integer_value(json_object_get(by_guid, truth_text(visits, row, "guid")))]
             .facts,
        truth_int(visits, row, "date") / 1000, (int)truth_int(visits, row, "type"));
    json_decref(by_guid);
    add_bookmarks(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    arena_fini(&world->arena);
    json_decref(world->truth);
    json_decref(world->answers);
    json_decref(world->by_url);
    free(world->pages);
    free(world);
    return 0;
}

/* In the second scene four tabs had been opened: each is one more visit to its page. */
static void open_tabs(struct world *world)
{
    size_t i, k;
    json_t *window, *tab;
    json_array_foreach(json_object_get(world->answers, "tabs"), i, window)
    {
        json_array_foreach(json_object_get(window, "tabs"), k, tab)
        {
            const char *url = json_string_value(json_object_get(tab, "url"));
            if (!str_starts(url, "https:"))
                continue;
            struct page *page = page_of(world, url);
            if (page == NULL)
                page = add_page(world, url, json_string_value(json_object_get(tab, "title")));
            model_page_add_visit(&page->facts,
                                 json_integer_value(json_object_get(tab, "lastAccessed")), 1);
            page->row.visit_count = page->facts.counted;
            page->row.frecency = model_page_frecency(&page->facts, url, page->row.bookmarks > 0, 0);
        }
    }
}

static int no_tabs(void *ctx, search_tab_cb cb, void *cb_ctx, struct err *err)
{
    return 0;
}

static struct block *block_of(const struct world *world, bool filtered)
{
    struct segment_builder builder = {0};
    for (size_t i = 0; i < world->count; i++)
        assert_int_equal(search_segment_builder_add(&builder, &world->pages[i].row), 0);
    search_segment_builder_sort(&builder);
    struct segment *segment;
    assert_int_equal(search_segment_builder_seal(&builder, &segment), 0);
    search_segment_builder_fini(&builder);
    if (filtered)
        atomic_store(&segment->filter, search_gram_filter_create(segment));
    struct tabs *tabs;
    const struct search_source source = {.tabs = no_tabs};
    assert_int_equal(search_tabs_load(&source, &tabs, NULL), 0);
    struct block *block = search_block_create(&segment, 1, tabs, 1, true);
    search_segment_unref(segment);
    search_tabs_unref(tabs);
    return block;
}

struct found {
    const struct world *world;
    const char *urls[2][MAX_PAGES]; /* at word starts; anywhere */
    int64_t frecency[2][MAX_PAGES];
    size_t count[2];
};

static const struct page *page_with(const struct world *world, int64_t id)
{
    for (size_t i = 0; i < world->count; i++)
        if (world->pages[i].row.id == id)
            return &world->pages[i];
    fail();
    return NULL;
}

static enum scan_want on_match(void *ctx, const struct segment *segment, uint32_t index,
                               enum scan_match match)
{
    struct found *found = ctx;
    const char *url = page_with(found->world, segment->ids[index])->row.url;
    for (int set = match == SCAN_AT_START ? 0 : 1; set < 2; set++) {
        found->urls[set][found->count[set]] = url;
        found->frecency[set][found->count[set]++] = segment->frecency[index];
    }
    return SCAN_WANT_ALL;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void compare(struct found *found, int set, const json_t *want, const char *typed)
{
    if (found->count[set] != (size_t)json_integer_value(json_object_get(want, "count")))
        fail_msg("'%s': %zu instead of %d", typed, found->count[set],
                 (int)json_integer_value(json_object_get(want, "count")));
    /* Order: frecencies in sequence; pages of equal frecency may stand in any order. */
    size_t i;
    json_t *first;
    json_array_foreach(json_object_get(want, "first"), i, first)
        assert_int_equal(found->frecency[set][i], json_integer_value(json_array_get(first, 1)));
    qsort(found->urls[set], found->count[set], sizeof(char *), compare_text);
    struct buf joined = {0};
    uint8_t digest[32];
    char hex[65];
    for (i = 0; i < found->count[set]; i++) {
        buf_add(&joined, "\n", i > 0);
        buf_add_text(&joined, found->urls[set][i]);
    }
    SHA256((const unsigned char *)(joined.data == NULL ? "" : joined.data), joined.size, digest);
    buf_fini(&joined);
    codec_hex_encode(digest, sizeof(digest), hex);
    assert_string_equal(hex, json_string_value(json_object_get(want, "sha256")));
}

/* The sets that Firefox's own matcher accepted. */
static void check_sets(struct world *world, const char *scene, int want_checked)
{
    struct found *found = calloc(1, sizeof(*found));
    struct block *blocks[2] = {block_of(world, false), block_of(world, true)};
    int checked = 0;
    size_t i;
    json_t *asked;
    json_array_foreach(json_object_get(json_object_get(world->answers, scene), "queries"), i, asked)
    {
        const char *typed = json_string_value(json_object_get(asked, "query"));
        if (!json_is_object(json_object_get(asked, "boundary")))
            continue;
        for (int filtered = 0; filtered < 2; filtered++) {
            struct query query;
            assert_int_equal(search_query_parse(typed, NULL, &world->arena, &query, NULL), 0);
            const struct scan_flags flags = {.any = SEGMENT_BOOKMARKED | SEGMENT_VISITED,
                                             .none = SEGMENT_JAVASCRIPT};
            *found = (struct found){.world = world};
            search_scan_segment(blocks[filtered]->segments[0], NULL, &query, &flags, SCAN_WANT_ALL,
                                on_match, found);
            compare(found, 0, json_object_get(asked, "boundary"), typed);
            compare(found, 1, json_object_get(asked, "anywhere"), typed);
        }
        checked++;
        arena_reset(&world->arena);
    }
    assert_int_equal(checked, want_checked);
    for (int k = 0; k < 2; k++)
        search_block_unref(blocks[k]);
    free(found);
}

static bool same_address(const char *a, const char *b)
{
    struct model_url_key x, y;
    model_url_key(a, strlen(a), &x);
    model_url_key(b, strlen(b), &y);
    return x.size == y.size && memcmp(x.text, y.text, x.size) == 0;
}

/* Rows that are not pages (the completed address, a keyword, tabs of other devices) displace the
 * page of the same address. */
static bool is_displaced(const json_t *results, const char *url)
{
    size_t i;
    json_t *row;
    json_array_foreach(results, i, row)
    {
        const char *other = json_string_value(json_object_get(row, "url"));
        if (strcmp(json_string_value(json_object_get(row, "provider")), "UrlbarProviderPlaces") !=
                0 &&
            other != NULL && same_address(other, url))
            return true;
    }
    return false;
}

/* The pages of the list as shown, by frecency; returns how many rows agreed. */
static size_t check_list(struct world *world, const struct block *block, const json_t *asked)
{
    const char *typed = json_string_value(json_object_get(asked, "query"));
    const json_t *rows = json_object_get(json_object_get(asked, "long"), "results");
    /* Left out: an empty string opens another list; and what is a keyword is not known here. */
    if (strcmp(typed, "gh") == 0 || typed[0] == '\0')
        return 0;
    const struct search_request request = {.query = typed, .in = SEARCH_IN_ALL, .limit = 100};
    struct search_results results;
    struct query query;
    bool full;
    assert_int_equal(search_query_parse(typed, NULL, &world->arena, &query, NULL), 0);
    assert_int_equal(search_rank_block(block, &request, &query, &world->arena, &results, &full), 0);
    size_t hit = 0, agreed = 0, i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "provider")), "UrlbarProviderPlaces") !=
            0)
            continue;
        while (hit < results.count &&
               is_displaced(rows, page_with(world, results.hits[hit].page)->row.url))
            hit++;
        assert_true(hit < results.count);
        if (results.hits[hit++].frecency != json_integer_value(json_object_get(row, "frecency")))
            fail_msg("'%s' row %zu", typed, i);
        agreed++;
    }
    if (json_array_size(rows) < 40) /* Firefox had no more to show */
        assert_int_equal(hit, results.count);
    arena_reset(&world->arena);
    return agreed;
}

static void plain(void **state)
{
    check_sets(*state, "plain", 37);
}

static void lists(void **state)
{
    struct world *world = *state;
    struct block *block = block_of(world, true);
    size_t rows = 0, i;
    json_t *asked;
    json_array_foreach(json_object_get(json_object_get(world->answers, "plain"), "queries"), i,
                       asked) rows += check_list(world, block, asked);
    assert_int_equal(rows, 832);
    search_block_unref(block);
}

static void with_tabs(void **state)
{
    open_tabs(*state);
    check_sets(*state, "withTabs", 37);
}

int main(int argc, char **argv)
{
    fixtures = argc > 1 ? argv[1] : "tests/fixtures/firefox-esr";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_tabs, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
