/* Shared by tree.c (facts) and tree_repair.c (the repair). */
#ifndef HEARTH_CORE_MODEL_TREE_INTERNAL_H
#define HEARTH_CORE_MODEL_TREE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index_table.h"

enum { TREE_NONE = -1 };
/* Indices of the ids that are always there; the roots' order is their position. */
enum {
    TREE_TOOLBAR,
    TREE_MENU,
    TREE_UNFILED,
    TREE_MOBILE,
    TREE_ROOTS,
    TREE_PLACES = TREE_ROOTS,
    TREE_TAGS, /* a root that Firefox has for itself */
    TREE_FIXED
};

/* One for each id that was named anywhere. */
struct tree_item {
    uint32_t name; /* offset into names */
    int32_t said;
    int32_t was_parent;
    int32_t parent; /* the result; TREE_PLACES, and no root: not shown */
    int32_t position;
    int32_t was_position;
    int32_t end;       /* folders: behind its list */
    int32_t listed_by; /* the best folder that lists it … */
    int32_t listed_at; /* … and where */
    int32_t lists;     /* how many folders list it; it may stop counting at 2 */
    int32_t mark;      /* scratch of the step that runs */
    /* where it goes when nothing says where: "unfiled", or that of its source */
    int32_t home;
    /* the folders of a source: where they are, whatever records say; TREE_NONE */
    int32_t fixed;
    int32_t fixed_at; /* ... and the place there */
    int64_t modified;
    bool live, folder, query, appended;
    bool hidden, was_hidden; /* not shown */
    int32_t number;          /* of what is shown; TREE_NONE */
};

struct tree_child_ref {
    int32_t folder, position, child;
};

struct model_tree {
    struct tree_item *items;
    size_t item_count, item_room;
    struct tree_child_ref *child_refs;
    size_t child_ref_count, child_ref_room;
    char *names;
    size_t name_size, name_room;
    struct index_table table; /* items by name */
    int32_t *order;           /* the result: live items and roots */
    size_t order_count;
};

static inline const char *tree_name(const struct model_tree *tree, int32_t item)
{
    return tree->names + tree->items[item].name;
}

#endif
