/* The steps of the repair, in the order of the rules in tree.h. Every step is linear but for two
 * sorts. */
#include <stdlib.h>
#include <string.h>

#include "model/tree.h"
#include "model/tree_internal.h"

static int compare_child_refs(const void *a, const void *b, void *ctx)
{
    const struct model_tree *tree = ctx;
    const struct tree_child_ref *x = a, *y = b;
    if (x->folder != y->folder)
        return x->folder < y->folder ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return strcmp(tree_name(tree, x->child), tree_name(tree, y->child));
}

static bool is_folder(const struct model_tree *tree, int32_t item)
{
    return item != TREE_NONE && item != TREE_PLACES && tree->items[item].folder &&
           (tree->items[item].live || item < TREE_ROOTS);
}

/* Rule 5: a root, of whatever source, whose record was deleted. */
static bool is_dead_root(const struct model_tree *tree, int32_t at)
{
    const struct tree_item *item = &tree->items[at];
    return item->live && item->said == TREE_NONE && (at < TREE_ROOTS || item->fixed != TREE_NONE);
}

static const char *places_guid(const struct model_tree *tree, int32_t folder)
{
    static const char *const roots[TREE_FIXED] = {"toolbar_____", "menu________", "unfiled_____",
                                                  "mobile______", "root________", "tags________"};
    return folder < TREE_FIXED ? roots[folder] : tree_name(tree, folder);
}

/* The one changed last, ties by Places GUID. */
static bool tree_folder_is_better(const struct model_tree *tree, int32_t folder, int32_t than)
{
    int64_t a = tree->items[folder].modified, b = tree->items[than].modified;
    return a != b ? a > b : strcmp(places_guid(tree, folder), places_guid(tree, than)) < 0;
}

static void collect_child_refs(struct model_tree *tree)
{
    if (tree->child_ref_count > 0)
        qsort_r(tree->child_refs, tree->child_ref_count, sizeof(*tree->child_refs),
                compare_child_refs, tree);
    for (size_t i = 0; i < tree->child_ref_count; i++) {
        const struct tree_child_ref *child_ref = &tree->child_refs[i];
        if (!is_folder(tree, child_ref->folder) || is_dead_root(tree, child_ref->folder))
            continue;
        struct tree_item *folder = &tree->items[child_ref->folder],
                         *child = &tree->items[child_ref->child];
        if (child_ref->position >= folder->end)
            folder->end = child_ref->position + 1;
        bool listed_twice = child->mark == child_ref->folder + 1;
        if (!child->live || child_ref->child < TREE_FIXED ||
            child_ref->child == child_ref->folder || listed_twice)
            continue;
        child->mark = child_ref->folder + 1;
        child->lists += child->lists < 2;
        if (child->listed_by == TREE_NONE ||
            tree_folder_is_better(tree, child_ref->folder, child->listed_by)) {
            child->listed_by = child_ref->folder;
            child->listed_at = child_ref->position;
        }
    }
}

static void append_to(struct tree_item *item, int32_t folder)
{
    item->parent = folder;
    item->appended = true;
}

/* Rule 7: "unfiled", or that of its source, if it has one. */
static int32_t home_of(const struct model_tree *tree, int32_t at)
{
    int32_t home = tree->items[at].home;
    return home != at && is_folder(tree, home) && tree->items[home].fixed != TREE_NONE
               ? home
               : TREE_UNFILED;
}

static void tree_fix_source_folder(struct model_tree *tree, struct tree_item *item)
{
    struct tree_item *folder = &tree->items[item->fixed];
    if (item->fixed == TREE_MENU || !is_folder(tree, item->fixed)) {
        append_to(item, TREE_MENU);
        return;
    }
    item->parent = item->fixed;
    item->position = item->fixed_at;
    if (folder->end < TREE_ROOTS)
        folder->end = TREE_ROOTS; /* what else is there follows */
}

static void choose_parent(struct model_tree *tree, int32_t at)
{
    struct tree_item *item = &tree->items[at];
    if (item->fixed != TREE_NONE) {
        tree_fix_source_folder(tree, item);
        return;
    }
    bool agreed = item->lists == 1 && item->listed_by == item->said;
    if (at == TREE_TAGS || (item->query && !agreed)) {
        item->parent = TREE_PLACES;
    } else if (item->listed_by != TREE_NONE) {
        item->parent = item->listed_by;
        item->position = item->listed_at;
    } else if (item->said == TREE_PLACES) {
        item->parent = TREE_PLACES; /* rule 4 */
    } else if (is_folder(tree, item->said) && item->said != at && !is_dead_root(tree, item->said)) {
        append_to(item, item->said);
    } else {
        append_to(item, home_of(tree, at));
    }
}

/* Rule 6. Each item has one parent: following parents from an item ends at a root or goes round.
 * Items passed once are not passed again. */
static void break_cycles(struct model_tree *tree)
{
    for (size_t i = 0; i < tree->item_count; i++)
        tree->items[i].mark = 0;
    for (size_t i = TREE_ROOTS + 1; i < tree->item_count; i++) {
        if (!tree->items[i].live)
            continue;
        int32_t mark = (int32_t)i + 1, at = (int32_t)i;
        while (at > TREE_PLACES && tree->items[at].mark == 0) {
            tree->items[at].mark = mark;
            at = tree->items[at].parent;
        }
        if (at <= TREE_PLACES || tree->items[at].mark != mark)
            continue;
        int32_t victim = at;
        for (int32_t n = tree->items[at].parent; n != at; n = tree->items[n].parent)
            if (tree_folder_is_better(tree, n, victim))
                victim = n;
        append_to(&tree->items[victim], home_of(tree, victim));
    }
}

