/* map.h, index_table.c, number_set.c: growth, removal while walking, memory that is short, and keys
 * that nobody can aim. */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/index_table.h"
#include "base/number_set.h"

enum { THINGS = 5000 };

/* The linker sends all allocations here (--wrap): so many more succeed; -1: all. */
static int allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

static bool allocation_may(void)
{
    if (allocations_left > 0)
        allocations_left--;
    else if (allocations_left == 0)
        return false;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return allocation_may() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocation_may() ? __real_calloc(count, size) : NULL;
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return allocation_may() ? __real_reallocarray(old, count, size) : NULL;
}

/* --- maps --- */

struct thing {
    map_entry in_map;
    int number;
    char name[24];
};

static struct thing *things_make(void)
{
    struct thing *things = calloc(THINGS, sizeof(*things));
    assert_non_null(things);
    for (int i = 0; i < THINGS; i++) {
        things[i].number = i;
        snprintf(things[i].name, sizeof(things[i].name), "thing-%d", i);
    }
    return things;
}

static void test_map_growth(void **state)
{
    (void)state;
    struct thing *things = things_make(), *map = NULL, *thing, *next;
    assert_null(MAP_FIND_TEXT(map, "thing-0"));
    assert_int_equal(MAP_COUNT(map), 0);
    for (int i = 0; i < THINGS; i++) {
        assert_null(MAP_FIND_TEXT(map, things[i].name));
        assert_true(MAP_ADD_TEXT(map, things[i].name, &things[i]));
    }
    assert_int_equal(MAP_COUNT(map), THINGS);
    for (int i = 0; i < THINGS; i++)
        assert_ptr_equal(MAP_FIND_TEXT(map, things[i].name), &things[i]);
    assert_null(MAP_FIND_TEXT(map, "thing-5000"));
    assert_null(MAP_FIND(map, "thing-1", 6));
    int walked = 0;
    MAP_EACH(map, thing, next)
    assert_int_equal(thing->number, walked++);
    assert_int_equal(walked, THINGS);
    MAP_EACH(map, thing, next)
    {
        MAP_REMOVE(map, thing);
    }
    assert_null(map);
    free(things);
}

static void test_map_removal(void **state)
{
    (void)state;
    struct thing *things = things_make(), *map = NULL, *thing, *next;
    for (int i = 0; i < THINGS; i++)
        assert_true(MAP_ADD_TEXT(map, things[i].name, &things[i]));
    MAP_EACH(map, thing, next)
    {
        if (thing->number % 3 == 0)
            continue;
        MAP_REMOVE(map, thing);
        memset(thing, 0xa5, sizeof(map_entry)); /* it is the caller's again */
    }
    assert_int_equal(MAP_COUNT(map), (THINGS + 2) / 3);
    for (int i = 0; i < THINGS; i++)
        assert_ptr_equal(MAP_FIND_TEXT(map, things[i].name), i % 3 == 0 ? &things[i] : NULL);
    for (int i = 0; i < THINGS; i++)
        if (i % 3 != 0)
            assert_true(MAP_ADD_TEXT(map, things[i].name, &things[i]));
    assert_int_equal(MAP_COUNT(map), THINGS);
    MAP_EACH(map, thing, next)
    {
        MAP_REMOVE(map, thing);
    }
    assert_null(map);
    free(things);
}

/* Every addition that needs memory fails once: the map is as it was, and the next one succeeds. */
static void test_map_memory(void **state)
{
    (void)state;
    struct thing *things = things_make(), *map = NULL, *thing, *next;
    int failures = 0;
    for (int i = 0; i < THINGS; i++) {
        for (int left = 0; left < 3; left++) {
            allocations_left = left;
            bool added = MAP_ADD_TEXT(map, things[i].name, &things[i]);
            allocations_left = -1;
            if (added)
                break;
            failures++;
            assert_int_equal(MAP_COUNT(map), i);
            assert_null(MAP_FIND_TEXT(map, things[i].name));
            if (i > 0)
                assert_ptr_equal(MAP_FIND_TEXT(map, things[i - 1].name), &things[i - 1]);
        }
        assert_ptr_equal(MAP_FIND_TEXT(map, things[i].name), &things[i]);
    }
    assert_int_equal(MAP_COUNT(map), THINGS);
    assert_true(failures > 5);
    for (int i = 0; i < THINGS; i++)
        assert_ptr_equal(MAP_FIND_TEXT(map, things[i].name), &things[i]);
    MAP_EACH(map, thing, next)
    {
        MAP_REMOVE(map, thing);
    }
    free(things);
}

