#include "api/search_run.h"

#include <string.h>

#include "api/keyword.h"
#include "api/source.h"
#include "base/clock.h"
#include "codec/codec.h"
#include "model/url_canonical.h"
#include "plug/fields.h"
#include "search/white_space.h"

struct picks {
    struct arena *arena;
    struct hearth_pick *items;
    size_t count, room;
};

enum { PICKS_MAX = 1000 };

static int result_on_pick(void *ctx, const struct hearth_pick *pick)
{
    struct picks *picks = ctx;
    if (picks->count == PICKS_MAX)
        return 1;
    if (picks->items == NULL &&
        (picks->items = arena_alloc(picks->arena, PICKS_MAX * sizeof(*picks->items))) == NULL)
        return 1;
    struct hearth_pick *copy = &picks->items[picks->count];
    copy->struct_size = sizeof(*copy);
    picks->count += plug_fields_copy(&plug_fields_pick, pick, picks->arena, copy) == 0;
    return 0;
}

/* What is stored of the hits' pages, in one go. */
struct pages {
    struct arena *arena;
    struct hearth_page *items; /* NULL until there is one */
    struct newest {            /* of the bookmarks of each */
        const char *guid;
        int64_t added;
    } * newest;
    size_t count, room;
};

static int result_on_page(void *ctx, const struct hearth_page *page)
{
    struct pages *pages = ctx;
    if (pages->count == pages->room)
        return 1;
    struct hearth_page *copy = &pages->items[pages->count];
    copy->struct_size = sizeof(*copy);
    if (plug_fields_copy(&plug_fields_page, page, pages->arena, copy) < 0)
        return 1;
    pages->count++;
    return 0;
}

static int result_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct pages *pages = ctx;
    size_t i = 0;
    while (i < pages->count && pages->items[i].id != bookmark->page)
        i++;
    struct newest *newest = &pages->newest[i];
    if (i < pages->count && (newest->guid == NULL || bookmark->added > newest->added)) {
        newest->guid = arena_strdup(pages->arena, bookmark->guid);
        newest->added = bookmark->added;
    }
    return 0;
}

static int result_read_pages(struct storage *storage, const char *account,
                             const struct search_results *results, struct pages *pages,
                             struct err *err)
{
    int64_t *ids = arena_alloc(pages->arena, (results->count + 1) * sizeof(*ids));
    pages->items = arena_alloc(pages->arena, (results->count + 1) * sizeof(*pages->items));
    pages->newest = arena_alloc(pages->arena, (results->count + 1) * sizeof(*pages->newest));
    if (ids == NULL || pages->items == NULL || pages->newest == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < results->count; i++) {
        int64_t id = results->hits[i].page;
        bool known = id == 0; /* several tabs may show one page */
        for (size_t k = 0; k < pages->room && !known; k++)
            known = ids[k] == id;
        if (!known)
            ids[pages->room++] = id;
    }
    int r = pages->room == 0 ? 0
                             : plug_storage_pages_get(storage, account, ids, pages->room,
                                                      result_on_page, pages, err);
    size_t bookmarked = 0;
    for (size_t i = 0; i < pages->count; i++)
        if (pages->items[i].bookmarks > 0)
            ids[bookmarked++] = pages->items[i].id;
    return r < 0 || bookmarked == 0
               ? r
               : plug_storage_bookmarks_of_pages(storage, account, ids, bookmarked,
                                                 result_on_bookmark, pages, err);
}

static size_t result_place_of(const struct pages *pages, int64_t id)
{
    size_t i = 0;
    while (i < pages->count && pages->items[i].id != id)
        i++;
    return i;
}

/* False: the hit's page vanished since the block was made. */
static bool result_fill(const struct pages *pages, const struct search_hit *hit,
                        struct api_search_result *ret)
{
    struct api_search_result result = {.hit = hit,
                                       .url = hit->url,
                                       .title = hit->title,
                                       .page = hit->page,
                                       .frecency = hit->frecency};
    size_t place = result_place_of(pages, hit->page);
    const struct hearth_page *page = place < pages->count ? &pages->items[place] : NULL;
    if (page == NULL && hit->kind != SEARCH_TAB)
        return false;
    if (page != NULL) {
        if (hit->kind != SEARCH_TAB) {
            result.url = page->url;
            result.title = page->bookmark_title != NULL ? page->bookmark_title : page->title;
        }
        result.frecency = page->frecency;
        result.last_visit = page->last_visit;
        result.tags = page->tags;
        result.bookmark = pages->newest[place].guid;
    } else {
        result.page = 0;
    }
    if (result.title == NULL)
        result.title = "";
    *ret = result;
    return true;
}

/* Is a page another way to one of the others: does its query say `url=` and the address of that
 * one? Redirectors do. */
static bool result_leads_to_other(const struct api_search_result *results, size_t count, size_t at,
                                  char *scratch)
{
    const char *query = strrchr(results[at].url, '?');
    for (const char *p = query; p != NULL; p = strchr(p + 1, '&')) {
        size_t size = strcspn(p + 1, "&");
        if (size < 5 || strncmp(p + 1, "url=", 4) != 0)
            continue;
        codec_percent_decode(CODEC_PLUS, p + 5, size - 4, scratch, size, NULL);
        for (size_t i = 0; i < count; i++)
            if (strcmp(results[i].url, scratch) == 0)
                return true;
        return false;
    }
    return false;
}

