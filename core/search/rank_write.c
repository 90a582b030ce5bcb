/* The answer, from the candidates. */
#include <stdlib.h>
#include <string.h>

#include "search/rank_internal.h"

static int fill_devices(struct rank *rank, const struct candidate *candidate,
                        struct search_hit *hit)
{
    struct search_device *devices =
        arena_alloc(rank->arena, candidate->device_count * sizeof(*devices));
    if (devices == NULL)
        return HEARTH_ERR_NOMEM;
    const struct search_tab *tab = &rank->block->tabs->list[candidate->index];
    hit->kind = SEARCH_TAB;
    hit->frecency = 0;
    hit->url = arena_strdup(rank->arena, tab->url);
    hit->title = arena_strdup(rank->arena, tab->title);
    hit->devices = devices;
    for (const struct device_link *link = candidate->devices; link != NULL; link = link->next) {
        struct search_device *device = &devices[hit->device_count++];
        *device = (struct search_device){.id = arena_strdup(rank->arena, link->tab->device),
                                         .name = arena_strdup(rank->arena, link->tab->device_name),
                                         .last_used = link->tab->last_used};
        if (device->id == NULL || device->name == NULL)
            return HEARTH_ERR_NOMEM;
    }
    return hit->url == NULL || hit->title == NULL ? HEARTH_ERR_NOMEM : 0;
}

static int write_hit(struct rank *rank, const struct candidate *candidate, struct search_hit *hits,
                     size_t *count)
{
    const struct segment *segment = candidate->segment;
    struct search_hit *hit = &hits[(*count)++];
    *hit = (struct search_hit){.kind = segment->flags[candidate->index] & SEGMENT_BOOKMARKED
                                           ? SEARCH_BOOKMARK
                                           : SEARCH_HISTORY,
                               .at_word_start = candidate->at_start,
                               .picked = candidate->part == PART_PICK,
                               .page = segment->ids[candidate->index],
                               .frecency = segment->frecency[candidate->index]};
    return candidate->part == PART_TAB || candidate->part == PART_SPARE_TAB
               ? fill_devices(rank, candidate, hit)
               : 0;
}

static int write_part(struct rank *rank, enum part part, uint32_t limit, struct search_hit *hits,
                      size_t *count)
{
    int r = 0;
    for (uint16_t i = rank->first[part]; i != NONE && *count < limit && r == 0;
         i = rank->candidates[i].next)
        if (!rank->candidates[i].out)
            r = write_hit(rank, &rank->candidates[i], hits, count);
    return r;
}

static int rank_compare_frecency(const void *a, const void *b)
{
    const struct candidate *x = *(const struct candidate *const *)a,
                           *y = *(const struct candidate *const *)b;
    int32_t f = x->segment->frecency[x->index], g = y->segment->frecency[y->index];
    if (f != g)
        return f > g ? -1 : 1;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    return x < y ? -1 : x > y; /* both in one array, in the order of their arrival */
}

/* Two runs that are sorted but for variants that took a place: few steps, most often. */
static void rank_sort_by_frecency(struct candidate **list, size_t count)
{
    enum { FEW = 64 };
    if (count > FEW) {
        qsort(list, count, sizeof(*list), rank_compare_frecency);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct candidate *candidate = list[i];
        size_t k = i;
        for (; k > 0 && rank_compare_frecency(&list[k - 1], &candidate) > 0; k--)
            list[k] = list[k - 1];
        list[k] = candidate;
    }
}

/* The general results, by frecency. */
static struct candidate **collect_general(struct rank *rank, size_t *ret_count)
{
    uint32_t room = search_rank_general_room(rank);
    struct candidate **list = arena_alloc(rank->arena, (room + 1) * sizeof(*list));
    size_t count = 0;
    for (enum part part = PART_START; list != NULL && part <= PART_ANYWHERE; part++)
        for (uint16_t i = rank->first[part]; i != NONE && count < room;
             i = rank->candidates[i].next)
            if (!rank->candidates[i].out) {
                rank->candidates[i].shown = true;
                list[count++] = &rank->candidates[i];
            }
    rank_sort_by_frecency(list, count);
    *ret_count = count;
    return list;
}

/* Of two that differ in www. alone and have one title the one with the better prefix is shown. */
static void drop_siblings(struct rank *rank, struct candidate **list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct candidate *sibling =
            search_rank_sibling(rank, list[i]->segment, list[i]->index);
        if (sibling != NULL && !sibling->out && (sibling->shown || sibling->part == PART_PICK) &&
            search_rank_better_variant(list[i], sibling->segment, sibling->index))
            list[i]->out = true;
    }
}

/* Pages of history that differ behind '#' from one that stands before, and have its title, are
 * places in one document. */
static void drop_places(struct candidate **list, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count && !any; i++)
        any = list[i]->segment->flags[list[i]->index] & SEGMENT_PLACE;
    for (size_t i = 1; any && i < count; i++) {
        bool bookmarked = list[i]->segment->flags[list[i]->index] & SEGMENT_BOOKMARKED;
        for (size_t k = 0; k < i && !bookmarked && !list[i]->out; k++)
            list[i]->out = search_rank_same_document(list[i], list[k]);
    }
}

static int write_general(struct rank *rank, struct search_hit *hits, size_t *count)
{
    size_t general;
    struct candidate **list = collect_general(rank, &general);
    if (list == NULL)
        return HEARTH_ERR_NOMEM;
    drop_siblings(rank, list, general);
    drop_places(list, general);
    int r = 0;
    for (size_t i = 0; i < general && *count < rank->limit && r == 0; i++)
        if (!list[i]->out)
            r = write_hit(rank, list[i], hits, count);
    return r;
}

int search_rank_write_hits(struct rank *rank, struct search_results *ret_results)
{
    /* spare tabs stand before the pages, whose number has to be known first */
    struct search_hit *pages = arena_alloc(rank->arena, rank->limit * sizeof(*pages)),
                      *hits = rank->first[PART_TAB] == NONE
                                  ? pages
                                  : arena_alloc(rank->arena, rank->limit * sizeof(*hits));
    if (pages == NULL || hits == NULL)
        return HEARTH_ERR_NOMEM;
    size_t count = 0, others = 0;
    int r = write_part(rank, PART_PICK, rank->limit, pages, &others);
    if (r == 0)
        r = write_general(rank, pages, &others);
    uint32_t tabs = rank->count[PART_TAB] < rank->limit ? rank->count[PART_TAB] : rank->limit,
             shown = tabs + others < rank->limit ? rank->limit - (uint32_t)others : tabs;
    if (r == 0)
        r = write_part(rank, PART_TAB, shown, hits, &count);
    if (r == 0)
        r = write_part(rank, PART_SPARE_TAB, shown, hits, &count);
    if (hits == pages)
        count = others;
    for (size_t i = 0; hits != pages && r == 0 && i < others && count < rank->limit; i++)
        hits[count++] = pages[i];
    if (r == 0)
        *ret_results = (struct search_results){
            .hits = hits, .count = count, .generation = rank->block->generation};
    return r;
}
