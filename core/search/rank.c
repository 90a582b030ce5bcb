#include "search/rank.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/index_table.h"
#include "base/magic.h"
#include "search/block.h"
#include "search/picks.h"
#include "search/query.h"
#include "search/scan.h"

enum { NONE = UINT16_MAX };

/* Where a candidate stands in the answer; later ones only fill up. START and ANYWHERE are the
 * general results: the first ones that match at word starts, then those that match anywhere, half
 * as many again as there is room for; shown by frecency. */
enum part { PART_TAB, PART_SPARE_TAB, PART_PICK, PART_START, PART_ANYWHERE, PARTS };

struct candidate {
    const struct segment *segment;
    uint32_t index; /* in it; of tabs: also in the list of tabs */
    uint16_t next;  /* in its part */
    uint8_t part;
    bool at_start; /* each word was found at the beginning of a word */
    bool out;      /* another one has taken its address */
    bool shown;    /* is among those that there may be room for */
    struct device_link *devices;
    size_t device_count;
};

struct device_link {
    struct device_link *next;
    const struct search_tab *tab;
};

/* Matches of the overlay wait here until the scan of the segments comes to their frecency. */
struct waiting {
    uint32_t index;
    enum scan_match match;
};

struct rank {
    const struct block *block;
    const struct search_request *request;
    const struct query *query;
    struct arena *arena;
    struct scan_flags flags;
    uint32_t limit, tab_cap;
    struct candidate *candidates;
    uint16_t candidate_count, candidate_room;
    struct index_table table; /* candidates by address; its memory is the arena's */
    uint16_t first[PARTS], last[PARTS];
    uint32_t count[PARTS]; /* that are not out */
    struct waiting *waiting;
    uint32_t waiting_count, waiting_next;
};

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

/* The slot of an address: occupied by the candidate that has it, or free. */
static uint32_t *rank_address_slot(struct rank *rank, const struct segment *segment, uint32_t index)
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

/* The candidate that differs from the page in www. alone and has the same title: the same page.
 * NULL: none. */
static struct candidate *rank_sibling(struct rank *rank, const struct segment *segment,
                                      uint32_t index)
{
    struct looked_for page = {segment, index, !segment_is_www(segment, index)};
    int64_t number = index_table_find(&rank->table, segment->keys[index], candidate_is,
                                      rank->candidates, &page);
    struct candidate *sibling =
        number == INDEX_TABLE_NONE ? NULL : &rank->candidates[number];
    return sibling != NULL &&
                   sibling->segment->titles[sibling->index] == segment->titles[index] &&
                   same_but_for_www(sibling, segment, index)
               ? sibling
               : NULL;
}

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

static bool better_variant(const struct candidate *than, const struct segment *segment,
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

/* With another place behind '#', and the same title. */
static bool same_document(const struct candidate *a, const struct candidate *b)
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

/* Does the page only name another place in a document that is there, from START on to its part? */
static bool is_another_place(const struct rank *rank, enum part part, const struct segment *segment,
                             uint32_t index)
{
    if ((segment->flags[index] & (SEGMENT_PLACE | SEGMENT_BOOKMARKED)) != SEGMENT_PLACE)
        return false;
    const struct candidate page = {.segment = segment, .index = index};
    for (enum part p = PART_START; p <= part; p++)
        for (uint16_t i = rank->first[p]; i != NONE; i = rank->candidates[i].next)
            if (!rank->candidates[i].out && same_document(&rank->candidates[i], &page))
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
    uint32_t *slot = rank_address_slot(rank, segment, index);
    struct candidate *there = *slot == 0 ? NULL : &rank->candidates[*slot - 1];
    bool at_start = part == PART_START;
    if (there != NULL && (there->part == part || there->part == PART_START) &&
        there->part >= PART_PICK) {
        if (better_variant(there, segment, index)) {
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
        if (there->part == PART_ANYWHERE && !better_variant(there, segment, index)) {
            segment = there->segment;
            index = there->index;
            at_start = false;
        }
    }
    rank_append_candidate(rank, part, segment, index, slot)->at_start = at_start;
}

/* As many general results as are looked for, as some turn out to be one: of Firefox's ten rows
 * half as many again. */
static uint32_t rank_general_room(const struct rank *rank)
{
    enum { MORE = 5 };
    uint32_t before = rank->count[PART_TAB] + rank->count[PART_PICK];
    if (before >= rank->limit)
        return 0;
    uint32_t room = rank->limit - before, more = (room + 1) / 2;
    return room + (more < MORE ? more : MORE);
}

static enum scan_want rank_wanted_matches(const struct rank *rank)
{
    uint32_t room = rank_general_room(rank);
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
        uint32_t *slot = rank_address_slot(rank, tabs->segment, i);
        struct candidate *candidate = *slot == 0
                                          ? rank_sibling(rank, tabs->segment, i)
                                          : &rank->candidates[*slot - 1];
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
    uint32_t room = rank_general_room(rank);
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
            rank_sibling(rank, list[i]->segment, list[i]->index);
        if (sibling != NULL && !sibling->out && (sibling->shown || sibling->part == PART_PICK) &&
            better_variant(list[i], sibling->segment, sibling->index))
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
            list[i]->out = same_document(list[i], list[k]);
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

static int write_hits(struct rank *rank, struct search_results *ret_results)
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
    rank->candidate_room = (uint16_t)((tabs ? rank->limit : 0) +
                                      (rank->request->pick_count > 0 ? rank->limit : 0) +
                                      3 * rank_general_room(rank) + 1);
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
        r = write_hits(&rank, ret_results);
    if (r == 0)
        *ret_full = !pages || rank_wanted_matches(&rank) == SCAN_WANT_NOTHING;
    return r;
}
