/* Where pending sign-ins lie between two steps so that every process of the node finds them:
 * sealed, under a name that only their browser's secret makes. What it is made of is the
 * caller's. */
#ifndef HEARTH_CORE_SIGNIN_SHELF_H
#define HEARTH_CORE_SIGNIN_SHELF_H

#include "signin/pending.h"

enum { SIGNIN_SHELF_LIKENESS_SIZE = 2 * 32 + 1 };

/* As in hearth/keep.h, which says what each does; from any thread, may block. */
struct signin_shelf {
    void *self;
    /* the same in processes that understand each other's states: of one release, with the same
     * sections. Others find nothing. */
    char likeness[SIGNIN_SHELF_LIKENESS_SIZE];
    int (*put)(void *self, const char *name, const void *bytes, size_t size, int64_t life,
               struct err *err);
    /* *ret_bytes: on the heap */
    int (*take)(void *self, const char *name, void **ret_bytes, size_t *ret_size, struct err *err);
    int (*remove)(void *self, const char *name, struct err *err);
};

int signin_shelf_put(const struct signin_shelf *shelf, const struct vault *vault,
                     const struct signin_pending *pending, struct err *err);
/* NOT_FOUND: there is none, or none that this process can read; CONFLICT: somebody has it. */
int signin_shelf_take(const struct signin_shelf *shelf, const struct vault *vault,
                      const char *secret, struct signin_pending **ret_pending, struct err *err);
void signin_shelf_remove(const struct signin_shelf *shelf, const char *secret);

#endif
