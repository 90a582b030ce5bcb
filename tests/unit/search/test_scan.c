/* Scans with and without a filter against a naive matcher that follows the rule word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/url.h"
#include "pages.h"
#include "search/gram_filter.h"
#include "search/fold.h"
#include "search/query.h"
#include "search/scan.h"
#include "search/segment.h"

enum { PAGES = 5000 };

static enum scan_match naive_field(const struct needle *word, const char *text, size_t size)
{
    char folded[4096];
    uint8_t starts[4096 / 8] = {0};
    size_t n = search_fold_text(text, size, folded, starts, 0);
    enum scan_match match = SCAN_NONE;
    for (size_t i = 0; i + word->size <= n; i++)
        if (memcmp(folded + i, word->text, word->size) == 0)
            match = starts[i / 8] >> i % 8 & 1 ? SCAN_AT_START
                    : match == SCAN_NONE       ? SCAN_ANYWHERE
                                               : match;
    return match;
}

static enum scan_match naive(const struct hearth_page *page, const struct query *query)
{
    char url[1024];
    size_t n = model_url_decode(page->url, strlen(page->url), url),
           scheme = model_url_scheme(url, n);
    const char *title = page->bookmarks && page->bookmark_title != NULL ? page->bookmark_title
                        : page->title == NULL                           ? ""
                                                                        : page->title;
    const char *tags = page->bookmarks && page->tags != NULL ? page->tags : "";
    enum scan_match all = SCAN_AT_START;
    for (size_t i = 0; i < query->word_count; i++) {
        enum scan_match best = SCAN_NONE,
                        in[3] = {naive_field(&query->words[i], url + scheme, n - scheme),
                                 naive_field(&query->words[i], title, strlen(title)),
                                 naive_field(&query->words[i], tags, strlen(tags))};
        for (int k = query->field == QUERY_TITLE ? 1 : 0; k < (query->field == QUERY_URL ? 1 : 3);
             k++)
            best = in[k] > best ? in[k] : best;
        all = best < all ? best : all;
    }
    return all;
}

struct seen {
    uint8_t match[PAGES];
    size_t count;
    uint32_t last;
};

static enum scan_want on_match(void *ctx, const struct segment *segment, uint32_t index,
                               enum scan_match match)
{
    struct seen *seen = ctx;
    assert_true(seen->count == 0 || index > seen->last); /* in order, each once */
    seen->last = index;
    seen->match[index] = (uint8_t)match;
    seen->count++;
    return SCAN_WANT_ALL;
}

static enum scan_want on_start(void *ctx, const struct segment *segment, uint32_t index,
                               enum scan_match match)
{
    on_match(ctx, segment, index, match);
    return SCAN_WANT_AT_START;
}

static enum scan_want first_only(void *ctx, const struct segment *segment, uint32_t index,
                                 enum scan_match match)
{
    on_match(ctx, segment, index, match);
    return SCAN_WANT_NOTHING;
}

static void typed_string(char *ret, size_t size)
{
    static const char *const prefixes[] = {"", "", "", "# ", "$ ", "* ", "^ ", "+ "};
    const char *word = pages_word(), *other = pages_below(3) ? "" : pages_word();
    size_t skip = 0, n = strlen(word);
    while (pages_below(3) == 0 && skip < n)
        skip++;
    snprintf(ret, size, "%s%.*s %.*s", prefixes[pages_below(8)],
             (int)search_fold_cut(word, n, 1 + pages_below((uint32_t)n)), word,
             (int)search_fold_cut(other, strlen(other), 1 + pages_below(6)), other);
    if (skip > 0 && (uint8_t)word[0] < 0x80)
        snprintf(ret, size, "%s", (uint8_t)word[1] < 0x80 && word[1] != '\0' ? word + 1 : "1/");
}

struct world {
    struct arena arena;
    struct hearth_page pages[PAGES];
    struct segment *plain, *filtered;
    uint64_t dead[PAGES / 64 + 1];
};

static struct segment *seal(const struct world *world, size_t count)
{
    struct segment_builder builder = {0};
    struct segment *segment;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(search_segment_builder_add(&builder, &world->pages[i]), 0);
    assert_int_equal(builder.count, count);
    assert_int_equal(search_segment_builder_seal(&builder, &segment), 0);
    search_segment_builder_fini(&builder);
    return segment;
}

static void fill(struct world *world)
{
    arena_init(&world->arena, 0);
    for (size_t i = 0; i < PAGES; i++) {
        world->pages[i] = pages_make(&world->arena, (int64_t)i + 1);
        world->pages[i].frecency = (int64_t)(PAGES - i);
        if (pages_below(5) == 0)
            world->dead[i / 64] |= UINT64_C(1) << i % 64;
    }
    /* What occurs once, in the last page: a filter must not lose it. */
    world->pages[PAGES - 1].title = "unique Needle";
    world->pages[PAGES - 1].bookmarks = 0;
    world->pages[PAGES - 1].visit_count = 1;
    world->dead[(PAGES - 1) / 64] = 0;
    world->plain = seal(world, PAGES);
    world->filtered = seal(world, PAGES);
    atomic_store(&world->filtered->filter, search_gram_filter_create(world->filtered));
}