/* --- tables of numbers --- */

struct names {
    struct thing *things;
    uint64_t key[2];
};

static uint64_t name_hash(const void *names, uint32_t number)
{
    const struct names *n = names;
    return hash_keyed(n->key, n->things[number].name, strlen(n->things[number].name));
}

static bool name_is(const void *names, uint32_t number, const void *name)
{
    return strcmp(((const struct names *)names)->things[number].name, name) == 0;
}

static int64_t name_find(const struct index_table *table, const struct names *names, int number)
{
    return index_table_find(table, name_hash(names, (uint32_t)number), name_is, names,
                            names->things[number].name);
}

static void names_put(struct index_table *table, const struct names *names)
{
    for (uint32_t i = 0; i < THINGS; i++) {
        assert_true(index_table_reserve(table, i, name_hash, names));
        index_table_put(table, name_hash(names, i), i);
    }
}

static void test_index_table(void **state)
{
    (void)state;
    struct names names = {things_make(), {1, 2}};
    struct index_table table = {0};
    assert_int_equal(name_find(&table, &names, 0), INDEX_TABLE_NONE);
    index_table_clear(&table);
    names_put(&table, &names);
    assert_true(table.room >= 2 * THINGS && table.room <= 4 * THINGS);
    for (int i = 0; i < THINGS; i++)
        assert_int_equal(name_find(&table, &names, i), i);
    for (int i = 0; i < THINGS; i += 2)
        index_table_remove(&table, name_hash(&names, (uint32_t)i), (uint32_t)i, name_hash, &names);
    for (int i = 0; i < THINGS; i++)
        assert_int_equal(name_find(&table, &names, i), i % 2 == 0 ? INDEX_TABLE_NONE : i);
    index_table_clear(&table);
    for (int i = 0; i < THINGS; i++)
        assert_int_equal(name_find(&table, &names, i), INDEX_TABLE_NONE);
    index_table_fini(&table);
    free(names.things);
}

/* A small table, filled to its last place again and again: what moves up is found, also around its
 * end. */
static void test_index_table_removal(void **state)
{
    (void)state;
    enum { PLACES = 32 };
    struct names names = {things_make(), {3, 4}};
    struct index_table table;
    bool in[PLACES] = {false};
    unsigned random = 1;
    assert_true(index_table_init(&table, PLACES));
    for (int step = 0; step < 20000; step++) {
        random = random * 1103515245u + 12345u;
        uint32_t i = random >> 16 & (PLACES - 1);
        if (in[i])
            index_table_remove(&table, name_hash(&names, i), i, name_hash, &names);
        else
            index_table_put(&table, name_hash(&names, i), i);
        in[i] = !in[i];
        for (int k = 0; k < PLACES; k++)
            assert_int_equal(name_find(&table, &names, k), in[k] ? k : INDEX_TABLE_NONE);
    }
    index_table_fini(&table);
    free(names.things);
}

static void test_index_table_memory(void **state)
{
    (void)state;
    struct names names = {things_make(), {5, 6}};
    struct index_table table = {0};
    allocations_left = 0;
    assert_false(index_table_init(&table, 1));
    assert_false(index_table_reserve(&table, 0, name_hash, &names));
    assert_int_equal(table.room, 0);
    allocations_left = -1;
    names_put(&table, &names);
    size_t room = table.room;
    allocations_left = 0;
    assert_false(index_table_reserve(&table, room / 2, name_hash, &names));
    allocations_left = -1;
    assert_int_equal(table.room, room);
    for (int i = 0; i < THINGS; i++)
        assert_int_equal(name_find(&table, &names, i), i);
    assert_false(index_table_init(&table, (size_t)1 << 31));
    index_table_fini(&table);
    free(names.things);
}

