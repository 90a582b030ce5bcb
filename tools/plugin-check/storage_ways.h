/* How each record is put, read back by every operation that reads it, and removed. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_WAYS_H
#define HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_WAYS_H

#include "records.h"
#include "storage_kit.h"

/* What is looked for in a list, and by which operation. */
struct wanted {
    const struct fields *fields;
    const void *record;
    const char *operation;
    const char *const *without; /* what this operation may leave out */
    size_t found;
};

/* Of the account "a", but for accounts. Each fails the test when something else comes back. */
struct storage_way {
    const struct fields *fields;
    void (*put)(struct storage *storage, const void *record);
    void (*read)(struct storage *storage, struct wanted *wanted);
    void (*remove)(struct storage *storage, const void *record);
    const char *only; /* the field that `put` is about; NULL: all */
};

enum { STORAGE_WAYS = 14 };
extern const struct storage_way kit_storage_ways[STORAGE_WAYS];
/* The same for what changes a record that is there. */
enum { STORAGE_CHANGES = 3 };
extern const struct storage_way kit_storage_changes[STORAGE_CHANGES];

/* Texts that look alike, and are others. */
enum { STORAGE_ALIKE = 17 };
extern const char *const kit_storage_alike[STORAGE_ALIKE];

#endif
