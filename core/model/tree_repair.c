/* The steps of the repair, in the order of the rules in tree.h. Every step is linear but for two sorts. */
#include <stdlib.h>
#include <string.h>

#include "model/tree.h"
#include "model/tree_internal.h"

static int compare_claims(const void *a, const void *b, void *ctx)
{
    const struct model_tree *tree = ctx;
    const struct tree_claim *x = a, *y = b;
    if (x->folder != y->folder)
        return x->folder < y->folder ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return strcmp(tree_name(tree, x->child), tree_name(tree, y->child));
}

static bool is_folder(const struct model_tree *tree, int32_t node)
{
    return node != TREE_NONE && node != TREE_PLACES && tree->nodes[node].folder && (tree->nodes[node].live || node < TREE_ROOTS);
}

/* Rule 2 among folders that the child does not name: the newest, ties by id. */
static bool better(const struct model_tree *tree, int32_t folder, int32_t than)
{
    int64_t a = tree->nodes[folder].modified, b = tree->nodes[than].modified;
    return a != b ? a > b : strcmp(tree_name(tree, folder), tree_name(tree, than)) < 0;
}

static void collect_claims(struct model_tree *tree)
{
    if (tree->claim_count > 0)
        qsort_r(tree->claims, tree->claim_count, sizeof(*tree->claims), compare_claims, tree);
    for (size_t i = 0; i < tree->claim_count; i++) {
        const struct tree_claim *claim = &tree->claims[i];
        if (!is_folder(tree, claim->folder))
            continue;
        struct tree_node *folder = &tree->nodes[claim->folder], *child = &tree->nodes[claim->child];
        if (claim->position >= folder->end)
            folder->end = claim->position + 1;
        bool listed_twice = child->mark == claim->folder + 1;
        if (!child->live || claim->child <= TREE_PLACES || claim->child == claim->folder || listed_twice || child->said_claims)
            continue;
        child->mark = claim->folder + 1;
        child->said_claims = claim->folder == child->said;
        if (child->claims < 2)
            child->claims++;
        if (child->said_claims || child->claimed_by == TREE_NONE || better(tree, claim->folder, child->claimed_by)) {
            child->claimed_by = claim->folder;
            child->claimed_at = claim->position;
        }
    }
}

/* Rule 5: points every tombstone straight at the nearest living folder above it (TREE_UNFILED if there is none). */
static void resolve_tombstones(struct model_tree *tree)
{
    for (size_t i = 0; i < tree->node_count; i++)
        tree->nodes[i].mark = 0;
    for (size_t i = 0; i < tree->node_count; i++) {
        int32_t mark = (int32_t)i + 1, at = (int32_t)i;
        while (at != TREE_NONE && !is_folder(tree, at) && tree->nodes[at].buried && tree->nodes[at].mark == 0) {
            tree->nodes[at].mark = mark;
            at = tree->nodes[at].buried_in;
        }
        int32_t target = TREE_UNFILED;
        if (is_folder(tree, at))
            target = at;
        else if (at != TREE_NONE && tree->nodes[at].buried && tree->nodes[at].mark != mark)
            target = tree->nodes[at].buried_in; /* resolved earlier */
        for (int32_t next, n = (int32_t)i; n != TREE_NONE && tree->nodes[n].mark == mark; n = next) {
            next = tree->nodes[n].buried_in;
            tree->nodes[n].buried_in = target;
            tree->nodes[n].mark = -1;
        }
    }
}

static void append_to(struct tree_node *node, int32_t folder)
{
    node->parent = folder;
    node->appended = true;
}

/* Rule 7: "unfiled", or that of its source, if it has one. */
static int32_t home_of(const struct model_tree *tree, int32_t at)
{
    int32_t home = tree->nodes[at].home;
    return home != at && is_folder(tree, home) && tree->nodes[home].fixed != TREE_NONE ? home : TREE_UNFILED;
}

static void fix(struct model_tree *tree, struct tree_node *node)
{
    struct tree_node *folder = &tree->nodes[node->fixed];
    if (node->fixed == TREE_MENU || !is_folder(tree, node->fixed)) {
        append_to(node, TREE_MENU);
        return;
    }
    node->parent = node->fixed;
    node->position = node->fixed_at;
    if (folder->end < TREE_ROOTS)
        folder->end = TREE_ROOTS; /* what else is there follows */
}

