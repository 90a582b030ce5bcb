/* The order of an answer: tabs, picks, word starts, the rest; one result for each address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/url.h"
#include "search/block.h"
#include "search/load.h"
#include "search/query.h"
#include "search/rank.h"

/* In frecency order; the id is the place in the list. */
static const struct hearth_page all_pages[] = {
    {.id = 1, .url = "http://river.example/", .title = "River", .frecency = 900, .visit_count = 5},
    {.id = 2,
     .url = "https://driver.example/",
     .title = "Drivers",
     .frecency = 800,
     .visit_count = 1},
    {.id = 3,
     .url = "https://www.river.example",
     .title = "The river",
     .frecency = 700,
     .visit_count = 5},
    {.id = 4,
     .url = "https://b.example/river",
     .title = "x",
     .bookmark_title = "",
     .bookmarks = 1,
     .tags = "water,Blue",
     .frecency = 600},
    {.id = 5, .url = "https://river.example/", .title = "River", .frecency = 500, .visit_count = 5},
    {.id = 6,
     .url = "javascript:river()",
     .bookmark_title = "Let",
     .bookmarks = 1,
     .frecency = 450},
    {.id = 7,
     .url = "https://c.example/",
     .title = "riverRun",
     .bookmark_title = "My run",
     .bookmarks = 2,
     .frecency = 400,
     .visit_count = 1},
    {.id = 8,
     .url = "https://d.example/",
     .title = "Rivers",
     .frecency = 300,
     .visit_count = 0,
     .hidden = true},
    {.id = 9, .url = "https://e.example/upriver", .title = "e", .frecency = 200, .visit_count = 1},
    {.id = 10, .url = "https://f.example/#river", .title = "f", .frecency = 100, .visit_count = 1},
    {.id = 11,
     .url = "https://never.example/river",
     .title = "River",
     .frecency = 0,
     .visit_count = 1},
};
enum { PAGES = sizeof(all_pages) / sizeof(all_pages[0]) };

static const struct search_tab all_tabs[] = {
    {"d1", "Laptop", "https://old.example/driver", "An old one", 100},
    {"d2", "Phone", "https://f.example/#river", "f", 300},
    {"d1", "Laptop", "http://f.example/#river", "f", 200},
    {"d2", "Phone", "https://f.example/#river", "f", 150},
    {"d1", "Laptop", "https://g.example/", "Nothing here", 400},
    {"d3", "Tablet", "https://h.example/", "Many rivers", 50},
};

/* Addresses that differ in www. or the scheme, and places in documents. */
static const struct hearth_page variants[] = {
    {.id = 1, .url = "http://www.a.test/x", .title = "One", .frecency = 990, .visit_count = 1},
    {.id = 2, .url = "https://a.test/x", .title = "Another", .frecency = 980, .visit_count = 1},
    {.id = 3, .url = "http://www.b.test/x", .title = "Same", .frecency = 970, .visit_count = 1},
    {.id = 4, .url = "http://b.test/x", .title = "Same", .frecency = 960, .visit_count = 1},
    {.id = 5, .url = "https://www.b.test/x", .title = "Same", .frecency = 950, .visit_count = 1},
    {.id = 6, .url = "https://b.test/x?", .title = "Same", .frecency = 940, .visit_count = 1},
    {.id = 7, .url = "https://www.c.test/x", .title = "Case", .frecency = 930, .visit_count = 1},
    {.id = 8, .url = "http://c.test/x", .title = "case", .frecency = 920, .visit_count = 1},
    {.id = 9, .url = "https://d.test/x", .title = "Slash", .frecency = 910, .visit_count = 1},
    {.id = 10, .url = "http://www.d.test/x/", .title = "Slash", .frecency = 900, .visit_count = 1},
    {.id = 11, .url = "https://e.test/#x", .title = "Places", .frecency = 890, .visit_count = 1},
    {.id = 12, .url = "https://e.test/#x2", .title = "Places", .frecency = 880, .visit_count = 1},
    {.id = 13, .url = "https://e.test/#x3", .title = "Other", .frecency = 870, .visit_count = 1},
    {.id = 14,
     .url = "https://e.test/#x4",
     .bookmark_title = "Places",
     .bookmarks = 1,
     .frecency = 860,
     .visit_count = 1},
    {.id = 15, .url = "https://e.test/?x", .title = "Places", .frecency = 850, .visit_count = 1},
    {.id = 16, .url = "https://f.test/x", .title = "", .frecency = 840, .visit_count = 1},
    {.id = 17, .url = "http://www.f.test/x", .title = NULL, .frecency = 830, .visit_count = 1},
};
enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