static void test_number_set(void **state)
{
    (void)state;
    struct number_set set = {0};
    char text[32];
    int failures = 0;
    assert_false(number_set_has(&set, 7));
    for (uint64_t i = 0; i < THINGS; i++) {
        for (int left = 0;; left++) {
            allocations_left = left;
            bool added = number_set_add(&set, i * 4096);
            allocations_left = -1;
            if (added)
                break;
            failures++;
            assert_int_equal(set.count, i);
            assert_false(number_set_has(&set, i * 4096));
            assert_true(i == 0 || number_set_has(&set, (i - 1) * 4096));
        }
        assert_true(number_set_add(&set, i * 4096));
        assert_int_equal(set.count, i + 1);
    }
    assert_true(failures > 5);
    for (uint64_t i = 0; i < THINGS; i++) {
        assert_int_equal(set.numbers[i], i * 4096);
        assert_true(number_set_has(&set, i * 4096));
        assert_false(number_set_has(&set, i * 4096 + 1));
    }
    size_t bytes = set.room * sizeof(*set.numbers) + set.table.room * sizeof(*set.table.slots);
    assert_true(bytes <= 32 * set.count);
    number_set_clear(&set);
    assert_int_equal(set.count, 0);
    assert_false(number_set_has(&set, 0));
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "id-%d", i);
        assert_true(number_set_add_text(&set, text));
    }
    assert_int_equal(set.count, 1000);
    assert_true(number_set_has_text(&set, "id-999"));
    assert_false(number_set_has_text(&set, "id-1000"));
    number_set_fini(&set);
    assert_int_equal(set.count, 0);
}

/* --- keys that nobody can aim --- */

/* Names that lie in one place under a key that is known lie all over under another one. */
static void test_aimed(void **state)
{
    (void)state;
    enum { AIMED = 64, PLACES = 256 };
    const uint64_t known[2] = {7, 8}, other[2] = {9, 10};
    size_t there[PLACES] = {0}, aimed = 0, most = 0;
    for (unsigned i = 0; aimed < AIMED; i++) {
        if (hash_keyed(known, &i, sizeof(i)) % PLACES != 0)
            continue;
        aimed++;
        size_t n = ++there[hash_keyed(other, &i, sizeof(i)) % PLACES];
        most = n > most ? n : most;
    }
    assert_true(most < AIMED / 8);
}

static void test_orders(void **state)
{
    (void)state;
    struct thing *things = things_make();
    struct names one = {things, {1, 2}}, other = {things, {1, 3}};
    struct index_table first = {0}, again = {0}, second = {0};
    names_put(&first, &one);
    names_put(&again, &one);
    names_put(&second, &other);
    assert_memory_equal(first.slots, again.slots, first.room * sizeof(*first.slots));
    assert_memory_not_equal(first.slots, second.slots, first.room * sizeof(*first.slots));
    index_table_fini(&first);
    index_table_fini(&again);
    index_table_fini(&second);
    free(things);
}

/* What a new process has for the hash of a thing in a map. */
static unsigned hash_elsewhere(void)
{
    int pipes[2];
    unsigned hash = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        struct thing thing = {.name = "the same"}, *map = NULL;
        bool added = MAP_ADD_TEXT(map, thing.name, &thing);
        _exit(added && write(pipes[1], &thing.in_map.hashv, sizeof(unsigned)) > 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(read(pipes[0], &hash, sizeof(hash)), sizeof(hash));
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(pipes[0]);
    close(pipes[1]);
    return hash;
}

/* First of all tests, before this process has drawn a key that its children would have as well. */
static void test_processes(void **state)
{
    (void)state;
    unsigned hashes[3] = {hash_elsewhere(), hash_elsewhere(), hash_elsewhere()};
    assert_true(hashes[0] != hashes[1] || hashes[0] != hashes[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_map_growth),
        cmocka_unit_test(test_map_removal),
        cmocka_unit_test(test_map_memory),
        cmocka_unit_test(test_index_table),
        cmocka_unit_test(test_index_table_removal),
        cmocka_unit_test(test_index_table_memory),
        cmocka_unit_test(test_number_set),
        cmocka_unit_test(test_aimed),
        cmocka_unit_test(test_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
