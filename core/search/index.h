/* What is kept of an account beside its block: immutable once made, shared by reference counts;
 * any thread may read it. */
#ifndef HEARTH_CORE_SEARCH_INDEX_H
#define HEARTH_CORE_SEARCH_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* The first member of struct history and struct bookmarks. */
struct index {
    atomic_uint references;
    size_t bytes; /* memory taken, with what is shared with other versions */
    void (*destroy)(struct index *index);
};

static inline struct index *index_ref(struct index *index) /* returns its argument; accepts NULL */
{
    if (index != NULL)
        atomic_fetch_add_explicit(&index->references, 1, memory_order_relaxed);
    return index;
}

static inline void index_unref(struct index *index) /* accepts NULL */
{
    if (index != NULL &&
        atomic_fetch_sub_explicit(&index->references, 1, memory_order_acq_rel) == 1)
        index->destroy(index);
}

/* Gives a reference back if there are others; false: it is the last one. */
static inline bool index_unref_shared(struct index *index)
{
    unsigned references = atomic_load_explicit(&index->references, memory_order_relaxed);
    while (references > 1)
        if (atomic_compare_exchange_weak(&index->references, &references, references - 1))
            return true;
    return false;
}

#endif
