/* What the visits of a page add up to. */
#ifndef HEARTH_CORE_MODEL_PAGE_H
#define HEARTH_CORE_MODEL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/frecency.h"

/* On the caller's stack; memory does not grow with the visits. */
struct model_page {
    int64_t visits;     /* of any type */
    int64_t counted;    /* visit_count as Firefox counts: without types 4, 7, 8, 9 */
    int64_t last_visit; /* ms; of any type; 0: none */
    int64_t until;      /* a visit that is later is still to come, and no reason to rank high */
    bool typed;         /* some visit has type 2 */
    bool seen;          /* some visit has a type other than 4 and 8 (embedded, framed) */
    struct model_frecency frecency;
};

/* Lists of visits leave out what was only a part of another page: embedded, or in a frame. */
static inline bool model_visit_is_listed(int64_t type)
{
    return type != 4 && type != 8;
}
/* How far a clock may be ahead, ms: visits that are later than this from now are to come. */
enum { MODEL_VISIT_AHEAD = 600000 };

void model_page_init(struct model_page *page, int64_t now); /* ms */
/* Every visit once, in any order. date: ms; type: 1 … 9. */
void model_page_add_visit(struct model_page *page, int64_t date, int type);
/* Firefox lists it nowhere in the history: place: queries, and pages that were only embedded or
 * framed and are not bookmarked. */
bool model_page_is_hidden(const struct model_page *page, const char *url, bool bookmarked);
/* As model_frecency_value(); place: queries have 0. */
int64_t model_page_frecency(const struct model_page *page, const char *url, bool bookmarked,
                            int64_t added);

#endif
