#include "api/bookmark_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { ID_MAX = 256 };

struct level {
    char folder[ID_MAX];
    int64_t after, index; /* position of the row given last; how many came before */
};

struct walk {
    const struct bookmark_visitor *visitor;
    struct level *levels;
    size_t depth, room;
    bool entered;
    int result;
};

/* Is it the folder at the last level whose number is a power of two (or the first one)? Folders
 * that go round in a circle come to it again after at most twice as many levels as the circle
 * has; and each level costs the same, however deep it is. */
static bool goes_round(const struct walk *walk, const char *guid)
{
    size_t mark = 0;
    for (size_t power = 1; power < walk->depth; power *= 2)
        mark = power;
    return walk->depth > 0 && strncmp(walk->levels[mark].folder, guid, ID_MAX - 1) == 0;
}

/* CORRUPT: the folder is below itself, and the walk would never end. */
static int walk_push_folder(struct walk *walk, const char *guid)
{
    if (goes_round(walk, guid))
        return HEARTH_ERR_CORRUPT;
    if (!ARRAY_MAKE_ROOM(walk->levels, walk->depth, walk->room))
        return HEARTH_ERR_NOMEM;
    struct level *level = &walk->levels[walk->depth++];
    snprintf(level->folder, sizeof(level->folder), "%s", guid);
    level->after = -1;
    level->index = 0;
    return 0;
}

/* One row at a time: the next is asked for when this one, and everything below it, was given. */
static int walk_on_row(void *ctx, const struct hearth_bookmark *row)
{
    struct walk *walk = ctx;
    struct level *level = &walk->levels[walk->depth - 1];
    int depth = (int)walk->depth - 1;
    int64_t index = level->index++;
    level->after = row->position;
    if (row->kind != HEARTH_FOLDER) {
        walk->result = walk->visitor->item(walk->visitor->ctx, row, index, depth);
        return walk->result < 0; /* items follow each other without a new query */
    }
    walk->result = walk->visitor->enter(walk->visitor->ctx, row, index, depth);
    if (walk->result == 0)
        walk->result = walk_push_folder(walk, row->guid);
    walk->entered = true;
    return 1;
}

int api_bookmark_walk(struct storage *storage, const char *account, const char *folder,
                      const struct bookmark_visitor *visitor, struct err *err)
{
    struct walk walk = {.visitor = visitor};
    int r = walk_push_folder(&walk, folder);
    while (r == 0 && walk.depth > 0) {
        struct level *level = &walk.levels[walk.depth - 1];
        struct hearth_bookmark_query query = {.struct_size = sizeof(query),
                                              .order = HEARTH_BY_POSITION,
                                              .parent = level->folder,
                                              .after = level->after};
        walk.entered = false;
        r = STORAGE(storage, err, bookmark_list, account, &query, walk_on_row, &walk);
        if (r == 0)
            r = walk.result;
        if (r == 0 && !walk.entered) {
            walk.depth--;
            if (walk.depth > 0)
                r = visitor->leave(visitor->ctx, (int)walk.depth - 1);
        }
    }
    free(walk.levels);
    if (r == HEARTH_ERR_CORRUPT && err != NULL && err->code == 0)
        return err_set(err, r, "the folders of the bookmarks go round in a circle");
    return r < 0 && err != NULL && err->code == 0
               ? err_set(err, r, "the walk through the bookmarks ended early")
               : r;
}
