/* A set of 64-bit numbers, and of texts of which only 64 bits of a keyed hash are kept: two
 * different ones of the same 64 bits are not to be expected, and nobody can make them. At most 32
 * bytes for each, and half of that more for a moment while it grows.
 *
 * Also for the plugins of this tree; it uses nothing of core but base/hash.h and
 * base/index_table.h. */
#ifndef HEARTH_CORE_BASE_NUMBER_SET_H
#define HEARTH_CORE_BASE_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index_table.h"

/* {0} is empty. */
struct number_set {
    uint64_t *numbers; /* as they came */
    size_t count, room;
    struct index_table table;
};

void number_set_fini(struct number_set *set);  /* empty again */
void number_set_clear(struct number_set *set); /* empty, with room for as many as it had */
/* False: memory is short. */
bool number_set_add(struct number_set *set, uint64_t number);
bool number_set_has(const struct number_set *set, uint64_t number);
bool number_set_add_text(struct number_set *set, const char *text);
bool number_set_has_text(const struct number_set *set, const char *text);

#endif
