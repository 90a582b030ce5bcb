/* Shared by search.c (the public calls), accounts.c (who has which block) and improve.c (the background thread).
 *
 * One lock, `search->lock`, guards everything in struct search and struct account. It is never held while a block is searched, loaded,
 * updated or rebuilt, nor while anything outside of these files is called. Blocks are immutable and counted, so that a searcher keeps what
 * it has got. */
#ifndef HEARTH_CORE_SEARCH_SEARCH_INTERNAL_H
#define HEARTH_CORE_SEARCH_SEARCH_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/block.h"
#include "search/search.h"

enum { ACCOUNT_TABLE_SIZE = 1024 };

struct account {
    struct account *next;          /* in its slot of the table */
    struct account *newer, *older; /* by use */
    struct account *next_job;
    char *id;
    struct block *block;     /* the newest complete one; NULL */
    struct block *beginning; /* of the one that is being loaded; NULL */
    uint64_t beginnings;     /* grows with each beginning */
    bool loading;            /* some thread loads or updates; the others wait for `progress` */
    bool queued, gone;
    unsigned users; /* threads that hold a pointer to this struct */
    size_t bytes;
    pthread_cond_t progress;
};

struct search {
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    pthread_t thread;
    size_t memory, filter_from;
    struct account *table[ACCOUNT_TABLE_SIZE];
    struct account *newest, *oldest;
    struct account *first_job, *last_job;
    struct block **trash; /* to be let go by the thread: freeing many megabytes takes a while */
    size_t trash_count, trash_room;
    bool stop, working;
    struct search_stats stats;
};

/* accounts.c: all with the lock held. */
struct account *accounts_find(struct search *search, const char *id);
/* Finds or makes, marks as the last used, and keeps it from ending until accounts_release(). NULL when memory is short. */
struct account *accounts_acquire(struct search *search, const char *id);
void accounts_release(struct search *search, struct account *account);
/* Takes it out of the tables; it ends when its last user lets go. */
void accounts_detach(struct search *search, struct account *account);
/* Counts the account's block anew and drops the least recently used others until all fit. */
void accounts_count(struct search *search, struct account *account);
/* `block` becomes the account's, and is improved in the background if it can be. */
void accounts_install(struct search *search, struct account *account, struct block *block);
/* Gives a reference away for the background thread to drop; NULL does nothing. */
void accounts_discard(struct search *search, struct block *block);

/* improve.c */
bool improve_can(const struct search *search, const struct block *block);
void *improve_thread(void *search);

#endif
