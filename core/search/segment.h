/* A run of pages in frecency order, folded for searching: the part that blocks are made of.
 * Immutable once sealed, but for its filter, and shared by reference counts; any thread may read
 * it.
 *
 * A page's text is  url \0 title \0 tags \0 , padded with \0 to a multiple of 8 bytes, so that
 * no word is ever found across two fields and the bits of a page begin at a whole byte. */
#ifndef HEARTH_CORE_SEARCH_SEGMENT_H
#define HEARTH_CORE_SEARCH_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hearth/storage.h"
#include "model/url.h"

struct gram_filter;

enum { SEGMENT_MAX_PAGES = 16384 };

/* Flags of a page; the two highest bits are its enum model_url_rank. */
enum {
    SEGMENT_BOOKMARKED = 1 << 0,
    SEGMENT_TAGGED = 1 << 1,
    SEGMENT_VISITED = 1 << 2,
    SEGMENT_JAVASCRIPT = 1 << 3,
    SEGMENT_PLACE = 1 << 4, /* a place in a document: there is a '#' in the URL */
    SEGMENT_RANK_SHIFT = 6
};

struct segment {
    atomic_uint references;
    uint32_t count;
    uint32_t text_size;
    uint32_t *offsets; /* count + 1: where the text of a page begins */
    uint32_t *keys;    /* hash of the URL's key: equal for variants of one address */
    uint32_t *titles;  /* hash of the title that is shown */
    int32_t *frecency; /* descending; ties by descending id */
    int64_t *ids;
    uint8_t *flags;
    uint8_t *starts;                      /* a bit for each byte of text: search_fold_text() */
    char *text;                           /* NEEDLE_PADDING more bytes may be read */
    size_t bytes;                         /* memory taken, without the filter */
    _Atomic(struct gram_filter *) filter; /* NULL: none (yet) */
};

/* returns its argument; accepts NULL */
struct segment *search_segment_ref(struct segment *segment);
void search_segment_unref(struct segment *segment);         /* accepts NULL */
size_t search_segment_bytes(const struct segment *segment); /* with the filter */

/* Collects pages; one thread. Starts as {0}. */
struct segment_builder {
    struct segment_row {
        int64_t id;
        uint32_t key, title, offset, size; /* the last two: of its text */
        int32_t frecency;
        uint8_t flags;
    } * rows;
    uint32_t count, room;
    char *text;
    uint8_t *starts;
    size_t text_size, text_room;
    char *scratch;
    size_t scratch_room;
};

void search_segment_builder_fini(struct segment_builder *builder);
/* Adds a page behind the others. Pages with frecency 0, those marked gone and those without a
 * URL are not taken. 0 or NOMEM. */
int search_segment_builder_add(struct segment_builder *builder, const struct hearth_page *page);
int search_segment_builder_copy(struct segment_builder *builder, const struct segment *from,
                                uint32_t index);
/* Puts the rows into frecency order; needed only where they were not added in it. */
void search_segment_builder_sort(struct segment_builder *builder);
/* Makes a segment of what was added and empties the builder. 0 or NOMEM. */
int search_segment_builder_seal(struct segment_builder *builder, struct segment **ret_segment);

/* Does the host begin with "www."? */
static inline bool segment_is_www(const struct segment *segment, uint32_t index)
{
    int rank = segment->flags[index] >> SEGMENT_RANK_SHIFT;
    return rank == MODEL_URL_HTTP_WWW || rank == MODEL_URL_HTTPS_WWW;
}

/* Greater comes first. */
static inline bool segment_before(int32_t frecency, int64_t id, int32_t other_frecency,
                                  int64_t other_id)
{
    return frecency != other_frecency ? frecency > other_frecency : id > other_id;
}

#endif
