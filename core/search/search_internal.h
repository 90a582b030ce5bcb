/* Shared by search.c (the public calls), indexes.c (those of lists), accounts.c (who has what),
 * improve.c and refresh.c (the background threads).
 *
 * One lock, `search->lock`, guards everything in struct search and struct account. It is never
 * held while a block is searched, loaded, updated or rebuilt, nor while anything outside of
 * these files is called. Blocks are immutable and counted, so that a searcher keeps what it has
 * got. */
#ifndef HEARTH_CORE_SEARCH_SEARCH_INTERNAL_H
#define HEARTH_CORE_SEARCH_SEARCH_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "search/block.h"
#include "search/index.h"
#include "search/search.h"

/* An index and the generation that it is of. */
struct slot {
    struct index *index; /* NULL */
    int64_t generation;
    bool loading; /* some thread loads or updates; the others wait for the account's `progress` */
};

struct account {
    map_entry in_map;              /* by id */
    struct account *newer, *older; /* by use */
    struct account *next_job;
    char *id;
    struct block *block;     /* the newest complete one; NULL */
    struct block *beginning; /* of the one that is being loaded; NULL */
    uint64_t beginnings;     /* grows with each beginning */
    bool loading;            /* some thread loads or updates; the others wait for `progress` */
    struct slot slots[SEARCH_INDEXES];
    bool queued, gone;
    unsigned users; /* threads that hold a pointer to this struct */
    size_t bytes;
    int64_t used; /* when somebody asked last, monotonic */
    /* To be refreshed: in the queue of the thread "search-refresh", up to this generation. */
    struct account *next_refresh;
    int64_t wanted;
    bool refresh_queued, expected;
    pthread_cond_t progress;
};

struct search {
    pthread_mutex_t lock;
    pthread_cond_t work, idle, refresh_work;
    pthread_t thread, refresher;
    bool stopped; /* search_stop() was called: a refresh is not begun any more */
    bool refresher_ended;
    size_t memory, filter_from;
    void (*refresh)(void *ctx, struct search *search, const char *account, int64_t generation);
    void *refresh_ctx;
    struct account *accounts;
    struct account *newest, *oldest;
    struct account *first_job, *last_job;
    struct account *first_refresh, *last_refresh;
    size_t refresh_count;
    struct trash { /* one of the two */
        struct block *block;
        struct index *index;
    } * trash; /* to be let go by the thread: freeing many megabytes takes a while */
    size_t trash_count, trash_room;
    bool stop, working, refreshing;
    struct search_stats stats;
};

/* accounts.c: all with the lock held. */
struct account *search_accounts_find(struct search *search, const char *id);
/* Finds or makes, marks as the last used, and keeps it from ending until
 * search_accounts_release(). NULL when memory is short. */
struct account *search_accounts_acquire(struct search *search, const char *id);
void search_accounts_release(struct search *search, struct account *account);
/* Takes it out of the tables; it ends when its last user lets go. */
void search_accounts_detach(struct search *search, struct account *account);
/* Counts the account's block anew and drops the least recently used others until all fit. */
void search_accounts_count(struct search *search, struct account *account);
/* `block` becomes the account's, and is improved in the background if it can be. */
void search_accounts_install(struct search *search, struct account *account, struct block *block);
/* Gives a reference away for the background thread to drop; NULL does nothing. */
void search_accounts_discard(struct search *search, struct block *block);
void search_accounts_discard_index(struct search *search, struct index *index);
/* Waits until a thread that loads something of the account has got further. TIMEOUT at the
 * deadline; 0: look again. */
int search_accounts_wait(struct search *search, struct account *account, int64_t deadline,
                         struct err *err);

/* search.c: brings the block to the generation, waiting for others that do so. The lock is held,
 * and let go meanwhile. */
int search_bring_block(struct search *search, struct account *account, int64_t generation,
                       const struct search_source *source, struct err *err);
/* indexes.c: the same for an index; *ret_index, unless ret_index is NULL, is a reference to it. */
int search_bring_index(struct search *search, struct account *account, int64_t generation,
                       enum search_index which, const struct search_source *source,
                       struct index **ret_index, struct err *err);

/* refresh.c */
void *search_refresh_main(void *search);

/* improve.c */
bool search_can_improve(const struct search *search, const struct block *block);
void *search_improve_main(void *search);

#endif
