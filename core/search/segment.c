#include "search/segment.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/magic.h"
#include "base/str.h"
#include "model/url.h"
#include "search/fold.h"
#include "search/gram_filter.h"
#include "search/needle.h"

/* Firefox looks at so many bytes of URL and title. Tags are short; the bound is ours. */
enum { MAX_FIELD = 255, MAX_TAGS = 4096, START = 8 };

struct segment *search_segment_ref(struct segment *segment)
{
    if (segment != NULL)
        atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
    return segment;
}

void search_segment_unref(struct segment *segment)
{
    if (segment == NULL ||
        atomic_fetch_sub_explicit(&segment->references, 1, memory_order_acq_rel) != 1)
        return;
    search_gram_filter_destroy(atomic_load_explicit(&segment->filter, memory_order_relaxed));
    free(segment);
}

size_t search_segment_bytes(const struct segment *segment)
{
    const struct gram_filter *filter = atomic_load_explicit(&segment->filter, memory_order_acquire);
    return segment->bytes + (filter == NULL ? 0 : search_gram_filter_bytes(filter));
}

void search_segment_builder_fini(struct segment_builder *builder)
{
    free(builder->rows);
    free(builder->text);
    free(builder->starts);
    free(builder->scratch);
    *builder = (struct segment_builder){0};
}

static int grow_rows(struct segment_builder *builder)
{
    uint32_t room = builder->room == 0 ? 256 : builder->room * 2;
    struct segment_row *rows = realloc(builder->rows, room * sizeof(*rows));
    if (rows == NULL)
        return HEARTH_ERR_NOMEM;
    builder->rows = rows;
    builder->room = room;
    return 0;
}

/* Room for one more row with so much text; new bits are zero. */
static int segment_reserve_row(struct segment_builder *builder, size_t text)
{
    if (builder->count == builder->room && grow_rows(builder) < 0)
        return HEARTH_ERR_NOMEM;
    size_t need = builder->text_size + text + START;
    if (need <= builder->text_room)
        return 0;
    size_t room = need + need / 2 + 65536,
           old_bits = builder->text_room == 0 ? 0 : builder->text_room / START + START;
    char *grown = room > UINT32_MAX ? NULL : realloc(builder->text, room);
    if (grown == NULL)
        return HEARTH_ERR_NOMEM;
    builder->text = grown;
    uint8_t *starts = realloc(builder->starts, room / START + START);
    if (starts == NULL)
        return HEARTH_ERR_NOMEM;
    memset(starts + old_bits, 0, room / START + START - old_bits);
    builder->starts = starts;
    builder->text_room = room;
    return 0;
}

static int reserve_scratch(struct segment_builder *builder, size_t size)
{
    if (size <= builder->scratch_room)
        return 0;
    char *scratch = realloc(builder->scratch, size * 2);
    if (scratch == NULL)
        return HEARTH_ERR_NOMEM;
    builder->scratch = scratch;
    builder->scratch_room = size * 2;
    return 0;
}

static void segment_add_field(struct segment_builder *builder, const char *text, size_t size)
{
    builder->text_size += search_fold_text(text, size, builder->text + builder->text_size,
                                           builder->starts, builder->text_size);
    builder->text[builder->text_size++] = '\0';
}

static bool segment_takes(const struct hearth_page *page)
{
    return !page->gone && page->frecency != 0 && page->url != NULL;
}

static int32_t segment_clamp_frecency(int64_t frecency)
{
    return frecency > INT32_MAX ? INT32_MAX : frecency < INT32_MIN ? INT32_MIN : (int32_t)frecency;
}

static uint8_t flags_of(const struct hearth_page *page, const struct model_url_key *key)
{
    bool tagged = page->bookmarks > 0 && page->tags != NULL && page->tags[0] != '\0';
    return (uint8_t)((page->bookmarks > 0 ? SEGMENT_BOOKMARKED : 0) |
                     (tagged ? SEGMENT_TAGGED : 0) | (page->visit_count > 0 ? SEGMENT_VISITED : 0) |
                     (str_starts(page->url, "javascript:") ? SEGMENT_JAVASCRIPT : 0) |
                     (strchr(page->url, '#') != NULL ? SEGMENT_PLACE : 0) |
                     key->rank << SEGMENT_RANK_SHIFT);
}

/* The title that a person sees: of a bookmark without one that of the page. */
static uint32_t hash_of_title(const struct hearth_page *page)
{
    bool named =
        page->bookmarks > 0 && page->bookmark_title != NULL && page->bookmark_title[0] != '\0';
    const char *title = named ? page->bookmark_title : page->title;
    return title == NULL ? (uint32_t)hash_text("") : (uint32_t)hash_text(title);
}

