/* The rules of tree.h one by one, then random and hostile graphs: whatever is said, every item
 * is placed once, below a root or not at all, without cycles; the result depends on the facts only,
 * and repairing a repaired tree changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/tree.h"

static void add(struct model_tree *tree, const char *guid, int kind, const char *said,
                int64_t modified)
{
    struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                        .guid = guid,
                                        .kind = kind,
                                        .said_parent = said,
                                        .modified = modified};
    assert_int_equal(model_tree_add(tree, &item), 0);
}

static void child_ref(struct model_tree *tree, const char *folder, int64_t position,
                      const char *child)
{
    assert_int_equal(model_tree_add_child_ref(tree, folder, position, child), 0);
}

/* "guid<parent@position " for every item but untouched roots, in the order of the ids. */
static int by_guid(const void *a, const void *b)
{
    return strcmp(((const struct model_tree_place *)a)->guid,
                  ((const struct model_tree_place *)b)->guid);
}

static const char *parent_of(const struct model_tree_place *place)
{
    return place->parent == NULL ? "-" : place->parent;
}

static void expect(struct model_tree *tree, const char *want)
{
    size_t count, used = 0;
    assert_int_equal(model_tree_repair(tree, &count), 0);
    struct model_tree_place places[64];
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++)
        model_tree_place(tree, i, &places[i]);
    for (int i = 0; i < 4; i++) {
        static const char *const roots[] = {"toolbar", "menu", "unfiled", "mobile"};
        assert_string_equal(places[i].guid, roots[i]);
        assert_string_equal(places[i].parent, "places");
        assert_int_equal(places[i].position, i);
    }
    qsort(places + 4, count - 4, sizeof(*places), by_guid);
    char text[1024] = "";
    for (size_t i = 4; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s<%s@%d ", places[i].guid,
                                 parent_of(&places[i]), (int)places[i].position);
    assert_string_equal(text, want);
    model_tree_destroy(tree);
}

static void roots_always(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "menu", HEARTH_FOLDER, "unfiled", 1);
    add(tree, "places", HEARTH_FOLDER, NULL, 1);
    add(tree, "a", HEARTH_BOOKMARK, "places", 1);
    child_ref(tree, "menu", 0, "menu");
    child_ref(tree, "menu", 1, "toolbar");
    child_ref(tree, "menu", 2, "places");
    expect(tree, "a<-@0 ");
    tree = model_tree_create();
    size_t count;
    struct model_tree_place place;
    assert_int_equal(model_tree_repair(tree, &count), 0);
    assert_int_equal(count, 4);
    model_tree_place(tree, 0, &place);
    assert_true(place.moved && !place.known);
    model_tree_destroy(tree);
}

static void lists_win(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "f", HEARTH_FOLDER, "menu", 5);
    add(tree, "g", HEARTH_FOLDER, "menu", 6);
    add(tree, "a", HEARTH_BOOKMARK, "nowhere", 9);
    add(tree, "b", HEARTH_BOOKMARK, "f", 9);
    add(tree, "c", HEARTH_BOOKMARK, "nowhere", 9);
    child_ref(tree, "menu", 0, "g");
    child_ref(tree, "menu", 1, "f");
    child_ref(tree, "f", 0, "unknown"); /* a hole that may fill */
    child_ref(tree, "f", 1, "a");       /* one list against an unknown parent */
    child_ref(tree, "f", 2, "b");
    child_ref(tree, "f", 3, "a"); /* twice in one list */
    child_ref(tree, "f", 4, "f"); /* itself */
    child_ref(tree, "f", 5, "c");
    child_ref(tree, "g", 0, "b"); /* two lists: g is newer, though the child names f */
    child_ref(tree, "g", 1, "c");
    child_ref(tree, "a", 0, "b"); /* not a folder */
    expect(tree, "a<f@1 b<g@0 c<g@1 f<menu@1 g<menu@0 ");
}