/* Rule 4: what ends at "places" without having passed a root. No way goes round any more. */
static void hide_strangers(struct model_tree *tree)
{
    for (size_t i = 0; i < tree->item_count; i++)
        tree->items[i].mark = i <= TREE_PLACES;
    tree->items[TREE_PLACES].hidden = true;
    for (size_t i = 0; i < tree->order_count; i++) {
        int32_t end = tree->order[i];
        while (tree->items[end].mark == 0)
            end = tree->items[end].parent;
        for (int32_t at = tree->order[i]; tree->items[at].mark == 0; at = tree->items[at].parent) {
            tree->items[at].mark = 1;
            tree->items[at].hidden = tree->items[end].hidden;
            if (tree->items[at].hidden) {
                tree->items[at].appended = false;
                tree->items[at].position = 0;
            }
        }
    }
}

static int compare_appended(const void *a, const void *b, void *ctx)
{
    const struct model_tree *tree = ctx;
    int32_t i = *(const int32_t *)a, k = *(const int32_t *)b;
    const struct tree_item *x = &tree->items[i], *y = &tree->items[k];
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if ((x->fixed != TREE_NONE) != (y->fixed != TREE_NONE)) /* folders of sources: at the end */
        return x->fixed != TREE_NONE ? 1 : -1;
    return strcmp(tree_name(tree, i), tree_name(tree, k));
}

static int place_appended(struct model_tree *tree)
{
    int32_t *list = malloc((tree->order_count + 1) * sizeof(*list));
    if (list == NULL)
        return HEARTH_ERR_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < tree->order_count; i++)
        if (tree->items[tree->order[i]].appended)
            list[count++] = tree->order[i];
    if (count > 0)
        qsort_r(list, count, sizeof(*list), compare_appended, tree);
    for (size_t i = 0; i < count; i++) {
        struct tree_item *item = &tree->items[list[i]];
        item->position = tree->items[item->parent].end++;
    }
    free(list);
    return 0;
}

static int compare_siblings(const void *a, const void *b, void *ctx)
{
    const struct model_tree *tree = ctx;
    int32_t i = *(const int32_t *)a, k = *(const int32_t *)b;
    const struct tree_item *x = &tree->items[i], *y = &tree->items[k];
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return strcmp(tree_name(tree, i), tree_name(tree, k));
}

/* Where those of a folder begin in `list`, which is sorted. */
static size_t first_below(const struct model_tree *tree, const int32_t *list, size_t count,
                          int32_t folder)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tree->items[list[middle]].parent < folder)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Down, to the right, up: `mark` of an item is where it is in the list. */
static void number_below(struct model_tree *tree, const int32_t *list, size_t count, int32_t root,
                         int32_t *number)
{
    int32_t at = root;
    tree->items[root].number = (*number)++;
    for (;;) {
        size_t next = first_below(tree, list, count, at);
        if (next == count || tree->items[list[next]].parent != at) {
            while (at != root) {
                next = (size_t)tree->items[at].mark + 1;
                if (next < count && tree->items[list[next]].parent == tree->items[at].parent)
                    break;
                at = tree->items[at].parent;
            }
            if (at == root)
                return;
        }
        at = list[next];
        tree->items[at].number = (*number)++;
    }
}

int model_tree_count(struct model_tree *tree)
{
    static const int32_t roots[TREE_ROOTS] = {TREE_MENU, TREE_TOOLBAR, TREE_UNFILED, TREE_MOBILE};
    int32_t *list = malloc((tree->order_count + 1) * sizeof(*list)), number = 0;
    size_t count = 0;
    if (list == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = TREE_ROOTS; i < tree->order_count; i++)
        if (!tree->items[tree->order[i]].hidden)
            list[count++] = tree->order[i];
    if (count > 0)
        qsort_r(list, count, sizeof(*list), compare_siblings, tree);
    for (size_t i = 0; i < count; i++)
        tree->items[list[i]].mark = (int32_t)i;
    for (int32_t i = 0; i < TREE_ROOTS; i++)
        number_below(tree, list, count, roots[i], &number);
    free(list);
    return 0;
}

int model_tree_repair(struct model_tree *tree, size_t *ret_count)
{
    tree->order = malloc(tree->item_count * sizeof(*tree->order));
    if (tree->order == NULL)
        return HEARTH_ERR_NOMEM;
    for (int32_t i = 0; i < (int32_t)tree->item_count; i++)
        if (i < TREE_ROOTS || (tree->items[i].live && i != TREE_PLACES))
            tree->order[tree->order_count++] = i;
    collect_child_refs(tree);
    for (int32_t i = 0; i < TREE_ROOTS; i++) {
        tree->items[i].parent = TREE_PLACES;
        tree->items[i].position = i;
    }
    tree->items[TREE_TAGS].parent = TREE_PLACES;
    for (size_t i = TREE_ROOTS; i < tree->order_count; i++)
        choose_parent(tree, tree->order[i]);
    break_cycles(tree);
    hide_strangers(tree);
    int r = place_appended(tree);
    if (r == 0)
        *ret_count = tree->order_count;
    return r;
}
