/* Shared by rank.c (who becomes a candidate), rank_variants.c (which of them are one) and
 * rank_write.c (the answer). */
#ifndef HEARTH_CORE_SEARCH_RANK_INTERNAL_H
#define HEARTH_CORE_SEARCH_RANK_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/index_table.h"
#include "search/block.h"
#include "search/query.h"
#include "search/rank.h"
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

/* The slot of an address: occupied by the candidate that has it, or free. */
uint32_t *search_rank_address_slot(struct rank *rank, const struct segment *segment,
                                   uint32_t index);
/* The candidate that differs from the page in www. alone and has the same title: the same page.
 * NULL: none. */
struct candidate *search_rank_sibling(struct rank *rank, const struct segment *segment,
                                      uint32_t index);
bool search_rank_better_variant(const struct candidate *than, const struct segment *segment,
                                uint32_t index);
/* With another place behind '#', and the same title. */
bool search_rank_same_document(const struct candidate *a, const struct candidate *b);
/* As many general results as are looked for, as some turn out to be one: of Firefox's ten rows
 * half as many again. */
uint32_t search_rank_general_room(const struct rank *rank);

/* 0 or NOMEM. */
int search_rank_write_hits(struct rank *rank, struct search_results *ret_results);

#endif
