/* The history of an account in memory: its visits by time, its pages with the text that lists
 * are filtered by, its sites.
 *
 * Pages have numbers: the slot of a chunk of HISTORY_CHUNK pages. A new version shares the
 * chunks in which no page changed. Hidden pages are not in it, and neither are their visits.
 * Immutable once made; any thread. */
#ifndef HEARTH_CORE_SEARCH_HISTORY_H
#define HEARTH_CORE_SEARCH_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/index_table.h"
#include "search/index.h"
#include "search/search.h"

struct arena;
struct err;
struct text_filter;

enum {
    HISTORY_CHUNK = 256,
    HISTORY_TYPE_SHIFT = 28,
    HISTORY_MAX_PAGES = 1 << HISTORY_TYPE_SHIFT,
    HISTORY_NO_HOST = UINT32_MAX
};

struct history_chunk {
    atomic_uint references;
    uint32_t count;
    size_t bytes;
    int64_t ids[HISTORY_CHUNK]; /* 0: the page is gone, or not to be seen */
    int64_t last_visits[HISTORY_CHUNK];
    uint32_t hosts[HISTORY_CHUNK]; /* number in history.hosts; HISTORY_NO_HOST */
    uint32_t visit_counts[HISTORY_CHUNK];
    uint32_t offsets[HISTORY_CHUNK + 1]; /* of its folded text */
    char text[];                         /* NEEDLE_PADDING more bytes can be read */
};

/* Names of hosts by number; a version that has new ones has a copy of its own. */
struct history_hosts {
    atomic_uint references;
    uint32_t count, room;
    uint32_t *offsets;
    struct index_table table; /* by name */
    char *text;
    size_t text_size, text_room;
};

struct history_site {
    uint32_t host, pages;
    int64_t visits, last_visit;
};

struct history {
    struct index index;
    struct history_chunk **chunks;
    uint32_t chunk_count, holes; /* holes: slots without a page */
    struct history_hosts *hosts;
    struct history_site *sites; /* most visits first, ties by host */
    uint32_t site_count;
    size_t visit_count;
    int64_t *dates;  /* newest first, ties by greater page, then greater type */
    uint32_t *pages; /* number of the page, and the type above HISTORY_TYPE_SHIFT */
};

/* 0, NOMEM, FULL (more pages than can be numbered), or the source's error. */
int search_history_load(const struct search_source *source, struct index **ret_index,
                        struct err *err);
/* At a later generation than `since`, whose version `old` is. The same version again when
 * nothing of it changed. FULL: load anew; NOT_FOUND: the storage no longer knows what changed,
 * load anew. */
int search_history_update(const struct index *old, int64_t since,
                          const struct search_source *source, struct index **ret_index,
                          struct err *err);

static inline const struct history *history_of(const struct index *index)
{
    return (const struct history *)(const void *)index;
}

static inline uint32_t history_page_of(const struct history *history, size_t visit)
{
    return history->pages[visit] & (HISTORY_MAX_PAGES - 1);
}

static inline int64_t history_id(const struct history *history, uint32_t page)
{
    return history->chunks[page / HISTORY_CHUNK]->ids[page % HISTORY_CHUNK];
}

static inline const char *history_host_name(const struct history *history, uint32_t host)
{
    return history->hosts->text + history->hosts->offsets[host];
}

/* --- questions (history_find.c) --- */
struct history_place { /* of a visit in the order of the list */
    int64_t date, page;
    int32_t type;
};

struct history_query {
    const struct text_filter *words; /* not empty */
    const char *host;                /* exactly this one; NULL: any */
    int64_t from, to;                /* from <= date < to; 0: open */
    int64_t soon;                    /* visits from then on stand behind all others; 0: none do */
    struct history_place after;      /* go on behind it; date 0: from the newest */
    size_t limit;
};

struct history_found {
    struct history_place *visits; /* in the arena */
    size_t count;
    bool more; /* there is at least one behind them */
};

/* 0 or NOMEM. */
int search_history_find(const struct history *history, const struct history_query *query,
                        struct arena *arena, struct history_found *ret_found);

/* The visits with from <= date < to (0: open) are ret_first … ret_end - 1. */
void search_history_range(const struct history *history, int64_t from, int64_t to,
                          size_t *ret_first, size_t *ret_end);
/* The first site behind one with so many visits and this name, which need not be there any more. */
uint32_t search_history_site_after(const struct history *history, int64_t visits, const char *host);

#endif
