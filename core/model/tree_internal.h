/* Shared by tree.c (facts) and tree_repair.c (the repair). */
#ifndef HEARTH_CORE_MODEL_TREE_INTERNAL_H
#define HEARTH_CORE_MODEL_TREE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index_table.h"

enum { TREE_NONE = -1 };
/* Indices of the ids that are always there; the roots' order is their position. */
enum { TREE_TOOLBAR, TREE_MENU, TREE_UNFILED, TREE_MOBILE, TREE_ROOTS, TREE_PLACES = TREE_ROOTS };

/* One for each id that was named anywhere. */
struct tree_node {
    uint32_t name; /* offset into names */
    int32_t said;
    int32_t was_parent;
    int32_t buried_in; /* tombstones: the last known parent; after the repair's first step: the nearest living folder above */
    int32_t parent;    /* the result */
    int32_t position;
    int32_t was_position;
    int32_t end;        /* folders: behind its list */
    int32_t claimed_by; /* the best folder that lists it … */
    int32_t claimed_at; /* … and where */
    int32_t claims;     /* how many folders list it; it may stop counting at 2 */
    int32_t mark;       /* scratch of the step that runs */
    int32_t home;       /* where it goes when nothing says where: "unfiled", or that of its source */
    int32_t fixed;      /* the folders of a source: where they are, whatever records say; TREE_NONE */
    int32_t fixed_at;   /* ... and the place there */
    int64_t added, modified;
    bool live, folder, buried, appended, said_claims;
};

struct tree_claim {
    int32_t folder, position, child;
};

struct model_tree {
    struct tree_node *nodes;
    size_t node_count, node_room;
    struct tree_claim *claims;
    size_t claim_count, claim_room;
    char *names;
    size_t name_size, name_room;
    struct index_table table; /* nodes by name */
    int32_t *order;           /* the result: live nodes and roots */
    size_t order_count;
};

static inline const char *tree_name(const struct model_tree *tree, int32_t node)
{
    return tree->names + tree->nodes[node].name;
}

#endif
