#include "search/picks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

/* LEAST: a use_count of 1 after 90 days */
static const double FADE_DAY = 0.975, FADE_PICK = 0.9, LEAST = 0.102;

struct ranked {
    int64_t page;
    double rank;
};

static double picks_faded_count(double use_count, int64_t used, int64_t now)
{
    double days = now > used ? (double)(now - used) / 86400000.0 : 0;
    return use_count * pow(FADE_DAY, days);
}

double search_pick_worth(double use_count, int64_t used, int64_t now)
{
    return picks_faded_count(use_count, used, now);
}

double search_pick_again(double use_count, int64_t used, int64_t now)
{
    return picks_faded_count(use_count, used, now) * FADE_PICK + 1;
}

static int picks_compare_by_page(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->page != y->page)
        return x->page < y->page ? -1 : 1;
    return x->rank > y->rank ? -1 : x->rank < y->rank;
}

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank > y->rank || x->rank < y->rank)
        return x->rank > y->rank ? -1 : 1;
    return x->page > y->page ? -1 : x->page < y->page;
}

/* As Firefox: a tenth is the finest difference, and an input typed to its end counts double. */
static size_t picks_collect(const struct search_request *request, const char *typed,
                            struct ranked *list)
{
    size_t count = 0;
    for (size_t i = 0; i < request->pick_count; i++) {
        const struct hearth_pick *pick = &request->picks[i];
        double use_count = str_starts(pick->input, typed)
                               ? picks_faded_count(pick->use_count, pick->used, request->now)
                               : 0;
        if (use_count >= LEAST)
            list[count++] = (struct ranked){
                pick->page, round(use_count * (str_equal(pick->input, typed) ? 2 : 1) * 10)};
    }
    return count;
}

int search_picks_rank(const struct search_request *request, struct arena *arena,
                      const int64_t **ret_pages, size_t *ret_count)
{
    char typed[SEARCH_MAX_QUERY + 1];
    search_fold_input(request->query, typed, sizeof(typed));
    *ret_count = 0;
    if (typed[0] == '\0' || request->pick_count == 0)
        return 0;
    /* as many as there are picks: too many for the arena */
    struct ranked *list = malloc(request->pick_count * sizeof(*list));
    if (list == NULL)
        return HEARTH_ERR_NOMEM;
    size_t count = picks_collect(request, typed, list), kept = 0;
    qsort(list, count, sizeof(*list), picks_compare_by_page);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || list[kept - 1].page != list[i].page)
            list[kept++] = list[i];
    qsort(list, kept, sizeof(*list), by_rank);
    kept = kept < SEARCH_MAX_LIMIT ? kept : SEARCH_MAX_LIMIT;
    int64_t *pages = arena_alloc(arena, (kept + 1) * sizeof(*pages));
    for (size_t i = 0; pages != NULL && i < kept; i++)
        pages[i] = list[i].page;
    free(list);
    if (pages == NULL)
        return HEARTH_ERR_NOMEM;
    *ret_pages = pages;
    *ret_count = kept;
    return 0;
}
