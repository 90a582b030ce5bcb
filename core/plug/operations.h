/* The names of the operations of each kind and of each extension, in the order of their tables:
 * so that a plugin that lacks one can be told which. */
#ifndef HEARTH_CORE_PLUG_OPERATIONS_H
#define HEARTH_CORE_PLUG_OPERATIONS_H

#include <stddef.h>

struct plug_operations {
    size_t size; /* of this host's struct */
    const char *const *names;
    /* all are required but those that came LATER (operations.c); what is optional from the start
     * is an extension */
    size_t count;
};

/* kind: enum hearth_plugin_kind; NULL for others. */
const struct plug_operations *plug_operations(int kind);

/* What this host asks plugins for by name. */
enum plug_extension_id {
    PLUG_STORAGE_BULK,
    PLUG_STORAGE_AHEAD,
    PLUG_STORAGE_PATHS,
    PLUG_STORAGE_PUSH,
    PLUG_STORAGE_CHANGES,
    PLUG_STORAGE_BACKUP,
    PLUG_QUEUE_KEEP,
    PLUG_SYNC_SIGNIN,
    PLUG_SYNC_DESCRIBE,
    PLUG_EXTENSIONS
};

struct plug_extension {
    const char *name;
    int kind; /* enum hearth_plugin_kind */
    struct plug_operations operations;
};

extern const struct plug_extension plug_extensions[PLUG_EXTENSIONS];

#endif
