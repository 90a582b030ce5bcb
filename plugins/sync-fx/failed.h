/* The records of a collection that arrived damaged: their ids are kept in its cursor and asked
 * for again by `?ids=`, as Firefox does. The first three times with each sync; whatever is still
 * damaged then after an hour, two, four …, at last once a day. Bounded. */
#ifndef HEARTH_PLUGINS_SYNC_FX_FAILED_H
#define HEARTH_PLUGINS_SYNC_FX_FAILED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bso.h"

/* FX_FAILED_TEXT: room for a thousand ids of twelve characters, and for the longest list that is
 * written. */
enum { FX_FAILED_MAX = 1000, FX_FAILED_TEXT = 48 << 10 };

struct fx_failed {
    char id[FX_ID_MAX];
    bool fresh;  /* looked at in this pull */
    int tries;   /* so often it arrived damaged; at least 1 */
    int64_t due; /* s since 1970, our clock: not asked for before; 0: with the next sync */
};

/* {0} is empty. */
struct fx_failed_list {
    struct fx_failed *items;
    size_t count, room;
    size_t text;  /* bytes that it takes when written */
    int64_t more; /* did not fit, or cannot be asked for (an id with a comma) */
};

/* empty again */
void fx_failed_fini(struct fx_failed_list *list);
/* replaces what is in `list`; NOMEM */
int fx_failed_copy(struct fx_failed_list *list, const struct fx_failed_list *from);
/* It arrived damaged (once more): now in s. What does not fit is counted in `more`. NOMEM. */
int fx_failed_add(struct fx_failed_list *list, const char *id, int64_t now);
/* The same for all that are due and were not looked at: they could not be asked for. NOMEM. */
int fx_failed_count_tries(struct fx_failed_list *list, int64_t now);
/* those that were not looked at go */
void fx_failed_keep_fresh(struct fx_failed_list *list);
void fx_failed_remove(struct fx_failed_list *list, const char *id); /* it is sound, or gone */
bool fx_failed_is_due(const struct fx_failed *failed, int64_t now);
/* and was not looked at in this pull */
bool fx_failed_any_due(const struct fx_failed_list *list, int64_t now);

/* "AbCd:1:0,EfGh:4:1790000000", ids percent-encoded, NUL-terminated. */
void fx_failed_format(const struct fx_failed_list *list, char ret_text[FX_FAILED_TEXT]);
/* INVALID: not such a text, the list is empty then. NOMEM. */
int fx_failed_parse(struct fx_failed_list *list, const char *text, size_t size);

#endif
