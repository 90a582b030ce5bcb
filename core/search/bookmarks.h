/* The bookmarks of an account in memory: what filtered lists of them need. Immutable once made;
 * any thread.
 *
 * Rows are in the order "newest first, ties by greater guid"; a row's number is its place in it.
 * Folders and separators are in it too, for lists of a folder. */
#ifndef HEARTH_CORE_SEARCH_BOOKMARKS_H
#define HEARTH_CORE_SEARCH_BOOKMARKS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/index_table.h"
#include "search/index.h"
#include "search/search.h"

struct arena;
struct err;
struct text_filter;

enum { BOOKMARKS_NONE = UINT32_MAX };

struct bookmarks_row {
    int64_t added, position, modified, page; /* page: 0: none */
    uint32_t parent;                         /* number of its folder; BOOKMARKS_NONE */
    /* in names: guid \0 tags in lower case, each ended by \n \0 keyword as it is compared \0 */
    uint32_t name;
    int32_t kind;
};

struct bookmarks {
    struct index index;
    uint32_t count;
    struct bookmarks_row *rows;
    uint32_t *offsets; /* count + 1: of the folded text */
    uint32_t *places;  /* numbers by (parent, position, guid); those without a parent last */
    uint32_t *keyed;   /* numbers of those with a keyword, by keyword; ties by number */
    uint32_t keyed_count;
    struct index_table table; /* by guid */
    char *text, *names;
    char *cursor; /* of the collection, when this was read; NULL: there was none */
};

/* 0, NOMEM or the source's error. */
int search_bookmarks_load(const struct search_source *source, struct index **ret_index,
                          struct err *err);
/* A later state than generation `since`, whose version `old` is. The same version again when the
 * collection's cursor and the pages say that nothing changed; else the tree is read and, of what
 * is new in it, the rows. FULL: too much is new, load anew. */
int search_bookmarks_update(const struct index *old, int64_t since,
                            const struct search_source *source, struct index **ret_index,
                            struct err *err);

static inline const struct bookmarks *bookmarks_of(const struct index *index)
{
    return (const struct bookmarks *)(const void *)index;
}

static inline const char *bookmarks_guid(const struct bookmarks *bookmarks, uint32_t number)
{
    return bookmarks->names + bookmarks->rows[number].name;
}

/* "" when it has none. */
static inline const char *bookmarks_keyword(const struct bookmarks *bookmarks, uint32_t number)
{
    const char *guid = bookmarks_guid(bookmarks, number), *tags = guid + strlen(guid) + 1;
    return tags + strlen(tags) + 1;
}

/* One that newest-first lists show: no folder, no separator. */
static inline bool bookmarks_is_item(int32_t kind)
{
    return kind == HEARTH_BOOKMARK || kind == HEARTH_QUERY || kind == HEARTH_LIVEMARK;
}

/* BOOKMARKS_NONE */
uint32_t search_bookmarks_number(const struct bookmarks *bookmarks, const char *guid);

/* The newest bookmark with a keyword (as search_keyword_fold() gives it), or BOOKMARKS_NONE. */
uint32_t search_bookmarks_keyword(const struct bookmarks *bookmarks, const char *keyword);

/* Of a list as hearth_bookmark_query has it; `words` are not empty. */
struct bookmarks_query {
    const struct text_filter *words;
    const char *folder; /* in its order; NULL: newest first */
    const char *tag;    /* NULL: any */
    int64_t after;
    const char *after_guid;
    size_t limit;
};

struct bookmarks_found {
    uint32_t *numbers; /* in the arena */
    size_t count;
    bool more;
};

/* 0 or NOMEM. */
int search_bookmarks_find(const struct bookmarks *bookmarks, const struct bookmarks_query *query,
                          struct arena *arena, struct bookmarks_found *ret_found);

#endif
