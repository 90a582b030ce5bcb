#include "search/rank.h"

#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "search/picks.h"
#include "search/rank_internal.h"

static struct candidate *rank_append_candidate(struct rank *rank, enum part part,
                                               const struct segment *segment, uint32_t index,
                                               uint32_t *slot)
{
    ASSERT(rank->candidate_count < rank->candidate_room);
    uint16_t number = rank->candidate_count++;
    rank->candidates[number] =
        (struct candidate){.segment = segment, .index = index, .next = NONE, .part = (uint8_t)part};
    if (rank->last[part] == NONE)
        rank->first[part] = number;
    else
        rank->candidates[rank->last[part]].next = number;
    rank->last[part] = number;
    rank->count[part]++;
    *slot = number + 1u;
    return &rank->candidates[number];
}

static void take_out(struct rank *rank, struct candidate *candidate)
{
    candidate->out = true;
    rank->count[candidate->part]--;
}

/* Does the page only name another place in a document that is there, from START on to its part? */
static bool is_another_place(const struct rank *rank, enum part part, const struct segment *segment,
                             uint32_t index)
{
    if ((segment->flags[index] & (SEGMENT_PLACE | SEGMENT_BOOKMARKED)) != SEGMENT_PLACE)
        return false;
    const struct candidate page = {.segment = segment, .index = index};
    for (enum part p = PART_START; p <= part; p++)
        for (uint16_t i = rank->first[p]; i != NONE; i = rank->candidates[i].next)
            if (!rank->candidates[i].out && search_rank_same_document(&rank->candidates[i], &page))
                return true;
    return false;
}

/* Puts a page into a part. If its address is there already: a part that stands before keeps it,
 * one that stands behind gives it up; the better variant is shown, but a tab or a pick gives its
 * place to none from behind. */
static void add_page(struct rank *rank, enum part part, const struct segment *segment,
                     uint32_t index)
{
    if (is_another_place(rank, part, segment, index))
        return;
    uint32_t *slot = search_rank_address_slot(rank, segment, index);
    struct candidate *there = *slot == 0 ? NULL : &rank->candidates[*slot - 1];
    bool at_start = part == PART_START;
    if (there != NULL && (there->part == part || there->part == PART_START) &&
        there->part >= PART_PICK) {
        if (search_rank_better_variant(there, segment, index)) {
            there->segment = segment;
            there->index = index;
            there->at_start = at_start;
        }
        return;
    }
    if (there != NULL && there->part != PART_SPARE_TAB && there->part <= part)
        return;
    if (there != NULL) {
        take_out(rank, there);
        if (there->part == PART_ANYWHERE && !search_rank_better_variant(there, segment, index)) {
            segment = there->segment;
            index = there->index;
            at_start = false;
        }
    }
    rank_append_candidate(rank, part, segment, index, slot)->at_start = at_start;
}

static enum scan_want rank_wanted_matches(const struct rank *rank)
{
    uint32_t room = search_rank_general_room(rank);
    if (rank->count[PART_START] >= room)
        return SCAN_WANT_NOTHING;
    return rank->count[PART_START] + rank->count[PART_ANYWHERE] >= room ? SCAN_WANT_AT_START
                                                                        : SCAN_WANT_ALL;
}

static void add_match(struct rank *rank, const struct segment *segment, uint32_t index,
                      enum scan_match match)
{
    enum scan_want want = rank_wanted_matches(rank);
    if (want == SCAN_WANT_ALL || (want == SCAN_WANT_AT_START && match == SCAN_AT_START))
        add_page(rank, match == SCAN_AT_START ? PART_START : PART_ANYWHERE, segment, index);
}

static enum scan_want on_overlay(void *ctx, const struct segment *segment, uint32_t index,
                                 enum scan_match match)
{
    struct rank *rank = ctx;
    rank->waiting[rank->waiting_count++] = (struct waiting){index, match};
    return SCAN_WANT_ALL;
}

