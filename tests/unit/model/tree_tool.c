/* The repair of the tree as a filter, for test_tree_of_firefox.py. Standard input, one fact a
 * line, separated by tabs:
 *   N guid kind said_parent modified / C folder position child
 * Standard output: guid, parent, position of what is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tree.h"

enum { FIELDS = 5 };

static int add_line(struct model_tree *tree, char *line)
{
    char *fields[FIELDS] = {0};
    size_t count = 0;
    for (char *field; count < FIELDS && (field = strsep(&line, "\t\n")) != NULL;)
        fields[count++] = field;
    if (strcmp(fields[0], "C") == 0)
        return model_tree_add_child_ref(tree, fields[1], strtoll(fields[2], NULL, 10), fields[3]);
    struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                        .guid = fields[1],
                                        .kind = (int32_t)strtol(fields[2], NULL, 10),
                                        .said_parent = fields[3][0] == '\0' ? NULL : fields[3],
                                        .modified = strtoll(fields[4], NULL, 10)};
    return model_tree_add(tree, &item);
}

int main(void)
{
    struct model_tree *tree = model_tree_create();
    char line[4096];
    while (tree != NULL && fgets(line, sizeof(line), stdin) != NULL)
        if (add_line(tree, line) < 0)
            return 1;
    size_t count;
    if (tree == NULL || model_tree_repair(tree, &count) < 0)
        return 1;
    for (size_t i = 0; i < count; i++) {
        struct model_tree_place place;
        model_tree_place(tree, i, &place);
        if (place.parent != NULL)
            printf("%s\t%s\t%lld\n", place.guid, place.parent, (long long)place.position);
    }
    model_tree_destroy(tree);
    return 0;
}
