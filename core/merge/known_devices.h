/* The devices of an account as they are stored, those of the source whose records came, copied
 * out of the storage plugin's hands, and which of them came damaged. */
#ifndef HEARTH_CORE_MERGE_KNOWN_DEVICES_H
#define HEARTH_CORE_MERGE_KNOWN_DEVICES_H

#include "merge/apply.h"
#include "merge/kept.h"

struct known_devices {
    struct hearth_device *devices; /* texts in the arena */
    size_t count, room;
    bool *seen; /* merge_known_devices_find() has found it */
    struct arena arena;
    struct kept kept; /* came damaged */
};

/* In the batch. ret_known needs merge_known_devices_fini() whatever comes back. */
int merge_known_devices_load(struct known_devices *ret_known, struct apply *apply, struct err *err);
void merge_known_devices_fini(struct known_devices *known);
/* NULL: it is not stored. */
struct hearth_device *merge_known_devices_find(struct known_devices *known, const char *id);

#endif