/* Adds the waiting ones that stand before a page; segment NULL: all. */
static void add_waiting(struct rank *rank, const struct segment *segment, uint32_t index)
{
    const struct segment *overlay = rank->block->overlay;
    for (; rank->waiting_next < rank->waiting_count; rank->waiting_next++) {
        const struct waiting *next = &rank->waiting[rank->waiting_next];
        if (segment != NULL &&
            !segment_before(overlay->frecency[next->index], overlay->ids[next->index],
                            segment->frecency[index], segment->ids[index]))
            return;
        add_match(rank, overlay, next->index, next->match);
    }
}

static enum scan_want on_match(void *ctx, const struct segment *segment, uint32_t index,
                               enum scan_match match)
{
    struct rank *rank = ctx;
    add_waiting(rank, segment, index);
    add_match(rank, segment, index, match);
    return rank_wanted_matches(rank);
}

static int scan_pages(struct rank *rank)
{
    const struct block *block = rank->block;
    if (block->overlay != NULL) {
        rank->waiting = arena_alloc(rank->arena, block->overlay->count * sizeof(*rank->waiting));
        if (rank->waiting == NULL)
            return HEARTH_ERR_NOMEM;
        search_scan_segment(block->overlay, NULL, rank->query, &rank->flags, SCAN_WANT_ALL,
                            on_overlay, rank);
    }
    enum scan_want want = rank_wanted_matches(rank);
    for (size_t i = 0; i < block->segment_count && want != SCAN_WANT_NOTHING; i++)
        want = search_scan_segment(block->segments[i], block->dead[i], rank->query, &rank->flags,
                                   want, on_match, rank);
    add_waiting(rank, NULL, 0);
    return 0;
}

static int add_device(struct rank *rank, struct candidate *candidate, const struct search_tab *tab)
{
    struct device_link **end = &candidate->devices;
    for (; *end != NULL; end = &(*end)->next)
        if (strcmp((*end)->tab->device, tab->device) == 0)
            return 0;
    *end = arena_alloc(rank->arena, sizeof(**end));
    if (*end == NULL)
        return HEARTH_ERR_NOMEM;
    (*end)->tab = tab;
    candidate->device_count++;
    return 0;
}

/* Tabs are few and come last used first. Those beyond their share wait as spare ones for room
 * that pages leave. */
static int scan_tabs(struct rank *rank)
{
    const struct tabs *tabs = rank->block->tabs;
    for (uint32_t i = 0; i < tabs->count; i++) {
        if (search_scan_page(tabs->segment, i, rank->query) == SCAN_NONE)
            continue;
        uint32_t *slot = search_rank_address_slot(rank, tabs->segment, i);
        struct candidate *candidate =
            *slot == 0 ? search_rank_sibling(rank, tabs->segment, i) : &rank->candidates[*slot - 1];
        if (candidate == NULL && rank->count[PART_TAB] + rank->count[PART_SPARE_TAB] < rank->limit)
            candidate = rank_append_candidate(
                rank, rank->count[PART_TAB] < rank->tab_cap ? PART_TAB : PART_SPARE_TAB,
                tabs->segment, i, slot);
        if (candidate != NULL && add_device(rank, candidate, &tabs->list[i]) < 0)
            return HEARTH_ERR_NOMEM;
    }
    return 0;
}

static int rank_compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Picks need not match the words: that the person chose them for this input is enough. */
static int add_picks(struct rank *rank)
{
    const int64_t *pages;
    size_t count;
    int r = search_picks_rank(rank->request, rank->arena, &pages, &count);
    if (r < 0 || count == 0)
        return r;
    int64_t *ids = arena_alloc(rank->arena, count * sizeof(*ids));
    const struct segment **segments = arena_alloc(rank->arena, count * sizeof(struct segment *));
    uint32_t *indexes = arena_alloc(rank->arena, count * sizeof(*indexes));
    if (ids == NULL || segments == NULL || indexes == NULL)
        return HEARTH_ERR_NOMEM;
    memcpy(ids, pages, count * sizeof(*ids));
    qsort(ids, count, sizeof(*ids), rank_compare_ids);
    search_block_find(rank->block, ids, count, segments, indexes);
    uint32_t share = rank->limit / 3 + 1, room = rank->limit - rank->count[PART_TAB];
    for (size_t i = 0; i < count && rank->count[PART_PICK] < (share < room ? share : room); i++) {
        size_t at = (size_t)((const int64_t *)bsearch(&pages[i], ids, count, sizeof(*ids),
                                                      rank_compare_ids) -
                             ids);
        if (segments[at] != NULL &&
            search_scan_passes(&rank->flags, segments[at]->flags[indexes[at]]))
            add_page(rank, PART_PICK, segments[at], indexes[at]);
    }
    return 0;
}