static const struct hearth_page *the_pages = all_pages;
static size_t page_count = PAGES;

static int pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    for (size_t i = 0; i < page_count; i++)
        cb(cb_ctx, &the_pages[i]);
    return 0;
}

static int tabs(void *ctx, search_tab_cb cb, void *cb_ctx, struct err *err)
{
    for (size_t i = 0; i < sizeof(all_tabs) / sizeof(all_tabs[0]); i++)
        cb(cb_ctx, &all_tabs[i]);
    return 0;
}

static struct hearth_pick picks[] = {
    {.input = "ri", .page = 9, .use_count = 1, .used = 86400000},
    {.input = "riv", .page = 10, .use_count = 1.2, .used = 86400000},
    /* frecency 0: not in the block */
    {.input = "river", .page = 11, .use_count = 9, .used = 86400000},
    {.input = "ri", .page = 2, .use_count = 0.1, .used = 86400000}, /* faded */
    {.input = "garden", .page = 8, .use_count = 5, .used = 86400000},
};

struct setting {
    uint32_t in, limit;
    size_t picks;
    bool with_tabs;
};

/* "T" tab with its devices, "P" pick, "S" word start, "A" anywhere; then the page's id, "*" if
 * it is bookmarked. */
static void expect(const char *typed, struct setting setting, const char *want)
{
    struct arena arena;
    const struct search_source source = {.pages = pages, .tabs = setting.with_tabs ? tabs : NULL};
    struct block *block;
    struct query query;
    struct search_results results;
    bool full;
    char text[1024] = "";
    size_t used = 0;
    arena_init(&arena, 1 << 20);
    assert_int_equal(search_load_block(&source, 1, NULL, NULL, &block, NULL), 0);
    const struct search_request request = {.query = typed,
                                           .in = setting.in == 0 ? SEARCH_IN_ALL : setting.in,
                                           .limit = setting.limit == 0 ? 20 : setting.limit,
                                           .picks = picks,
                                           .pick_count = setting.picks,
                                           .now = 86400000};
    assert_int_equal(search_query_parse(typed, NULL, &arena, &query, NULL), 0);
    assert_int_equal(search_rank_block(block, &request, &query, &arena, &results, &full), 0);
    search_block_unref(block); /* the answer does not need it */
    for (size_t i = 0; i < results.count; i++) {
        const struct search_hit *hit = &results.hits[i];
        if (hit->kind == SEARCH_TAB) {
            assert_true(hit->page == model_page_id(hit->url) && hit->device_count > 0);
            used += (size_t)snprintf(text + used, sizeof(text) - used, "T[%s", hit->url);
            for (size_t k = 0; k < hit->device_count; k++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, " %s=%s@%d",
                                         hit->devices[k].id, hit->devices[k].name,
                                         (int)hit->devices[k].last_used);
            used += (size_t)snprintf(text + used, sizeof(text) - used, "] ");
            continue;
        }
        assert_int_equal(hit->frecency, the_pages[hit->page - 1].frecency);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d%s ",
                                 hit->picked          ? "P"
                                 : hit->at_word_start ? "S"
                                                      : "A",
                                 (int)hit->page, hit->kind == SEARCH_BOOKMARK ? "*" : "");
    }
    assert_string_equal(text, want);
    arena_fini(&arena);
}