static void ties_by_id(void **state)
{
    for (int order = 0; order < 2; order++) {
        struct model_tree *tree = model_tree_create();
        add(tree, order ? "g" : "f", HEARTH_FOLDER, "menu", 5);
        add(tree, order ? "f" : "g", HEARTH_FOLDER, "menu", 5);
        add(tree, "a", HEARTH_BOOKMARK, NULL, 9);
        child_ref(tree, order ? "f" : "g", 0, "a");
        child_ref(tree, order ? "g" : "f", 0, "a");
        expect(tree, "a<f@0 f<menu@0 g<menu@1 ");
    }
}

/* By their Places GUIDs: "toolbar_____" < "unfiled_____" < "v", and "menu________" before all. */
static void ties_of_roots(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "toolbar", HEARTH_FOLDER, "places", 5);
    add(tree, "menu", HEARTH_FOLDER, "places", 5);
    add(tree, "f", HEARTH_FOLDER, "mobile", 5);
    add(tree, "a", HEARTH_BOOKMARK, NULL, 9);
    add(tree, "b", HEARTH_BOOKMARK, "toolbar", 9);
    child_ref(tree, "toolbar", 0, "a");
    child_ref(tree, "menu", 0, "a");
    child_ref(tree, "menu", 1, "b");
    child_ref(tree, "f", 0, "b");
    expect(tree, "a<menu@0 b<f@0 f<mobile@0 ");
}

/* A list beats what the child names, whichever is newer. */
static void lists_beat_parents(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "f", HEARTH_FOLDER, "menu", 5);
    add(tree, "g", HEARTH_FOLDER, "menu", 5);
    add(tree, "new", HEARTH_BOOKMARK, "g", 6);
    add(tree, "old", HEARTH_BOOKMARK, "g", 5);
    child_ref(tree, "f", 0, "new");
    child_ref(tree, "f", 1, "old");
    child_ref(tree, "g", 3, "unknown");
    expect(tree, "f<menu@0 g<menu@1 new<f@0 old<f@1 ");
}

/* What is below "places" or "tags" (a root that Firefox has for itself), and is none of the roots.
 * A folder that is not shown has a list all the same, and a list can bring back what names
 * "places". */
static void strangers(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "f", HEARTH_FOLDER, "menu", 1);
    add(tree, "left", HEARTH_FOLDER, "places", 5);
    add(tree, "a", HEARTH_BOOKMARK, "left", 1);
    add(tree, "b", HEARTH_BOOKMARK, "f", 1); /* both list it, the stranger is newer */
    add(tree, "c", HEARTH_BOOKMARK, "places", 1);
    add(tree, "d", HEARTH_FOLDER, "places", 1);
    add(tree, "e", HEARTH_BOOKMARK, "d", 1);
    add(tree, "tags", HEARTH_FOLDER, "menu", 1);
    add(tree, "t", HEARTH_FOLDER, "tags", 1);
    add(tree, "u", HEARTH_BOOKMARK, "t", 1);
    child_ref(tree, "menu", 5, "tags");
    child_ref(tree, "left", 0, "b");
    child_ref(tree, "f", 0, "b");
    child_ref(tree, "f", 1, "c");
    child_ref(tree, "c", 0, "a"); /* not a folder */
    expect(tree, "a<-@0 b<-@0 c<f@1 d<-@0 e<-@0 f<menu@6 left<-@0 "
                 "t<-@0 tags<-@0 u<-@0 ");
}

/* One folder has to list it, and that is the one it names. */
static void queries(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "f", HEARTH_FOLDER, "menu", 1);
    add(tree, "a", HEARTH_QUERY, "menu", 1);
    add(tree, "b", HEARTH_QUERY, "menu", 1); /* listed elsewhere */
    add(tree, "c", HEARTH_QUERY, "menu", 1); /* twice */
    add(tree, "d", HEARTH_QUERY, "menu", 1); /* nowhere */
    add(tree, "e", HEARTH_QUERY, NULL, 1);
    child_ref(tree, "menu", 0, "a");
    child_ref(tree, "f", 0, "b");
    child_ref(tree, "menu", 1, "c");
    child_ref(tree, "f", 1, "c");
    child_ref(tree, "menu", 2, "e");
    expect(tree, "a<menu@0 b<-@0 c<-@0 d<-@0 e<-@0 f<menu@3 ");
}