static void check(const struct world *world, const char *typed, struct seen *seen)
{
    struct arena arena;
    struct query query;
    arena_init(&arena, 0);
    assert_int_equal(search_query_parse(typed, NULL, &arena, &query, NULL), 0);
    struct scan_flags flags = {.any = SEGMENT_BOOKMARKED | SEGMENT_VISITED};
    flags.all = query.only == QUERY_BOOKMARKS ? SEGMENT_BOOKMARKED
                : query.only == QUERY_HISTORY ? SEGMENT_VISITED
                : query.only == QUERY_TAGGED  ? SEGMENT_TAGGED
                                              : 0;
    for (int filtered = 0; filtered < 2; filtered++) {
        const struct segment *segment = filtered ? world->filtered : world->plain;
        memset(seen, 0, sizeof(*seen));
        assert_int_equal(search_scan_segment(segment, world->dead, &query, &flags, SCAN_WANT_ALL,
                                             on_match, seen),
                         SCAN_WANT_ALL);
        size_t first_start = PAGES, first_any = PAGES, starts = 0;
        for (uint32_t i = 0; i < PAGES; i++) {
            bool dead = (world->dead[i / 64] >> i % 64 & 1) != 0;
            enum scan_match want = dead || !search_scan_passes(&flags, segment->flags[i])
                                       ? SCAN_NONE
                                       : naive(&world->pages[i], &query);
            if (seen->match[i] != want)
                fail_msg("'%s' page %u (%s | %s): %d instead of %d", typed, i, world->pages[i].url,
                         world->pages[i].title, seen->match[i], want);
            assert_int_equal(search_scan_page(segment, i, &query), naive(&world->pages[i], &query));
            first_any = want != SCAN_NONE && first_any == PAGES ? i : first_any;
            first_start = want == SCAN_AT_START && first_start == PAGES ? i : first_start;
            starts += want == SCAN_AT_START;
        }
        memset(seen, 0, sizeof(*seen));
        search_scan_segment(segment, world->dead, &query, &flags, SCAN_WANT_AT_START, on_start,
                            seen);
        assert_int_equal(seen->count, starts);
        memset(seen, 0, sizeof(*seen));
        enum scan_want want = search_scan_segment(segment, world->dead, &query, &flags,
                                                  SCAN_WANT_ALL, first_only, seen);
        assert_int_equal(seen->count, first_any != PAGES);
        assert_int_equal(want, first_any == PAGES ? SCAN_WANT_ALL : SCAN_WANT_NOTHING);
        assert_true(seen->count == 0 || seen->last == first_any);
    }
    arena_fini(&arena);
}

static void as_naive(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct seen *seen = calloc(1, sizeof(*seen));
    char typed[256];
    fill(world);
    for (int i = 0; i < 150; i++) {
        typed_string(typed, sizeof(typed));
        check(world, typed, seen);
    }
    static const char *const more[] = {
        "",  "*", "needle", "niqu",           "unique needle", "zzz", "/4999?", "москва 北京",
        "é", "r", "%20",    "# tagged,otter", "tagged otter"};
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        check(world, more[i], seen);
    search_segment_unref(world->plain);
    search_segment_unref(world->filtered);
    arena_fini(&world->arena);
    free(world);
    free(seen);
}

/* Nothing is found across two fields, nor behind what counts of a field. */
static void fields(void **state)
{
    char long_url[1000] = "https://a.example/";
    memset(long_url + 18, 'x', 900);
    memcpy(long_url + 8 + 250, "almost", 6);
    memcpy(long_url + 700, "beyond", 6);
    struct segment_builder builder = {0};
    struct hearth_page page = {.struct_size = sizeof(page),
                               .id = 1,
                               .url = long_url,
                               .title = "end of title",
                               .frecency = 1,
                               .visit_count = 1,
                               .tags = "unused"};
    assert_int_equal(search_segment_builder_add(&builder, &page), 0);
    page.id = 2;
    page.url = "https://b.example/path";
    page.frecency = 0;
    assert_int_equal(search_segment_builder_add(&builder, &page), 0);
    page.frecency = 5;
    page.gone = true;
    assert_int_equal(search_segment_builder_add(&builder, &page), 0);
    struct segment *segment;
    assert_int_equal(search_segment_builder_seal(&builder, &segment), 0);
    assert_int_equal(segment->count, 1);
    static const struct {
        const char *typed;
        enum scan_match match;
    } cases[] = {{"almos", SCAN_ANYWHERE}, {"almost", SCAN_NONE},   {"beyond", SCAN_NONE},
                 {"title", SCAN_AT_START}, {"itle", SCAN_ANYWHERE}, {"xend", SCAN_NONE},
                 {"unused", SCAN_NONE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct needle word;
        search_needle_init(&word, cases[i].typed, strlen(cases[i].typed));
        struct query query = {.word_count = 1, .words = {word}};
        assert_int_equal(search_scan_page(segment, 0, &query), cases[i].match);
    }
    search_segment_unref(segment);
    search_segment_builder_fini(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_naive), cmocka_unit_test(fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
