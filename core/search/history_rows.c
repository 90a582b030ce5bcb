/* Rows, chunks and hosts: what a history is put together from. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "model/url.h"
#include "search/history_build.h"
#include "search/text_filter.h"

enum { HOST_SIZE = 256, FIRST_HOSTS = 256 };

/* --- rows --- */

void search_history_rows_fini(struct history_rows *rows)
{
    free(rows->items);
    free(rows->text);
    *rows = (struct history_rows){0};
}

/* Room for a row with so much text. */
static int rows_reserve(struct history_rows *rows, size_t text)
{
    if (rows->count == rows->room) {
        uint32_t room = rows->room == 0 ? HISTORY_CHUNK : rows->room * 2;
        struct history_row *items = realloc(rows->items, room * sizeof(*items));
        if (items == NULL)
            return HEARTH_ERR_NOMEM;
        rows->items = items;
        rows->room = room;
    }
    size_t need = rows->text_size + text;
    if (need <= rows->text_room)
        return 0;
    size_t room = need + need / 2 + 4096;
    char *grown = room > UINT32_MAX ? NULL : realloc(rows->text, room);
    if (grown == NULL)
        return HEARTH_ERR_NOMEM;
    rows->text = grown;
    rows->text_room = room;
    return 0;
}

/* Pages that nobody has been at are no history, nor are hidden ones. */
static bool history_shows_page(const struct hearth_page *page)
{
    return !page->gone && !page->hidden && page->url != NULL && page->last_visit != 0;
}

/* Finds or adds; 0 or NOMEM. */
static int hosts_add(struct history_hosts *hosts, const char *name, uint32_t *ret_number);

int search_history_rows_add(struct history_rows *rows, const struct hearth_page *page,
                            struct history_hosts *hosts)
{
    if (rows_reserve(rows, TEXT_FILTER_ROOM) < 0)
        return HEARTH_ERR_NOMEM;
    struct history_row row = {.id = page->id,
                              .offset = (uint32_t)rows->text_size,
                              .host = HISTORY_NO_HOST,
                              .shown = history_shows_page(page),
                              .last_visit = page->last_visit};
    if (row.shown) {
        char host[HOST_SIZE];
        model_url_host(page->url, host, sizeof(host));
        if (host[0] != '\0' && hosts_add(hosts, host, &row.host) < 0)
            return HEARTH_ERR_NOMEM;
        int64_t visits = page->visit_count;
        row.visit_count = visits < 0 ? 0 : visits > UINT32_MAX ? UINT32_MAX : (uint32_t)visits;
        row.size = (uint32_t)search_text_filter_fold(page->title != NULL ? page->title
                                                                         : page->bookmark_title,
                                                     page->url, NULL, rows->text + rows->text_size);
        rows->text_size += row.size;
    }
    rows->items[rows->count++] = row;
    return 0;
}

static int rows_take(struct history_rows *rows, struct history_row row, const char *text)
{
    if (rows_reserve(rows, row.size) < 0)
        return HEARTH_ERR_NOMEM;
    row.offset = (uint32_t)rows->text_size;
    if (row.size > 0)
        memcpy(rows->text + rows->text_size, text, row.size);
    rows->text_size += row.size;
    rows->items[rows->count++] = row;
    return 0;
}

int search_history_rows_copy(struct history_rows *rows, const struct history_rows *from,
                             uint32_t index)
{
    return rows_take(rows, from->items[index], from->text + from->items[index].offset);
}

int search_history_rows_copy_slot(struct history_rows *rows, const struct history_chunk *from,
                                  uint32_t slot)
{
    struct history_row row = {.id = from->ids[slot],
                              .last_visit = from->last_visits[slot],
                              .host = from->hosts[slot],
                              .visit_count = from->visit_counts[slot],
                              .size = from->offsets[slot + 1] - from->offsets[slot],
                              .shown = from->ids[slot] != 0};
    return rows_take(rows, row, from->text + from->offsets[slot]);
}

struct history_chunk *search_history_rows_seal(struct history_rows *rows)
{
    size_t bytes = sizeof(struct history_chunk) + rows->text_size + NEEDLE_PADDING;
    struct history_chunk *chunk = calloc(1, bytes);
    if (chunk == NULL)
        return NULL;
    atomic_init(&chunk->references, 1);
    chunk->bytes = bytes;
    chunk->count = rows->count;
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct history_row *row = &rows->items[i];
        chunk->ids[i] = row->shown ? row->id : 0;
        chunk->last_visits[i] = row->last_visit;
        chunk->hosts[i] = row->host;
        chunk->visit_counts[i] = row->visit_count;
        chunk->offsets[i] = row->offset;
    }
    chunk->offsets[rows->count] = (uint32_t)rows->text_size;
    if (rows->text_size > 0)
        memcpy(chunk->text, rows->text, rows->text_size);
    rows->count = 0;
    rows->text_size = 0;
    return chunk;
}

