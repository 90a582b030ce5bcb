/* Which pages are one. */
#include <string.h>

#include "search/rank_internal.h"

/* The folded URL without what may differ between variants. */
static const char *core_of_url(const struct segment *segment, uint32_t index, size_t *ret_size)
{
    const char *url = segment->text + segment->offsets[index];
    if (strncmp(url, "www.", 4) == 0)
        url += 4;
    size_t size = strlen(url);
    static const char tail[] = "#?/";
    for (int i = 0; i < 3; i++)
        size -= size > 0 && url[size - 1] == tail[i];
    *ret_size = size;
    return url;
}

/* A page whose address is looked for. */
struct looked_for {
    const struct segment *segment;
    uint32_t index;
    bool www; /* as it is, or its sibling */
};

/* www. is another site, until titles say otherwise. */
static bool candidate_is(const void *candidates, uint32_t number, const void *key)
{
    const struct looked_for *page = key;
    const struct candidate *a = &((const struct candidate *)candidates)[number];
    if (a->segment->keys[a->index] != page->segment->keys[page->index] ||
        segment_is_www(a->segment, a->index) != page->www)
        return false;
    size_t size, other_size;
    const char *url = core_of_url(a->segment, a->index, &size),
               *other = core_of_url(page->segment, page->index, &other_size);
    return size == other_size && memcmp(url, other, size) == 0;
}

uint32_t *search_rank_address_slot(struct rank *rank, const struct segment *segment, uint32_t index)
{
    struct looked_for page = {segment, index, segment_is_www(segment, index)};
    return index_table_slot(&rank->table, segment->keys[index], candidate_is, rank->candidates,
                            &page);
}

/* Without http(s)://, www., and an empty '?'. */
static bool same_but_for_www(const struct candidate *a, const struct segment *segment,
                             uint32_t index)
{
    const char *url = a->segment->text + a->segment->offsets[a->index],
               *other = segment->text + segment->offsets[index];
    url += strncmp(url, "www.", 4) == 0 ? 4 : 0;
    other += strncmp(other, "www.", 4) == 0 ? 4 : 0;
    size_t size = strlen(url), other_size = strlen(other);
    size -= size > 0 && url[size - 1] == '?';
    other_size -= other_size > 0 && other[other_size - 1] == '?';
    return size == other_size && memcmp(url, other, size) == 0;
}

struct candidate *search_rank_sibling(struct rank *rank, const struct segment *segment,
                                      uint32_t index)
{
    struct looked_for page = {segment, index, !segment_is_www(segment, index)};
    int64_t number =
        index_table_find(&rank->table, segment->keys[index], candidate_is, rank->candidates, &page);
    struct candidate *sibling = number == INDEX_TABLE_NONE ? NULL : &rank->candidates[number];
    return sibling != NULL && sibling->segment->titles[sibling->index] == segment->titles[index] &&
                   same_but_for_www(sibling, segment, index)
               ? sibling
               : NULL;
}

bool search_rank_better_variant(const struct candidate *than, const struct segment *segment,
                                uint32_t index)
{
    return segment->flags[index] >> SEGMENT_RANK_SHIFT > than->segment->flags[than->index] >>
           SEGMENT_RANK_SHIFT;
}

/* What stands before '#'. */
static const char *base_of(const struct candidate *candidate, size_t *ret_size)
{
    const char *url = candidate->segment->text + candidate->segment->offsets[candidate->index];
    *ret_size = strcspn(url, "#");
    return url;
}

bool search_rank_same_document(const struct candidate *a, const struct candidate *b)
{
    if (a->segment->titles[a->index] != b->segment->titles[b->index])
        return false;
    size_t size, other_size;
    const char *url = base_of(a, &size), *other = base_of(b, &other_size);
    return size == other_size &&
           a->segment->flags[a->index] >> SEGMENT_RANK_SHIFT ==
               b->segment->flags[b->index] >> SEGMENT_RANK_SHIFT &&
           memcmp(url, other, size) == 0 && strcmp(url + size, other + size) != 0;
}

uint32_t search_rank_general_room(const struct rank *rank)
{
    enum { MORE = 5 };
    uint32_t before = rank->count[PART_TAB] + rank->count[PART_PICK];
    if (before >= rank->limit)
        return 0;
    uint32_t room = rank->limit - before, more = (room + 1) / 2;
    return room + (more < MORE ? more : MORE);
}
