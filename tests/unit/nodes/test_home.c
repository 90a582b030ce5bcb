/* Where newcomers go: by a weighted rendezvous hash, the same whoever asks, and for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/nodes.h"

enum { PEOPLE = 4000 };

/* "alder=1 birch=1 cedar=2" */
static struct nodes *nodes_of(const char *list)
{
    static struct nodes nodes;
    char copy[200], *rest = copy;
    memset(&nodes, 0, sizeof(nodes));
    snprintf(copy, sizeof(copy), "%s", list);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        struct node *node = &nodes.items[nodes.count++];
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        snprintf(node->name, sizeof(node->name), "%s", word);
        node->weight = strtol(equals + 1, NULL, 10);
    }
    return &nodes;
}

/* want: names; except: a name, NULL. */
static void expect_home(const char *list, const char *email, const char *except, const char *want)
{
    struct nodes *nodes = nodes_of(list);
    size_t home = nodes_home(nodes, email, except == NULL ? NODES_NONE : nodes_find(nodes, except));
    const char *got = home == NODES_NONE ? "none" : nodes->items[home].name;
    if (strcmp(got, want) != 0)
        fail_msg("%s in %s: got %s, wanted %s", email, list, got, want);
}

#define THREE "alder=1 birch=1 cedar=2"

/* Computed by another program. They may never change: what people are where depends on them. */
static void test_for_ever(void **state)
{
    (void)state;
    expect_home(THREE, "ada@example.org", NULL, "birch");
    expect_home(THREE, "ada@example.org", "cedar", "birch");
    expect_home(THREE, "Ben@Example.org", NULL, "birch");
    expect_home(THREE, "Ben@Example.org", "cedar", "birch");
    expect_home(THREE, "mallory@example.net", NULL, "cedar");
    expect_home(THREE, "mallory@example.net", "cedar", "birch");
    expect_home(THREE, "dora@example.org", NULL, "cedar");
    expect_home(THREE, "dora@example.org", "cedar", "birch");
    expect_home(THREE, "kim@example.org", NULL, "cedar");
    expect_home(THREE, "kim@example.org", "cedar", "alder");
    expect_home(THREE, "lee@example.org", NULL, "cedar");
    expect_home(THREE, "lee@example.org", "cedar", "alder");
    expect_home(THREE, "max@example.org", NULL, "alder");
    expect_home(THREE, "max@example.org", "cedar", "alder");
    expect_home(THREE, "noa@example.org", NULL, "alder");
    expect_home(THREE, "noa@example.org", "cedar", "alder");
}

static void test_spelling(void **state)
{
    char longer[500];
    (void)state;
    expect_home("=1", "anybody@example.org", NULL, "");
    for (int i = 0; i < 50; i++) {
        char lower[40], upper[40];
        snprintf(lower, sizeof(lower), "person%d@example.org", i);
        snprintf(upper, sizeof(upper), "PERSON%d@Example.ORG", i);
        assert_int_equal(nodes_home(nodes_of(THREE), lower, NODES_NONE),
                         nodes_home(nodes_of(THREE), upper, NODES_NONE));
    }
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_true(nodes_home(nodes_of(THREE), longer, NODES_NONE) < 3);
    assert_true(nodes_home(nodes_of(THREE), "", NODES_NONE) < 3);
}

/* How many of PEOPLE go where. */
static void count_homes(const char *list, size_t except, size_t counts[4], size_t homes[PEOPLE])
{
    struct nodes *nodes = nodes_of(list);
    memset(counts, 0, 4 * sizeof(*counts));
    for (size_t i = 0; i < PEOPLE; i++) {
        char email[40];
        snprintf(email, sizeof(email), "person%zu@example.org", i);
        size_t home = nodes_home(nodes, email, except);
        assert_true(home < nodes->count);
        counts[home]++;
        if (homes != NULL)
            homes[i] = home;
    }
}

static void expect_about(size_t got, size_t want)
{
    assert_true(got > want - want / 10 && got < want + want / 10);
}

static void test_shares(void **state)
{
    size_t counts[4];
    (void)state;
    count_homes("alder=1 birch=1", NODES_NONE, counts, NULL);
    expect_about(counts[0], PEOPLE / 2);
    count_homes(THREE, NODES_NONE, counts, NULL);
    expect_about(counts[0], PEOPLE / 4);
    expect_about(counts[2], PEOPLE / 2);
    count_homes("alder=10 birch=10 cedar=20", NODES_NONE, counts, NULL); /* the same shares */
    expect_about(counts[2], PEOPLE / 2);
    count_homes("alder=1 birch=0 cedar=1", NODES_NONE, counts, NULL);
    assert_int_equal(counts[1], 0);
    expect_about(counts[0], PEOPLE / 2);
    count_homes("alder=0 birch=0", NODES_NONE, counts, NULL); /* then weights do not count */
    expect_about(counts[0], PEOPLE / 2);
}

/* Whoever's node stays, stays; the order of the list says nothing. */
static void test_only_its_own_share_moves(void **state)
{
    static size_t before[PEOPLE], after[PEOPLE];
    size_t counts[4];
    (void)state;
    count_homes(THREE, NODES_NONE, counts, before);
    count_homes(THREE " dogwood=1", NODES_NONE, counts, after);
    for (size_t i = 0; i < PEOPLE; i++)
        assert_true(after[i] == before[i] || after[i] == 3);
    count_homes(THREE, 1, counts, after);
    assert_int_equal(counts[1], 0);
    for (size_t i = 0; i < PEOPLE; i++)
        assert_true(after[i] == before[i] || before[i] == 1);
    count_homes("alder=1 birch=0 cedar=2", NODES_NONE, counts, before);
    assert_memory_equal(before, after, sizeof(before)); /* taken out, or of weight 0: the same */
    count_homes("cedar=2 birch=1 alder=1", 1, counts, before);
    for (size_t i = 0; i < PEOPLE; i++)
        assert_int_equal(before[i], 2 - after[i]);
}

static void test_nobody_left(void **state)
{
    (void)state;
    expect_home("alder=1", "ada@example.org", "alder", "none");
    expect_home("alder=1 birch=0", "ada@example.org", "alder", "birch");
    struct nodes none = {.count = 0};
    assert_int_equal(nodes_home(&none, "ada@example.org", NODES_NONE), NODES_NONE);
    assert_int_equal(nodes_find(nodes_of(THREE), "dogwood"), NODES_NONE);
    assert_int_equal(nodes_find(nodes_of(THREE), "Alder"), NODES_NONE);
    assert_int_equal(nodes_find(nodes_of(THREE), "cedar"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for_ever),    cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_shares),      cmocka_unit_test(test_only_its_own_share_moves),
        cmocka_unit_test(test_nobody_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
