#include "base/number_set.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/hash.h"

static uint64_t number_hash(uint64_t number)
{
    return hash_bytes(&number, sizeof(number));
}

static uint64_t number_hash_of(const void *numbers, uint32_t at)
{
    return number_hash(((const uint64_t *)numbers)[at]);
}

static bool number_is_same(const void *numbers, uint32_t at, const void *number)
{
    return ((const uint64_t *)numbers)[at] == *(const uint64_t *)number;
}

void number_set_fini(struct number_set *set)
{
    free(set->numbers);
    index_table_fini(&set->table);
    *set = (struct number_set){0};
}

void number_set_clear(struct number_set *set)
{
    set->count = 0;
    index_table_clear(&set->table);
}

static bool number_set_reserve(struct number_set *set)
{
    if (!ARRAY_MAKE_ROOM(set->numbers, set->count, set->room))
        return false;
    return index_table_reserve(&set->table, set->count, number_hash_of, set->numbers);
}

static bool number_set_finds(const struct number_set *set, uint64_t hash, uint64_t number)
{
    return index_table_find(&set->table, hash, number_is_same, set->numbers, &number) !=
           INDEX_TABLE_NONE;
}

bool number_set_add(struct number_set *set, uint64_t number)
{
    uint64_t hash = number_hash(number);
    if (number_set_finds(set, hash, number))
        return true;
    if (!number_set_reserve(set))
        return false;
    set->numbers[set->count] = number;
    index_table_put(&set->table, hash, (uint32_t)set->count++);
    return true;
}

bool number_set_has(const struct number_set *set, uint64_t number)
{
    return number_set_finds(set, number_hash(number), number);
}

bool number_set_add_text(struct number_set *set, const char *text)
{
    return number_set_add(set, hash_text(text));
}

bool number_set_has_text(const struct number_set *set, const char *text)
{
    return number_set_has(set, hash_text(text));
}