static int result_drop_ways(struct api_search_result *results, size_t *count, struct arena *arena,
                            struct err *err)
{
    size_t longest = 0, kept = 0;
    for (size_t i = 0; i < *count; i++) {
        size_t size = strlen(results[i].url);
        longest = size > longest ? size : longest;
    }
    char *scratch = arena_alloc(arena, longest + 1);
    bool *drop = arena_alloc(arena, *count * sizeof(*drop) + 1);
    if (scratch == NULL || drop == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < *count; i++)
        drop[i] = result_leads_to_other(results, *count, i, scratch);
    for (size_t i = 0; i < *count; i++)
        if (!drop[i])
            results[kept++] = results[i];
    *count = kept;
    return 0;
}

/* What a keyword opens stands before everything; the same URL comes once. */
static void result_tell(const struct api_keyword *keyword, const struct api_search_result *results,
                        size_t count, uint32_t limit, api_search_cb cb, void *ctx)
{
    static const struct search_hit keyword_hit = {.kind = SEARCH_KEYWORD};
    const struct api_search_result opens = {.hit = &keyword_hit,
                                            .url = keyword->url,
                                            .title = keyword->title == NULL ? "" : keyword->title,
                                            .tags = keyword->tags,
                                            .bookmark = keyword->bookmark,
                                            .keyword = keyword->keyword};
    uint32_t told = keyword->url != NULL;
    bool more = keyword->url == NULL || cb(ctx, &opens) == 0;
    for (size_t i = 0; more && i < count && told < limit; i++) {
        if (keyword->url != NULL && strcmp(results[i].url, keyword->url) == 0)
            continue;
        told++;
        more = cb(ctx, &results[i]) == 0;
    }
}

/* An address in another form than pages have: with a default port, in another script, with capitals
 * or dots that go. Of what is typed without a scheme it is the host that may be. *ret_form: in the
 * arena; NULL: there is none, or no memory for it. */
static const char *address_other_form(const char *typed, struct arena *arena)
{
    struct buf text = {0}, canonical = {0};
    const char *form = NULL;
    size_t from = 0, end = strlen(typed), skip = 0;
    white_space_trim(typed, &from, &end);
    bool scheme = strstr(typed + from, "://") != NULL;
    if (white_space_word(typed + from, end - from) == end - from &&
        (scheme || (memchr(typed + from, '.', end - from) != NULL &&
                    memchr(typed + from, '@', end - from) == NULL))) {
        skip = scheme ? 0 : strlen("https://");
        buf_printf(&text, "%s%.*s", scheme ? "" : "https://", (int)(end - from), typed + from);
        int r = text.failed
                    ? HEARTH_ERR_NOMEM
                    : model_url_canonical(text.data, text.size, MODEL_URL_DROP_USER, &canonical);
        size_t size = canonical.size;
        if (r == 0 && canonical.data[size - 1] == '/' && typed[end - 1] != '/')
            size--;
        if (r == 0 && (size != text.size || memcmp(canonical.data, text.data, size) != 0))
            form = arena_strndup(arena, canonical.data + skip, size - skip);
    }
    buf_fini(&text);
    buf_fini(&canonical);
    return form;
}

int api_search_run(struct search *search, struct storage *storage, const char *account,
                   int64_t generation, const char *query, uint32_t in, uint32_t limit,
                   struct arena *arena, api_search_cb cb, void *ctx, struct err *err)
{
    struct source source;
    api_source_init(&source, storage, account);
    struct picks picks = {.arena = arena};
    struct api_keyword keyword = {.applies = false};
    int r =
        query[0] == '\0' ? 0 : STORAGE(storage, err, pick_list, account, result_on_pick, &picks);
    if (r == 0 && (in & SEARCH_IN_BOOKMARKS))
        r = api_keyword_find(search, &source, generation, query, arena, &keyword, err);
    if (r < 0)
        return r;
    struct search_request request = {
        .account = account,
        .generation = generation,
        .query = query,
        .keyword = keyword.applies ? &keyword.rest : NULL,
        .in = in,
        .limit = limit,
        .picks = picks.items,
        .pick_count = picks.count,
        .now = clock_now(),
    };
    struct search_results results;
    r = search_run(search, &request, &source.reading, arena, &results, err);
    if (r == 0 && results.count == 0 && !keyword.applies &&
        (request.query = address_other_form(query, arena)) != NULL)
        r = search_run(search, &request, &source.reading, arena, &results, err);
    struct pages pages = {.arena = arena};
    if (r == 0)
        r = result_read_pages(storage, account, &results, &pages, err);
    struct api_search_result *shown =
        r < 0 ? NULL : arena_alloc(arena, (results.count + 1) * sizeof(*shown));
    if (r == 0 && shown == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    size_t count = 0;
    for (size_t i = 0; r == 0 && i < results.count; i++)
        count += result_fill(&pages, &results.hits[i], &shown[count]);
    if (r == 0)
        r = result_drop_ways(shown, &count, arena, err);
    if (r == 0)
        result_tell(&keyword, shown, count, limit, cb, ctx);
    return r;
}
