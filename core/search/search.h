/* Search in one account's pages and tabs, ranked as Firefox's address bar ranks; docs/search.md
 * has the whole picture.
 *
 * The engine keeps a compact read-only block for each account in use: folded text in frecency
 * order. Blocks are loaded by one ordered scan of the storage, brought up to date by generation,
 * and dropped, the least recently used first, when they exceed the memory they may have.
 *
 * Everything here may be called from any number of threads at once. Searching takes one short
 * lock to get hold of a block and none while it searches; a reader is never blocked by a load or
 * a rebuild of its block. */
#ifndef HEARTH_CORE_SEARCH_SEARCH_H
#define HEARTH_CORE_SEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hearth/storage.h"

struct arena;
struct err;
struct search;

enum { SEARCH_MAX_LIMIT = 500, SEARCH_MAX_QUERY = 4096 };

struct search_config {
    /* bytes for blocks and indexes of all accounts; 0: 64 MiB. The account in use may exceed it
     * alone */
    size_t memory;
    size_t filter_from; /* pages from which on a block gets a gram filter; 0: 30,000 */
    /* Called by the thread "search-refresh" for an account whose data changed, or whose person
     * has come: calls search_refresh() with a source of that thread's own. NULL: nothing is done
     * before somebody asks. */
    void (*refresh)(void *ctx, struct search *search, const char *account, int64_t generation);
    void *refresh_ctx;
};

/* Starts the threads "search", which builds filters and merges changes into blocks, and
 * "search-refresh". */
int search_create(const struct search_config *config, struct search **ret_search, struct err *err);
/* No refresh is begun any more, and the one that runs has ended when this returns: interrupt
 * what it waits for before. Any number of times. */
void search_stop(struct search *search);
void search_destroy(struct search *search); /* when no search_*() runs any more; accepts NULL */

struct search_tab {
    const char *device; /* id */
    const char *device_name;
    const char *url;
    const char *title; /* "" possible */
    int64_t last_used;
};
typedef int (*search_tab_cb)(void *ctx, const struct search_tab *tab); /* non-zero: end the list */

/* non-zero: end the list */
typedef int (*search_row_cb)(void *ctx, const struct hearth_bookmark *bookmark);

/* How the engine reads the account of a request, through the caller's storage handle. Called by
 * search_*() on the calling thread, without a lock held; what they deliver must be at least as
 * new as the request's generation. 0, or a code with err filled. */
struct search_source {
    void *ctx;
    /* ms, monotonic clock: until then others' loading is waited for; 0: for ever */
    int64_t deadline;
    /* pages_by_frecency() */
    int (*pages)(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err);
    /* pages_changed(). NOT_FOUND: the storage no longer knows; the engine loads anew. */
    int (*changed)(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx, struct err *err);
    /* of all devices, in any order; NULL: no tabs */
    int (*tabs)(void *ctx, search_tab_cb cb, void *cb_ctx, struct err *err);
    /* --- for search_index() alone; may be NULL where it is not called --- */
    /* visit_dates() of all times */
    int (*visits)(void *ctx, hearth_visit_row_cb cb, void *cb_ctx, struct err *err);
    int (*visits_of)(void *ctx, const int64_t *pages, size_t count, hearth_page_visit_cb cb,
                     void *cb_ctx, struct err *err);
    int (*cursors)(void *ctx, hearth_sync_cursor_cb cb, void *cb_ctx, struct err *err);
    /* bookmark_list() BY_ADDED */
    int (*bookmarks)(void *ctx, search_row_cb cb, void *cb_ctx, struct err *err);
    int (*items)(void *ctx, hearth_bookmark_item_cb cb, void *cb_ctx, struct err *err);
    /* bookmark_get(); 0 when it is gone */
    int (*bookmark)(void *ctx, const char *guid, search_row_cb cb, void *cb_ctx, struct err *err);
};

enum search_in {
    SEARCH_IN_TABS = 1 << 0,
    SEARCH_IN_BOOKMARKS = 1 << 1,
    SEARCH_IN_HISTORY = 1 << 2,
    SEARCH_IN_ALL = 7
};

/* The first word of the query is the keyword of a bookmark (core/search/keyword.h). */
struct search_keyword {
    bool as_kept;     /* typed as it is kept: no restriction applies then */
    bool takes_words; /* the other words are looked for at its host */
    const char *host; /* "": none */
};