/* A root that was deleted has nothing, and nothing goes there until its record comes again. */
static void deleted_roots(void **state)
{
    for (int dead = 0; dead < 3; dead++) {
        struct model_tree *tree = model_tree_create();
        add(tree, "menu", HEARTH_FOLDER, dead > 0 ? NULL : "places", 5);
        add(tree, "unfiled", HEARTH_FOLDER, dead > 1 ? NULL : "places", 5);
        add(tree, "a", HEARTH_BOOKMARK, "menu", 1);
        add(tree, "b", HEARTH_BOOKMARK, "menu", 1);
        add(tree, "c", HEARTH_BOOKMARK, "gone", 1);
        add(tree, "d", HEARTH_BOOKMARK, "toolbar", 1);
        if (dead > 1)
            add(tree, "e", HEARTH_BOOKMARK, "unfiled", 1);
        child_ref(tree, "menu", 0, "b");
        expect(tree, dead == 0   ? "a<menu@1 b<menu@0 c<unfiled@0 d<toolbar@0 "
                     : dead == 1 ? "a<unfiled@0 b<unfiled@1 c<unfiled@2 d<toolbar@0 "
                                 : "a<unfiled@0 b<unfiled@1 c<unfiled@2 d<toolbar@0 e<unfiled@3 ");
    }
}

/* What is shown and was not, and the other way round; and numbers, from above. */
static void turned_and_numbered(void **state)
{
    struct model_tree *tree = model_tree_create();
    struct hearth_bookmark_item back = {.struct_size = sizeof(back),
                                        .guid = "back",
                                        .kind = HEARTH_NOT_SHOWN,
                                        .said_kind = HEARTH_FOLDER,
                                        .said_parent = "toolbar"};
    size_t count;
    assert_int_equal(model_tree_add(tree, &back), 0);
    add(tree, "away", HEARTH_FOLDER, "places", 1);
    add(tree, "in_back", HEARTH_BOOKMARK, "back", 1);
    add(tree, "last", HEARTH_BOOKMARK, "toolbar", 1);
    add(tree, "first", HEARTH_BOOKMARK, "menu", 1);
    child_ref(tree, "toolbar", 0, "back");
    assert_int_equal(model_tree_repair(tree, &count), 0);
    for (size_t i = 0; i < count; i++) {
        struct model_tree_place place;
        model_tree_place(tree, i, &place);
        bool turns = strcmp(place.guid, "back") == 0 || strcmp(place.guid, "away") == 0;
        assert_int_equal(place.turned, turns);
    }
    static const char *const shown[] = {"menu",    "first", "toolbar", "back",
                                        "in_back", "last",  "unfiled", "mobile"};
    assert_int_equal(model_tree_count(tree), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(model_tree_number(tree, shown[i]), i);
    assert_int_equal(model_tree_number(tree, "away"), -1);
    assert_int_equal(model_tree_number(tree, "nobody"), -1);
    model_tree_destroy(tree);
}

static void add_of(struct model_tree *tree, int64_t source, const char *guid, int kind,
                   const char *said)
{
    struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                        .guid = guid,
                                        .kind = kind,
                                        .said_parent = said,
                                        .modified = 1,
                                        .source = source};
    assert_int_equal(model_tree_add(tree, &item), 0);
}

/* Whatever records say: the folders of a source stay, and what has no place goes to its own
 * "unfiled". */
static void folders_of_a_source(void **state)
{
    struct model_tree *tree = model_tree_create();
    (void)state;
    add_of(tree, 2, "2:places", HEARTH_FOLDER, "toolbar");
    add_of(tree, 2, "2:menu", HEARTH_FOLDER, "2:unfiled");
    add_of(tree, 2, "2:unfiled", HEARTH_FOLDER, "2:x");
    add_of(tree, 2, "2:x", HEARTH_FOLDER, "2:unfiled");
    add_of(tree, 2, "2:y", HEARTH_FOLDER, "2:z");
    add_of(tree, 2, "2:z", HEARTH_FOLDER, "2:y");
    add_of(tree, 2, "2:lost", HEARTH_BOOKMARK, "2:nowhere");
    add_of(tree, 2, "2:after", HEARTH_BOOKMARK, "2:places");
    add_of(tree, 2, "2:orphan", HEARTH_BOOKMARK, "2:gone");
    add_of(tree, 3, "3:lost", HEARTH_BOOKMARK, NULL); /* it has no folders */
    add_of(tree, 0, "b", HEARTH_BOOKMARK, "menu");
    child_ref(tree, "2:x", 5, "2:unfiled");
    child_ref(tree, "menu", 0, "b");
    expect(tree, "2:after<2:places@4 2:lost<2:unfiled@0 2:menu<2:places@1 2:orphan<2:unfiled@1 "
                 "2:places<menu@1 2:unfiled<2:places@2 "
                 "2:x<2:unfiled@2 2:y<2:unfiled@3 2:z<2:y@0 3:lost<unfiled@0 b<menu@0 ");
}