static void passes(void **state)
{
    /* By frecency. 1 and 5 are one address, and the better variant is shown; 3 has another title.
     * 8 has no visit that counts and no bookmark. */
    expect("river", (struct setting){0}, "A2 S3 S4* S5 A9 S10 ");
    /* Half as many again are looked for, at word starts first: full before 5 was seen. */
    expect("RIVER", (struct setting){.limit = 2}, "S1 S3 ");
    expect("river", (struct setting){.limit = 4}, "A2 S3 S4* S5 ");
    expect("iver", (struct setting){.limit = 3}, "A2 A3 A4* ");
    /* a bookmarked page is known by the bookmark's title */
    expect("riverrun", (struct setting){0}, "");
    expect("my run", (struct setting){0}, "S7* ");
    expect("blue", (struct setting){0}, "S4* ");
    expect("zzz", (struct setting){0}, "");
}

static void one_or_several(void **state)
{
    the_pages = variants;
    page_count = VARIANTS;
    expect("a.test", (struct setting){0}, "S1 S2 "); /* www. with another title is another site */
    expect("b.test", (struct setting){0}, "S6 ");    /* with the same it is not: the best prefix */
    expect("c.test", (struct setting){0}, "S7 S8 "); /* titles are compared as they are */
    expect("d.test", (struct setting){0}, "S9 S10 ");
    expect("e.test", (struct setting){0}, "S11 S13 S14* S15 ");
    expect("f.test", (struct setting){0}, "S16 "); /* no title is one, too */
    /* Found before the list is full, or not at all. */
    expect("x", (struct setting){.limit = 2}, "S1 S2 ");
    expect("b.test", (struct setting){.limit = 1}, "S4 ");
    expect("e.test", (struct setting){.limit = 3}, "S11 S13 S14* "); /* others are looked for */
    the_pages = all_pages;
    page_count = PAGES;
}

static void nothing_typed(void **state)
{
    expect("", (struct setting){.limit = 3, .with_tabs = true}, "S2 S3 S4* ");
    expect("  ", (struct setting){.limit = 1}, "S1 ");
}

static void restrictions(void **state)
{
    expect("* river", (struct setting){0}, "S4* ");
    expect("*", (struct setting){0}, "S4* S7* ");
    expect("^ run", (struct setting){0}, "S7* ");
    expect("+ river", (struct setting){0}, "S4* ");
    expect("# river", (struct setting){0}, "A2 S3 S5 ");
    expect("$ river", (struct setting){0}, "A2 S3 S4* S5 A9 S10 ");
    expect("? river", (struct setting){.with_tabs = true}, "");
    expect("@river", (struct setting){.with_tabs = true}, "");
    expect("river", (struct setting){.in = SEARCH_IN_BOOKMARKS}, "S4* ");
    expect("river", (struct setting){.in = SEARCH_IN_HISTORY}, "A2 S3 S5 A9 S10 ");
    expect("river", (struct setting){.in = SEARCH_IN_TABS}, "");
    expect("javascript: river", (struct setting){0}, "S6* ");
    expect("javascript:river", (struct setting){0}, "A2 S3 S4* S5 A9 S10 ");
}