struct search_request {
    const char *account;                  /* id */
    int64_t generation;                   /* the account's, read before */
    const char *query;                    /* as typed; valid UTF-8 */
    const struct search_keyword *keyword; /* NULL: none */
    uint32_t in;                          /* enum search_in */
    uint32_t limit;                       /* 1 … SEARCH_MAX_LIMIT */
    /* all of the account; input as search_fold_input() gives it. NULL: none */
    const struct hearth_pick *picks;
    size_t pick_count;
    int64_t now; /* ms; picks fade with time */
};

/* KEYWORD: of none that search_run() finds; what a keyword opens is put before them. */
enum search_kind { SEARCH_TAB, SEARCH_BOOKMARK, SEARCH_HISTORY, SEARCH_KEYWORD };

struct search_device {
    const char *id, *name;
    int64_t last_used;
};

struct search_hit {
    enum search_kind kind; /* BOOKMARK: the page is bookmarked */
    bool at_word_start;    /* every word of the query matched at the beginning of a word */
    bool picked;           /* came up because it was picked for this input before */
    /* page_get() has url, title, tags and the rest. TAB: the page of its URL if there is one */
    int64_t page;
    int64_t frecency; /* 0 for tabs */
    /* TAB only; NULL, 0 for others */
    const char *url, *title;
    const struct search_device *devices; /* that have it open, last used first */
    size_t device_count;
};

struct search_results {
    const struct search_hit *hits; /* best first, one for each address */
    size_t count;
    int64_t generation; /* what they were computed from */
};

/* Results live in the arena; an arena of 1 MiB is enough for any request. Loads or updates the
 * block if need be: one caller does it, the others wait and answer as soon as what has arrived
 * fills their page of results. Errors: INVALID (query too long, limit), NOMEM, and those of the
 * source. */
int search_run(struct search *search, const struct search_request *request,
               const struct search_source *source, struct arena *arena,
               struct search_results *ret_results, struct err *err);

/* What filtered lists, days and sites are answered from: struct history, struct bookmarks. Read
 * when it is asked for the first time, and brought up to date as blocks are; counts against the
 * same memory, and goes when its account's block does. */
enum search_index { SEARCH_INDEX_HISTORY, SEARCH_INDEX_BOOKMARKS, SEARCH_INDEXES };
struct index;
/* ret_index: at least as new as the generation; to be given back by search_index_done().
 * TIMEOUT: another thread's loading was waited for until the source's deadline. NOMEM; errors of
 * the source. */
int search_index(struct search *search, const char *account, int64_t generation,
                 enum search_index which, const struct search_source *source,
                 struct index **ret_index, struct err *err);
void search_index_done(struct search *search, struct index *index);

/* The data of an account changed: what is in memory of it is brought up to date in the
 * background, if its person was here lately. Never waits. Any thread. */
void search_changed(struct search *search, const char *account, int64_t generation);
/* A person has come, who will search soon: the block is read in the background if it is not
 * there. Never waits. Any thread. */
void search_expect(struct search *search, const char *account, int64_t generation);
/* Brings what is there of the account to the generation; the block, too, if it is expected. For
 * config.refresh(). 0, or the first error. */
int search_refresh(struct search *search, const char *account, int64_t generation,
                   const struct search_source *source, struct err *err);

void search_forget(struct search *search, const char *account); /* the account was removed */

/* The form in which picks are stored and compared: trimmed, case and accents folded, at most
 * size - 1 bytes, cut between characters. */
void search_fold_input(const char *query, char *ret_input, size_t size);
/* What use_count of a pick becomes when it is picked once more at `now`. */
double search_pick_again(double use_count, int64_t used, int64_t now);
double search_pick_worth(double use_count, int64_t used, int64_t now); /* what is left of it */

/* Waits until the background threads have nothing to do: tests and benchmarks. */
void search_settle_for_test(struct search *search);

struct search_stats {
    size_t accounts, bytes, pages;
    uint64_t loads, updates, rebuilds, evictions;
    uint64_t index_loads, index_updates, refreshes;
};
void search_stats_for_test(struct search *search, struct search_stats *ret_stats);
/* Counts entries of indexes that a question has looked at: walks over integers and folded text
 * are the one cost that may grow with an account, and are counted so that it can be seen (metric
 * hearth_search_entries_total). */
void search_looked_at(size_t entries);

#endif
