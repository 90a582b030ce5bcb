#include "merge/ahead.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "plug/fields.h"

/* Of what was copied: a folder of copies of one bookmark is no reason to fill the memory. */
enum { AHEAD_BYTES = 1024 * 1024 };

void merge_ahead_init(struct ahead *ahead)
{
    *ahead = (struct ahead){.count = 0};
    arena_init(&ahead->arena, AHEAD_BYTES);
}

void merge_ahead_fini(struct ahead *ahead)
{
    arena_fini(&ahead->arena);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t one = ((const struct ahead_page *)a)->id, other = ((const struct ahead_page *)b)->id;
    return one < other ? -1 : one > other;
}

static struct ahead_page *find_ahead(const struct ahead *ahead, int64_t page)
{
    struct ahead_page key = {.id = page};
    return ahead == NULL || ahead->count == 0
               ? NULL
               : bsearch(&key, ahead->pages, ahead->count, sizeof(key), compare_ids);
}

const struct ahead_page *merge_ahead_find(const struct ahead *ahead, int64_t page)
{
    const struct ahead_page *found = find_ahead(ahead, page);
    return found != NULL && found->there ? found : NULL;
}

void merge_ahead_forget(struct ahead *ahead, int64_t page)
{
    struct ahead_page *found = find_ahead(ahead, page);
    if (found != NULL)
        found->there = false;
}

/* A receiver that does not want more has met what is too much. */
struct reading {
    struct ahead *ahead;
    bool full;
};

static int ahead_on_page(void *ctx, const struct hearth_page *page)
{
    struct reading *reading = ctx;
    struct ahead_page *found = find_ahead(reading->ahead, page->id);
    if (found == NULL)
        return 0;
    found->page.struct_size = sizeof(found->page);
    reading->full =
        plug_fields_copy(&plug_fields_page, page, &reading->ahead->arena, &found->page) < 0;
    found->there = !reading->full;
    return reading->full;
}

static int ahead_on_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct reading *reading = ctx;
    struct ahead_page *found = find_ahead(reading->ahead, page);
    if (found != NULL)
        model_page_add_visit(&found->facts, visit->date, visit->type);
    return 0;
}

static int ahead_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct reading *reading = ctx;
    struct ahead_page *found = find_ahead(reading->ahead, bookmark->page);
    if (found == NULL)
        return 0;
    struct ahead_bookmark *copy = arena_alloc(&reading->ahead->arena, sizeof(*copy));
    if (copy != NULL)
        copy->bookmark.struct_size = sizeof(copy->bookmark);
    reading->full = copy == NULL || plug_fields_copy(&plug_fields_bookmark, bookmark,
                                                     &reading->ahead->arena, &copy->bookmark) < 0;
    if (!reading->full) {
        *found->end = copy;
        found->end = &copy->next;
    }
    return reading->full;
}

static bool ahead_make_room(struct ahead *ahead, const uint64_t *pages, size_t count)
{
    arena_reset(&ahead->arena);
    ahead->count = 0;
    ahead->pages = arena_alloc(&ahead->arena, count * sizeof(*ahead->pages));
    if (ahead->pages == NULL)
        return false;
    int64_t now = clock_now();
    for (size_t i = 0; i < count; i++) {
        ahead->pages[i].id = (int64_t)pages[i];
        model_page_init(&ahead->pages[i].facts, now);
    }
    qsort(ahead->pages, count, sizeof(*ahead->pages), compare_ids);
    for (size_t i = 0; i < count; i++)
        ahead->pages[i].end = &ahead->pages[i].bookmarks;
    ahead->count = count;
    return true;
}

int merge_ahead_read(struct ahead *ahead, struct storage *storage, const char *account,
                     const uint64_t *pages, size_t count, struct err *err)
{
    struct reading reading = {.ahead = ahead};
    if (!ahead_make_room(ahead, pages, count))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    const int64_t *ids = (const int64_t *)pages;
    int r = plug_storage_pages_get(storage, account, ids, count, ahead_on_page, &reading, err);
    if (r == 0 && !reading.full)
        r = plug_storage_bookmarks_of_pages(storage, account, ids, count, ahead_on_bookmark,
                                            &reading, err);
    if (r == 0 && !reading.full)
        r = plug_storage_visits_of_pages(storage, account, ids, count, ahead_on_visit, &reading,
                                         err);
    if (r < 0 || reading.full)
        ahead->count = 0;
    plug_storage_reset(storage);
    return r;
}