/* Which pages the request and the query's restriction allow; false: none. */
static bool choose_pages(struct rank *rank)
{
    const struct search_request *request = rank->request;
    if (rank->query->only == QUERY_TABS || rank->query->only == QUERY_NOTHING)
        return false;
    rank->flags.any = (uint8_t)((request->in & SEARCH_IN_BOOKMARKS ? SEGMENT_BOOKMARKED : 0) |
                                (request->in & SEARCH_IN_HISTORY ? SEGMENT_VISITED : 0));
    static const uint8_t of_restriction[] = {[QUERY_ANY] = 0,
                                             [QUERY_HISTORY] = SEGMENT_VISITED,
                                             [QUERY_BOOKMARKS] = SEGMENT_BOOKMARKED,
                                             [QUERY_TAGGED] = SEGMENT_TAGGED};
    rank->flags.all = of_restriction[rank->query->only];
    rank->flags.none = rank->query->javascript ? 0 : SEGMENT_JAVASCRIPT;
    return rank->flags.any != 0;
}

static bool choose_tabs(const struct rank *rank)
{
    const struct query *query = rank->query;
    return (rank->request->in & SEARCH_IN_TABS) &&
           (query->only == QUERY_TABS || (query->only == QUERY_ANY && query->word_count > 0));
}

/* Tabs and picks add at most `limit` candidates each, START as many as there is room for, ANYWHERE
 * twice that: in place of those that went to START. */
static int rank_prepare_tables(struct rank *rank, bool tabs)
{
    rank->candidate_room =
        (uint16_t)((tabs ? rank->limit : 0) + (rank->request->pick_count > 0 ? rank->limit : 0) +
                   3 * search_rank_general_room(rank) + 1);
    rank->table.room = index_table_room(rank->candidate_room);
    size_t table_size = rank->table.room * sizeof(*rank->table.slots);
    rank->candidates = arena_alloc(rank->arena, rank->candidate_room * sizeof(*rank->candidates));
    rank->table.slots = arena_alloc(rank->arena, table_size);
    if (rank->candidates == NULL || rank->table.slots == NULL)
        return HEARTH_ERR_NOMEM;
    memset(rank->table.slots, 0, table_size);
    memset(rank->first, 0xFF, sizeof(rank->first));
    memset(rank->last, 0xFF, sizeof(rank->last));
    return 0;
}

int search_rank_block(const struct block *block, const struct search_request *request,
                      const struct query *query, struct arena *arena,
                      struct search_results *ret_results, bool *ret_full)
{
    struct rank rank = {.block = block,
                        .request = request,
                        .query = query,
                        .arena = arena,
                        .limit = request->limit};
    bool pages = choose_pages(&rank), tabs = choose_tabs(&rank),
         typed = query->only == QUERY_ANY && query->field == QUERY_EVERYWHERE;
    rank.tab_cap = pages && rank.limit >= 3 ? rank.limit / 3 : pages ? 1 : rank.limit;
    int r = rank_prepare_tables(&rank, tabs);
    if (r == 0 && tabs)
        r = scan_tabs(&rank);
    if (r == 0 && pages && typed)
        r = add_picks(&rank);
    if (r == 0 && pages)
        r = scan_pages(&rank);
    if (r == 0)
        r = search_rank_write_hits(&rank, ret_results);
    if (r == 0)
        *ret_full = !pages || rank_wanted_matches(&rank) == SCAN_WANT_NOTHING;
    return r;
}