static void open_tabs(void **state)
{
    static const char f[] = "T[https://f.example/#river d2=Phone@300 d1=Laptop@200] ",
                      old[] = "T[https://old.example/driver d1=Laptop@100] ",
                      h[] = "T[https://h.example/ d3=Tablet@50] ",
                      g[] = "T[https://g.example/ d1=Laptop@400] ";
    char want[512];
    snprintf(want, sizeof(want), "%s%s%sA2 S3 S4* S5 A9 ", f, old,
             h); /* 10 is the address of a tab */
    expect("river", (struct setting){.with_tabs = true}, want);
    snprintf(want, sizeof(want), "%sA2 S3 S4* ", f); /* a third is for tabs */
    expect("river", (struct setting){.with_tabs = true, .limit = 4}, want);
    snprintf(want, sizeof(want), "%s%s%sS4* ", f, old, h); /* more if pages leave room */
    expect(
        "river",
        (struct setting){.with_tabs = true, .limit = 5, .in = SEARCH_IN_TABS | SEARCH_IN_BOOKMARKS},
        want);
    snprintf(want, sizeof(want), "%s%s", f, old);
    expect("river", (struct setting){.with_tabs = true, .limit = 2, .in = SEARCH_IN_TABS}, want);
    snprintf(want, sizeof(want), "%s%s%s", f, old, h);
    expect("% river", (struct setting){.with_tabs = true}, want);
    snprintf(want, sizeof(want), "%s%s%s%s", g, f, old, h);
    expect("%", (struct setting){.with_tabs = true}, want);
    expect("% river", (struct setting){.with_tabs = true, .in = SEARCH_IN_HISTORY}, "");
    expect("* river", (struct setting){.with_tabs = true}, "S4* ");
}

static void earlier_picks(void **state)
{
    enum { ALL = sizeof(picks) / sizeof(picks[0]) };
    /* typed to its end: 1 counts 2 */
    expect("ri", (struct setting){.picks = ALL}, "P9 P10 A2 S3 S4* S5 ");
    expect("riv", (struct setting){.picks = ALL}, "P10 A2 S3 S4* S5 A9 ");
    expect("RÍV", (struct setting){.picks = ALL}, "P10 A2 S3 S4* S5 A9 ");
    expect("river", (struct setting){.picks = ALL}, "A2 S3 S4* S5 A9 S10 ");
    expect("ri", (struct setting){.picks = ALL, .limit = 1}, "P9 ");
    expect("", (struct setting){.picks = ALL, .limit = 1}, "S1 ");
    expect("gard", (struct setting){.picks = ALL}, ""); /* page 8 is not offered */
    expect("ri", (struct setting){.picks = ALL, .limit = 3, .with_tabs = true},
           "T[https://f.example/#river d2=Phone@300 d1=Laptop@200] P9 S1 ");
}

static void pick_arithmetic(void **state)
{
    int64_t day = 86400000;
    assert_true(search_pick_again(0, 0, day) > 0.999 && search_pick_again(0, 0, day) < 1.001);
    assert_true(search_pick_again(1, day, day) > 1.899 && search_pick_again(1, day, day) < 1.901);
    double once = search_pick_again(1, 0, day);
    assert_true(once > 1 + 0.9 * 0.975 - 0.001 && once < 1 + 0.9 * 0.975 + 0.001);
}

static void small_arena(void **state)
{
    const struct search_source source = {.pages = pages, .tabs = tabs};
    struct block *block;
    assert_int_equal(search_load_block(&source, 1, NULL, NULL, &block, NULL), 0);
    const struct search_request request = {.query = "river",
                                           .in = SEARCH_IN_ALL,
                                           .limit = 20,
                                           .picks = picks,
                                           .pick_count = 5,
                                           .now = 86400000};
    int worked = 0;
    for (size_t size = 64; !worked; size += 64) {
        struct arena arena;
        struct query query;
        struct search_results results;
        bool full;
        arena_init(&arena, size);
        int r = search_query_parse("river", NULL, &arena, &query, NULL);
        if (r == 0)
            r = search_rank_block(block, &request, &query, &arena, &results, &full);
        assert_true(r == 0 || r == HEARTH_ERR_NOMEM);
        worked = r == 0;
        arena_fini(&arena);
        assert_true(size < 1 << 20);
    }
    search_block_unref(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes),          cmocka_unit_test(one_or_several),
        cmocka_unit_test(nothing_typed),   cmocka_unit_test(restrictions),
        cmocka_unit_test(open_tabs),       cmocka_unit_test(earlier_picks),
        cmocka_unit_test(pick_arithmetic), cmocka_unit_test(small_arena)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
