/* Which records came: a set of ids, of which only 64 bits each are kept. Two different ids of a collection with the same 64 bits are not to
 * be expected. */
#ifndef HEARTH_PLUGINS_SYNC_FX_ID_SET_H
#define HEARTH_PLUGINS_SYNC_FX_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} is empty. */
struct fx_id_set {
    uint64_t *slots; /* 0: free */
    size_t count, room;
    uint64_t key; /* drawn with the first slots: ids are chosen by others, where they fall is not */
};

void fx_id_set_fini(struct fx_id_set *set);               /* empty again */
int fx_id_set_add(struct fx_id_set *set, const char *id); /* NOMEM */
bool fx_id_set_has(const struct fx_id_set *set, const char *id);

#endif