static void choose_parent(struct model_tree *tree, int32_t at)
{
    struct tree_node *node = &tree->nodes[at];
    if (node->fixed != TREE_NONE) {
        fix(tree, node);
        return;
    }
    bool named = is_folder(tree, node->said) && node->said != at;
    bool moved = node->claims == 1 && !node->said_claims && named && node->modified > tree->nodes[node->claimed_by].modified;
    if (node->claims > 0 && !moved) {
        node->parent = node->claimed_by;
        node->position = node->claimed_at;
    } else if (named) {
        append_to(node, node->said);
    } else if (node->said != TREE_NONE && node->said != at && tree->nodes[node->said].buried) {
        int32_t folder = tree->nodes[node->said].buried_in;
        append_to(node, folder == TREE_UNFILED ? home_of(tree, at) : folder);
    } else {
        append_to(node, home_of(tree, at));
    }
}

/* Rule 6. Each node has one parent: following parents from a node ends at a root or goes round. Nodes passed once are not passed again. */
static void break_cycles(struct model_tree *tree)
{
    for (size_t i = 0; i < tree->node_count; i++)
        tree->nodes[i].mark = 0;
    for (size_t i = TREE_ROOTS + 1; i < tree->node_count; i++) {
        if (!tree->nodes[i].live)
            continue;
        int32_t mark = (int32_t)i + 1, at = (int32_t)i;
        while (at >= TREE_ROOTS && tree->nodes[at].mark == 0) {
            tree->nodes[at].mark = mark;
            at = tree->nodes[at].parent;
        }
        if (at < TREE_ROOTS || tree->nodes[at].mark != mark)
            continue;
        int32_t victim = at;
        for (int32_t n = tree->nodes[at].parent; n != at; n = tree->nodes[n].parent)
            if (better(tree, n, victim))
                victim = n;
        append_to(&tree->nodes[victim], home_of(tree, victim));
    }
}

static int compare_appended(const void *a, const void *b, void *ctx)
{
    const struct model_tree *tree = ctx;
    int32_t i = *(const int32_t *)a, k = *(const int32_t *)b;
    const struct tree_node *x = &tree->nodes[i], *y = &tree->nodes[k];
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if ((x->fixed != TREE_NONE) != (y->fixed != TREE_NONE)) /* folders of sources: at the end */
        return x->fixed != TREE_NONE ? 1 : -1;
    if (x->added != y->added)
        return x->added < y->added ? -1 : 1;
    return strcmp(tree_name(tree, i), tree_name(tree, k));
}

static int place_appended(struct model_tree *tree)
{
    int32_t *list = malloc((tree->order_count + 1) * sizeof(*list));
    if (list == NULL)
        return HEARTH_ERR_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < tree->order_count; i++)
        if (tree->nodes[tree->order[i]].appended)
            list[count++] = tree->order[i];
    if (count > 0)
        qsort_r(list, count, sizeof(*list), compare_appended, tree);
    for (size_t i = 0; i < count; i++) {
        struct tree_node *node = &tree->nodes[list[i]];
        node->position = tree->nodes[node->parent].end++;
    }
    free(list);
    return 0;
}

int model_tree_repair(struct model_tree *tree, size_t *ret_count)
{
    tree->order = malloc(tree->node_count * sizeof(*tree->order));
    if (tree->order == NULL)
        return HEARTH_ERR_NOMEM;
    for (int32_t i = 0; i < (int32_t)tree->node_count; i++)
        if (i < TREE_ROOTS || tree->nodes[i].live)
            tree->order[tree->order_count++] = i;
    collect_claims(tree);
    resolve_tombstones(tree);
    for (int32_t i = 0; i < TREE_ROOTS; i++) {
        tree->nodes[i].parent = TREE_PLACES;
        tree->nodes[i].position = i;
    }
    for (size_t i = TREE_ROOTS; i < tree->order_count; i++)
        choose_parent(tree, tree->order[i]);
    break_cycles(tree);
    int r = place_appended(tree);
    if (r == 0)
        *ret_count = tree->order_count;
    return r;
}