int search_segment_builder_add(struct segment_builder *builder, const struct hearth_page *page)
{
    if (!segment_takes(page))
        return 0;
    const char *url = page->url, *title = page->bookmarks > 0 && page->bookmark_title != NULL
                                              ? page->bookmark_title
                                              : page->title;
    const char *tags = page->bookmarks > 0 && page->tags != NULL ? page->tags : "";
    title = title == NULL ? "" : title;
    size_t url_size = strlen(url);
    struct model_url_key key;
    model_url_key(url, url_size, &key);
    struct segment_row row = {.id = page->id,
                              .key = (uint32_t)hash_bytes(key.text, key.size),
                              .title = hash_of_title(page),
                              .frecency = segment_clamp_frecency(page->frecency),
                              .flags = flags_of(page, &key)};
    if (memchr(url, '%', url_size) != NULL) {
        if (reserve_scratch(builder, url_size + 1) < 0)
            return HEARTH_ERR_NOMEM;
        url_size = model_url_decode(url, url_size, builder->scratch);
        url = builder->scratch;
    }
    size_t scheme = model_url_scheme(url, url_size);
    url += scheme;
    url_size = search_fold_cut(url, url_size - scheme, MAX_FIELD);
    size_t title_size = search_fold_cut(title, strnlen(title, MAX_FIELD + 1), MAX_FIELD),
           tags_size = search_fold_cut(tags, strnlen(tags, MAX_TAGS + 1), MAX_TAGS);
    if (segment_reserve_row(builder, FOLD_ROOM(url_size) + FOLD_ROOM(title_size) +
                                         FOLD_ROOM(tags_size) + START) < 0)
        return HEARTH_ERR_NOMEM;
    row.offset = (uint32_t)builder->text_size;
    segment_add_field(builder, url, url_size);
    segment_add_field(builder, title, title_size);
    segment_add_field(builder, tags, tags_size);
    while (builder->text_size % START != 0)
        builder->text[builder->text_size++] = '\0';
    row.size = (uint32_t)builder->text_size - row.offset;
    builder->rows[builder->count++] = row;
    return 0;
}

int search_segment_builder_copy(struct segment_builder *builder, const struct segment *from,
                                uint32_t index)
{
    uint32_t offset = from->offsets[index], size = from->offsets[index + 1] - offset;
    if (segment_reserve_row(builder, size) < 0)
        return HEARTH_ERR_NOMEM;
    memcpy(builder->text + builder->text_size, from->text + offset, size);
    memcpy(builder->starts + builder->text_size / START, from->starts + offset / START,
           size / START);
    builder->rows[builder->count++] = (struct segment_row){.id = from->ids[index],
                                                           .key = from->keys[index],
                                                           .title = from->titles[index],
                                                           .offset = (uint32_t)builder->text_size,
                                                           .size = size,
                                                           .frecency = from->frecency[index],
                                                           .flags = from->flags[index]};
    builder->text_size += size;
    return 0;
}

static int segment_compare_rows(const void *a, const void *b)
{
    const struct segment_row *x = a, *y = b;
    return x->frecency == y->frecency && x->id == y->id             ? 0
           : segment_before(x->frecency, x->id, y->frecency, y->id) ? -1
                                                                    : 1;
}

void search_segment_builder_sort(struct segment_builder *builder)
{
    if (builder->count > 0)
        qsort(builder->rows, builder->count, sizeof(*builder->rows), segment_compare_rows);
}

/* All arrays in one allocation, the widest first. */
static struct segment *segment_allocate(uint32_t count, size_t text)
{
    size_t starts = text / START, bytes = sizeof(struct segment) +
                                          (size_t)count * (8 + 4 + 4 + 4 + 4 + 1) + 4 + starts +
                                          text + NEEDLE_PADDING;
    struct segment *segment = malloc(bytes);
    if (segment == NULL)
        return NULL;
    *segment = (struct segment){.count = count, .text_size = (uint32_t)text, .bytes = bytes};
    atomic_init(&segment->references, 1);
    atomic_init(&segment->filter, NULL);
    segment->ids = (int64_t *)(void *)(segment + 1);
    segment->offsets = (uint32_t *)(void *)(segment->ids + count);
    segment->keys = segment->offsets + count + 1;
    segment->titles = segment->keys + count;
    segment->frecency = (int32_t *)(void *)(segment->titles + count);
    segment->flags = (uint8_t *)(segment->frecency + count);
    segment->starts = segment->flags + count;
    segment->text = (char *)segment->starts + starts;
    memset(segment->text + text, 0, NEEDLE_PADDING);
    return segment;
}

int search_segment_builder_seal(struct segment_builder *builder, struct segment **ret_segment)
{
    struct segment *segment = segment_allocate(builder->count, builder->text_size);
    if (segment == NULL)
        return HEARTH_ERR_NOMEM;
    uint32_t at = 0;
    for (uint32_t i = 0; i < builder->count; i++) {
        const struct segment_row *row = &builder->rows[i];
        segment->ids[i] = row->id;
        segment->offsets[i] = at;
        segment->keys[i] = row->key;
        segment->titles[i] = row->title;
        segment->frecency[i] = row->frecency;
        segment->flags[i] = row->flags;
        memcpy(segment->text + at, builder->text + row->offset, row->size);
        memcpy(segment->starts + at / START, builder->starts + row->offset / START,
               row->size / START);
        at += row->size;
    }
    ASSERT(at == builder->text_size);
    segment->offsets[builder->count] = at;
    if (builder->starts != NULL)
        memset(builder->starts, 0, builder->text_size / START + START);
    builder->count = 0;
    builder->text_size = 0;
    *ret_segment = segment;
    return 0;
}