static void unlisted(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "b", HEARTH_BOOKMARK, "menu", 1);
    add(tree, "a", HEARTH_BOOKMARK, "menu", 2);
    add(tree, "g", HEARTH_SEPARATOR, "a", 1);       /* parent is no folder */
    add(tree, "d", HEARTH_BOOKMARK, "gone", 1);     /* parent unknown */
    add(tree, "c", HEARTH_BOOKMARK, "unfiled", 1);  /* where those go that have none */
    add(tree, "e", HEARTH_BOOKMARK, NULL, 1);       /* parent unsaid */
    add(tree, "self", HEARTH_FOLDER, "self", 1);    /* in itself */
    add(tree, "B", HEARTH_BOOKMARK, "livemark", 1); /* parent looks like a folder */
    add(tree, "livemark", HEARTH_LIVEMARK, "menu", 1);
    expect(tree, "B<unfiled@0 a<menu@0 b<menu@1 c<unfiled@1 d<unfiled@2 e<unfiled@3 g<unfiled@4 "
                 "livemark<menu@2 self<unfiled@5 ");
}

static void cycles(void **state)
{
    struct model_tree *tree = model_tree_create();
    add(tree, "a", HEARTH_FOLDER, "c", 1);
    add(tree, "b", HEARTH_FOLDER, "a", 3); /* the newest of the round a > b > c */
    add(tree, "c", HEARTH_FOLDER, "b", 2);
    add(tree, "leaf", HEARTH_BOOKMARK, "c", 9);
    child_ref(tree, "a", 0, "b");
    child_ref(tree, "b", 0, "c");
    child_ref(tree, "c", 0, "a");
    expect(tree, "a<c@0 b<unfiled@0 c<b@0 leaf<c@1 ");
}

/* xorshift: the same graphs in every run. */
static uint64_t seed;
static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16) % n;
}

enum { MOST = 200, FACTS = 4 * MOST };
struct fact {
    int what, kind;
    char a[16], b[16];
    int64_t number, other;
};

static void any_id(char *ret, uint32_t n)
{
    static const char *const special[] = {"menu", "toolbar", "unfiled", "mobile", "places", "tags"};
    uint32_t i = below(n + 7);
    if (i < 6)
        snprintf(ret, 16, "%s", special[i]);
    else
        snprintf(ret, 16, "n%u", i - 6);
}

static size_t random_facts(struct fact *facts)
{
    uint32_t n = 1 + below(MOST);
    size_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        if (below(8) != 0) {
            facts[count] = (struct fact){.what = 'N',
                                         .kind = below(3)   ? HEARTH_FOLDER
                                                 : below(5) ? HEARTH_BOOKMARK
                                                            : HEARTH_QUERY,
                                         .number = below(4),
                                         .other = below(6)};
            snprintf(facts[count].a, 16, "n%u", i);
            any_id(facts[count++].b, n);
        }
    uint32_t child_refs = below(2 * n);
    for (uint32_t i = 0; i < child_refs; i++) {
        facts[count] = (struct fact){.what = 'C', .number = i}; /* a list has each position once */
        any_id(facts[count].a, n);
        any_id(facts[count++].b, n);
    }
    return count;
}

static const struct model_tree_place *find(const struct model_tree_place *places, size_t count,
                                           const char *guid)
{
    const struct model_tree_place key = {.guid = guid};
    return bsearch(&key, places, count, sizeof(*places), by_guid);
}

