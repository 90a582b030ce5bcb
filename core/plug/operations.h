/* The names of the operations of each kind, in the order of their table: so that a plugin that lacks one can be told which. */
#ifndef HEARTH_CORE_PLUG_OPERATIONS_H
#define HEARTH_CORE_PLUG_OPERATIONS_H

#include <stddef.h>

struct plug_operations {
    size_t table_size; /* of this host's struct */
    const char *const *names;
    size_t count;
    size_t required; /* the first so many; the others came later or are optional: NULL in the host's copy when a plugin lacks them */
};

/* kind: enum hearth_plugin_kind; NULL for others. */
const struct plug_operations *plug_operations(int kind);

#endif