struct history_chunk *search_history_chunk_ref(struct history_chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->references, 1, memory_order_relaxed);
    return chunk;
}

void search_history_chunk_unref(struct history_chunk *chunk)
{
    if (chunk != NULL &&
        atomic_fetch_sub_explicit(&chunk->references, 1, memory_order_acq_rel) == 1)
        free(chunk);
}

/* --- hosts --- */

static const char *host_name(const struct history_hosts *hosts, uint32_t number)
{
    return hosts->text + hosts->offsets[number];
}

static bool host_is(const void *hosts, uint32_t number, const void *name)
{
    return strcmp(host_name(hosts, number), name) == 0;
}

static uint64_t host_hash(const void *hosts, uint32_t number)
{
    return hash_text(host_name(hosts, number));
}

/* Where the host is in the table, or would be. */
static uint32_t *host_slot(const struct history_hosts *hosts, const char *name)
{
    return index_table_slot(&hosts->table, hash_text(name), host_is, hosts, name);
}

static struct history_hosts *hosts_allocate(uint32_t room, size_t text_room)
{
    struct history_hosts *hosts = calloc(1, sizeof(*hosts));
    if (hosts == NULL)
        return NULL;
    atomic_init(&hosts->references, 1);
    hosts->room = room;
    hosts->text_room = text_room;
    hosts->offsets = malloc(room * sizeof(*hosts->offsets));
    hosts->text = malloc(text_room);
    if (!index_table_init(&hosts->table, room) || hosts->offsets == NULL || hosts->text == NULL) {
        search_history_hosts_unref(hosts);
        return NULL;
    }
    return hosts;
}

struct history_hosts *search_history_hosts_create(void)
{
    return hosts_allocate(FIRST_HOSTS, FIRST_HOSTS * 32);
}

struct history_hosts *search_history_hosts_copy(const struct history_hosts *from)
{
    struct history_hosts *hosts = hosts_allocate(from->room, from->text_room);
    if (hosts == NULL)
        return NULL;
    hosts->count = from->count;
    hosts->text_size = from->text_size;
    memcpy(hosts->offsets, from->offsets, from->count * sizeof(*from->offsets));
    memcpy(hosts->table.slots, from->table.slots, from->table.room * sizeof(*from->table.slots));
    memcpy(hosts->text, from->text, from->text_size);
    return hosts;
}

struct history_hosts *search_history_hosts_ref(struct history_hosts *hosts)
{
    atomic_fetch_add_explicit(&hosts->references, 1, memory_order_relaxed);
    return hosts;
}

void search_history_hosts_unref(struct history_hosts *hosts)
{
    if (hosts == NULL ||
        atomic_fetch_sub_explicit(&hosts->references, 1, memory_order_acq_rel) != 1)
        return;
    free(hosts->offsets);
    index_table_fini(&hosts->table);
    free(hosts->text);
    free(hosts);
}

uint32_t search_history_hosts_find(const struct history_hosts *hosts, const char *name)
{
    uint32_t number = *host_slot(hosts, name);
    return number == 0 ? HISTORY_NO_HOST : number - 1;
}

static int hosts_grow(struct history_hosts *hosts)
{
    uint32_t room = hosts->room * 2;
    uint32_t *offsets = realloc(hosts->offsets, room * sizeof(*offsets));
    if (offsets == NULL)
        return HEARTH_ERR_NOMEM;
    hosts->offsets = offsets;
    if (!index_table_reserve(&hosts->table, hosts->count, host_hash, hosts))
        return HEARTH_ERR_NOMEM;
    hosts->room = room;
    return 0;
}

static int hosts_add(struct history_hosts *hosts, const char *name, uint32_t *ret_number)
{
    uint32_t *slot = host_slot(hosts, name);
    if (*slot != 0) {
        *ret_number = *slot - 1;
        return 0;
    }
    size_t size = strlen(name) + 1;
    if (hosts->text_size + size > hosts->text_room) {
        size_t room = hosts->text_room * 2;
        char *text = room > UINT32_MAX ? NULL : realloc(hosts->text, room);
        if (text == NULL)
            return HEARTH_ERR_NOMEM;
        hosts->text = text;
        hosts->text_room = room;
    }
    if (hosts->count == hosts->room) {
        if (hosts_grow(hosts) < 0)
            return HEARTH_ERR_NOMEM;
        slot = host_slot(hosts, name);
    }
    memcpy(hosts->text + hosts->text_size, name, size);
    hosts->offsets[hosts->count] = (uint32_t)hosts->text_size;
    hosts->text_size += size;
    *ret_number = hosts->count;
    *slot = ++hosts->count;
    return 0;
}