/* The folders of sources 1 and 2. places: NULL, they say what they like; else where they are. */
static void add_folders(struct model_tree *tree, const struct model_tree_place *places,
                        size_t count)
{
    static const char *const folders[] = {"1:places",  "1:toolbar", "1:menu",    "1:unfiled",
                                          "1:mobile",  "2:places",  "2:toolbar", "2:menu",
                                          "2:unfiled", "2:mobile"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        const struct model_tree_place *at = places == NULL ? NULL : find(places, count, folders[i]);
        struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                            .guid = folders[i],
                                            .kind = HEARTH_FOLDER,
                                            .said_parent =
                                                at == NULL ? folders[(i + 3) % 10] : at->parent,
                                            .parent = at == NULL ? NULL : at->parent,
                                            .position = at == NULL ? 0 : at->position,
                                            .source = folders[i][0] - '0'};
        assert_int_equal(model_tree_add(tree, &item), 0);
        if (at == NULL)
            child_ref(tree, folders[(i + 4) % 10], 900, folders[i]);
        else if (i == 0 &&
                 at->position > 0) /* it is at the end of the menu, behind what is listed there */
            child_ref(tree, "menu", at->position - 1, "hole");
    }
}

static struct model_tree *tree_of(const struct fact *facts, size_t count, bool backwards)
{
    struct model_tree *tree = model_tree_create();
    add_folders(tree, NULL, 0);
    for (size_t k = 0; k < count; k++) {
        const struct fact *f = &facts[backwards ? count - 1 - k : k];
        struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                            .guid = f->a,
                                            .kind = f->kind,
                                            .said_parent = f->b,
                                            .modified = f->other,
                                            .source = f->number % 3};
        int r = f->what == 'N' ? model_tree_add(tree, &item)
                               : model_tree_add_child_ref(tree, f->a, f->number, f->b);
        assert_int_equal(r, 0);
    }
    return tree;
}

static struct model_tree_place *solve(struct model_tree *tree, size_t *ret_count)
{
    assert_int_equal(model_tree_repair(tree, ret_count), 0);
    struct model_tree_place *places = calloc(*ret_count, sizeof(*places));
    for (size_t i = 0; i < *ret_count; i++)
        model_tree_place(tree, i, &places[i]);
    qsort(places, *ret_count, sizeof(*places), by_guid);
    return places;
}

static void check_sound(const struct model_tree_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(places[i - 1].guid, places[i].guid) < 0); /* once */
        const struct model_tree_place *at = &places[i];
        if (at->parent == NULL)
            continue;
        for (size_t steps = 0; strcmp(at->parent, "places") != 0; steps++) {
            assert_true(steps <= count);
            at = find(places, count, at->parent);
            assert_non_null(at);
            assert_non_null(at->parent);
        }
        for (size_t k = 0; k < i; k++)
            assert_false(places[k].parent != NULL && places[i].position == places[k].position &&
                         strcmp(places[i].parent, places[k].parent) == 0);
    }
}

static void check_numbers(struct model_tree *tree, const struct model_tree_place *places,
                          size_t count)
{
    int64_t shown = 0, sum = 0;
    assert_int_equal(model_tree_count(tree), 0);
    for (size_t i = 0; i < count; i++) {
        int64_t number = model_tree_number(tree, places[i].guid);
        bool is_root = places[i].parent != NULL && strcmp(places[i].parent, "places") == 0;
        assert_int_equal(number >= 0, places[i].parent != NULL);
        if (number >= 0 && !is_root)
            assert_true(number > model_tree_number(tree, places[i].parent));
        shown += number >= 0;
        sum += number >= 0 ? number : 0;
    }
    assert_int_equal(sum, shown * (shown - 1) / 2);
}

