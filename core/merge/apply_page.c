/* A page is what its visits and its bookmarks make of it: both collections end here. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "merge/ahead.h"
#include "merge/apply.h"
#include "model/page.h"
#include "model/url.h"
#include "plug/fields.h"

int merge_apply_find_page(struct apply *apply, const char *url, struct hearth_page *ret_page,
                          bool *ret_new, struct err *err)
{
    /* Ids come from the URL. Two URLs of one account with the same 63 bits are not to be
     * expected; should it happen, the next id is taken. */
    for (int64_t id = model_page_id(url);; id = id == INT64_MAX ? 1 : id + 1) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        struct err why = {0};
        int r = STORAGE(apply->storage, &why, page_get, apply->account, id, &page);
        bool missing = r == HEARTH_ERR_NOT_FOUND;
        if (r < 0 && !missing) {
            *err = why;
            return r;
        }
        if (missing || strcmp(page.url, url) == 0) {
            *ret_page =
                missing ? (struct hearth_page){.struct_size = sizeof(page), .id = id, .url = url}
                        : page;
            *ret_new = missing;
            return 0;
        }
    }
}

static int page_on_visit(void *ctx, const struct hearth_visit *visit)
{
    model_page_add_visit(ctx, visit->date, visit->type);
    return 0;
}

/* What the bookmarks of a page say together. */
struct summary {
    struct arena *arena;
    uint32_t count;
    int64_t added, newest; /* newest: `modified` of the bookmark whose title counts */
    const char *title, *tags;
};

static bool page_has_tag(const char *tags, const char *tag, size_t size)
{
    for (const char *p = tags; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n == size && memcmp(p, tag, n) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

/* Tags belong to the URL: the union over its bookmarks. In the record's field they are separated
 * by line feeds. */
static void page_add_tags(struct summary *summary, const char *tags)
{
    for (const char *p = tags; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (n > 0 && !page_has_tag(summary->tags, p, n))
            summary->tags = summary->tags == NULL
                                ? arena_strndup(summary->arena, p, n)
                                : arena_printf(summary->arena, "%s,%.*s", summary->tags, (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static int page_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct summary *summary = ctx;
    summary->count++;
    /* Firefox counts the date of a tag too. It is not synced; the record that brought the tags
     * was written then. */
    bool tagged = bookmark->tags != NULL && bookmark->tags[0] != '\0';
    int64_t added =
        tagged && bookmark->modified > bookmark->added ? bookmark->modified : bookmark->added;
    if (added > summary->added)
        summary->added = added;
    if (summary->count == 1 || bookmark->modified > summary->newest) {
        summary->newest = bookmark->modified;
        summary->title =
            arena_strdup(summary->arena, bookmark->title == NULL ? "" : bookmark->title);
    }
    page_add_tags(summary, bookmark->tags);
    return 0;
}

static int sum_up(struct apply *apply, int64_t page, struct summary *summary,
                  struct model_page *facts, struct err *err)
{
    const struct ahead_page *known = merge_ahead_find(apply->ahead, page);
    model_page_init(facts, clock_now());
    if (known != NULL) {
        const struct ahead_bookmark *at = known->bookmarks;
        for (; at != NULL; at = at->next)
            page_on_bookmark(summary, &at->bookmark);
        *facts = known->facts;
        return 0;
    }
    int r = STORAGE(apply->storage, err, bookmarks_of_page, apply->account, page, page_on_bookmark,
                    summary);
    return r < 0 ? r
                 : STORAGE(apply->storage, err, page_visits, apply->account, page, page_on_visit,
                           facts);
}

enum { HOST_SIZE = 256 };

/* What its URL, its visits and its bookmarks say of it. */
static void page_fill(struct hearth_page *page, const struct model_page *facts,
                      char host[HOST_SIZE])
{
    model_url_host(page->url, host, HOST_SIZE);
    page->host = host;
    page->visit_count = facts->counted;
    page->last_visit = facts->last_visit;
    page->typed = facts->typed;
    page->hidden = model_page_is_hidden(facts, page->url, page->bookmarks > 0);
    page->frecency =
        model_page_frecency(facts, page->url, page->bookmarks > 0, page->bookmark_added);
}

/* stored: NULL, it is written whatever it was. */
static int page_sum_up_and_put(struct apply *apply, struct hearth_page *page,
                               const struct hearth_page *stored, struct err *err)
{
    char host[HOST_SIZE];
    struct summary summary = {.arena = &apply->arena};
    struct model_page facts;
    int r = sum_up(apply, page->id, &summary, &facts, err);
    if (r < 0)
        return r;
    if (summary.count == 0 && facts.visits == 0) {
        apply->changed = true;
        return STORAGE(apply->storage, err, page_remove, page->id);
    }
    page->bookmarks = summary.count;
    page->bookmark_title = summary.title;
    page->bookmark_added = summary.added;
    page->tags = summary.tags;
    page_fill(page, &facts, host);
    if (stored != NULL && plug_fields_equal(&plug_fields_page, stored, page))
        return 0;
    apply->changed = true;
    return STORAGE(apply->storage, err, page_put, page);
}

int merge_apply_page(struct apply *apply, struct hearth_page *page, struct err *err)
{
    return page_sum_up_and_put(apply, page, NULL, err);
}

int merge_apply_stored_page(struct apply *apply, struct hearth_page *page, struct err *err)
{
    const struct hearth_page stored = *page;
    return page_sum_up_and_put(apply, page, &stored, err);
}

int merge_apply_put_page(struct apply *apply, struct hearth_page *page,
                         const struct model_page *facts, struct err *err)
{
    char host[HOST_SIZE];
    page_fill(page, facts, host);
    apply->changed = true;
    return STORAGE(apply->storage, err, page_put, page);
}
