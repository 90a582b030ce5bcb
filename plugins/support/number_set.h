/* A set of 64-bit numbers, and of texts of which only 64 bits each are kept: two different ids of an
 * account with the same 64 bits are not to be expected. */
#ifndef SUPPORT_NUMBER_SET_H
#define SUPPORT_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Open addressing, at most half full. {0} is empty. */
struct support_number_set {
    uint64_t *slots; /* 0: free */
    size_t count, room;
    uint64_t key; /* drawn with the first slots: texts are chosen by others, where they lie is not */
};

void support_number_set_fini(struct support_number_set *set); /* empty again */
/* False: memory is short. 0 and 1 count as the same number. */
bool support_number_set_add(struct support_number_set *set, uint64_t number);
bool support_number_set_has(const struct support_number_set *set, uint64_t number);
bool support_number_set_add_text(struct support_number_set *set, const char *text);
bool support_number_set_has_text(const struct support_number_set *set, const char *text);

#endif