static void check_settled(const struct fact *facts, size_t fact_count,
                          const struct model_tree_place *places, size_t count)
{
    struct model_tree *tree = model_tree_create();
    for (size_t i = 0; i < fact_count; i++) {
        const struct fact *f = &facts[i];
        const struct model_tree_place *at = f->what == 'N' ? find(places, count, f->a) : NULL;
        if (at == NULL)
            continue;
        bool shown = at->parent != NULL;
        struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                            .guid = f->a,
                                            .kind = shown ? f->kind : HEARTH_NOT_SHOWN,
                                            .said_kind = f->kind,
                                            .said_parent = shown ? at->parent : "places",
                                            .parent = at->parent,
                                            .position = at->position,
                                            .modified = f->other,
                                            .source = f->number % 3};
        assert_int_equal(model_tree_add(tree, &item), 0);
        if (shown)
            child_ref(tree, at->parent, at->position, f->a);
    }
    add_folders(tree, places, count);
    size_t again;
    assert_int_equal(model_tree_repair(tree, &again), 0);
    assert_int_equal(again, count);
    for (size_t i = 0; i < again; i++) {
        struct model_tree_place place;
        model_tree_place(tree, i, &place);
        assert_true((!place.moved && !place.turned) || !place.known);
    }
    model_tree_destroy(tree);
}

static void random_graphs(void **state)
{
    static struct fact facts[FACTS];
    seed = 42;
    for (int round = 0; round < 3000; round++) {
        size_t fact_count = random_facts(facts), count, other;
        struct model_tree *a = tree_of(facts, fact_count, false),
                          *b = tree_of(facts, fact_count, true);
        struct model_tree_place *x = solve(a, &count), *y = solve(b, &other);
        assert_int_equal(count, other);
        for (size_t i = 0; i < count; i++) {
            assert_string_equal(x[i].guid, y[i].guid);
            assert_string_equal(parent_of(&x[i]), parent_of(&y[i]));
            assert_int_equal(x[i].position, y[i].position);
        }
        check_sound(x, count);
        check_numbers(a, x, count);
        assert_string_equal(find(x, count, "1:places")->parent, "menu");
        assert_string_equal(find(x, count, "2:unfiled")->parent, "2:places");
        assert_int_equal(find(x, count, "2:unfiled")->position, 2);
        check_settled(facts, fact_count, x, count);
        free(x);
        free(y);
        model_tree_destroy(a);
        model_tree_destroy(b);
    }
}

/* A chain of 100,000 folders, and one child that 20,000 folders claim. */
static void deep_and_wide(void **state)
{
    enum { DEEP = 100000, WIDE = 20000 };
    struct model_tree *tree = model_tree_create();
    char a[32], b[32];
    for (int i = 0; i < DEEP; i++) {
        snprintf(a, sizeof(a), "d%d", i);
        snprintf(b, sizeof(b), "d%d", i - 1);
        add(tree, a, HEARTH_FOLDER, i == 0 ? "menu" : b, 1);
        if (i % 2 == 0)
            child_ref(tree, i == 0 ? "menu" : b, 0, a);
        if (i % 10 == 0) {
            snprintf(b, sizeof(b), "o%d", i);
            add(tree, b, HEARTH_BOOKMARK, "gone", 1);
        }
    }
    for (int i = 0; i < WIDE; i++) {
        snprintf(a, sizeof(a), "w%d", i);
        add(tree, a, HEARTH_FOLDER, "toolbar", i);
        child_ref(tree, a, 0, "child");
    }
    add(tree, "child", HEARTH_BOOKMARK, NULL, 1);
    size_t count, orphans = 0;
    struct model_tree_place *places = solve(tree, &count);
    assert_int_equal(count, 4 + DEEP + DEEP / 10 + WIDE + 1);
    for (size_t i = 0; i < count; i++)
        orphans += strcmp(places[i].parent, "unfiled") == 0;
    assert_int_equal(orphans, DEEP / 10);
    assert_string_equal(find(places, count, "child")->parent, "w19999");
    assert_string_equal(find(places, count, "d99999")->parent, "d99998");
    check_numbers(tree, places, count);
    free(places);
    model_tree_destroy(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_always),        cmocka_unit_test(lists_win),
        cmocka_unit_test(ties_by_id),          cmocka_unit_test(ties_of_roots),
        cmocka_unit_test(lists_beat_parents),  cmocka_unit_test(unlisted),
        cmocka_unit_test(strangers),           cmocka_unit_test(queries),
        cmocka_unit_test(deleted_roots),       cmocka_unit_test(turned_and_numbered),
        cmocka_unit_test(folders_of_a_source), cmocka_unit_test(cycles),
        cmocka_unit_test(random_graphs),       cmocka_unit_test(deep_and_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
