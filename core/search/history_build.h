/* What the history in memory is built of; for history*.c alone. */
#ifndef HEARTH_CORE_SEARCH_HISTORY_BUILD_H
#define HEARTH_CORE_SEARCH_HISTORY_BUILD_H

#include "search/history.h"

struct hearth_page;

/* Pages one after the other, with their folded text. Starts as {0}; one thread. */
struct history_rows {
    struct history_row {
        int64_t id, last_visit;
        uint32_t host, visit_count;
        uint32_t offset, size;
        bool shown; /* false: it is gone or hidden, nothing else is set */
    } * items;
    uint32_t count, room;
    char *text;
    size_t text_size, text_room;
};
void search_history_rows_fini(struct history_rows *rows);
/* As it is now; `hosts` gets its host. 0 or NOMEM. */
int search_history_rows_add(struct history_rows *rows, const struct hearth_page *page,
                            struct history_hosts *hosts);
int search_history_rows_copy(struct history_rows *rows, const struct history_rows *from,
                             uint32_t index);
int search_history_rows_copy_slot(struct history_rows *rows, const struct history_chunk *from,
                                  uint32_t slot);
/* A chunk of all rows, of which there are at most HISTORY_CHUNK; empties them. NULL when memory
 * is short. */
struct history_chunk *search_history_rows_seal(struct history_rows *rows);

struct history_chunk *search_history_chunk_ref(struct history_chunk *chunk);
void search_history_chunk_unref(struct history_chunk *chunk); /* accepts NULL */

/* NULL when memory is short */
struct history_hosts *search_history_hosts_create(void);
struct history_hosts *search_history_hosts_copy(const struct history_hosts *hosts); /* likewise */
struct history_hosts *search_history_hosts_ref(struct history_hosts *hosts);
/* accepts NULL */
void search_history_hosts_unref(struct history_hosts *hosts);
/* HISTORY_NO_HOST */
uint32_t search_history_hosts_find(const struct history_hosts *hosts, const char *name);

struct history *search_history_create(void); /* empty; NULL when memory is short */
/* Takes the reference; `room`: that of history->chunks, 0 at the beginning. NOMEM also for a
 * chunk that is NULL; FULL. */
int search_history_add_chunk(struct history *history, uint32_t *room, struct history_chunk *chunk);
/* Fills sites, holes and index.bytes of a history whose chunks, hosts and visits are there. 0 or
 * NOMEM. */
int search_history_finish(struct history *history);

/* Visits as they are collected, and in the order of the list. */
struct history_visits {
    struct history_visit {
        int64_t date, page; /* page: its id */
        uint32_t number;    /* of the page, with the type above HISTORY_TYPE_SHIFT */
    } * items;
    size_t count, room;
};
/* 0 or NOMEM */
int search_history_visits_add(struct history_visits *visits, int64_t date, int64_t page,
                              uint32_t number);
void search_history_visits_sort(struct history_visits *visits);
static inline bool history_visit_before(int64_t date, int64_t page, uint32_t number,
                                        const struct history_visit *other)
{
    return date != other->date ? date > other->date
           : page != other->page
               ? page > other->page
               : number >> HISTORY_TYPE_SHIFT > other->number >> HISTORY_TYPE_SHIFT;
}

#endif
