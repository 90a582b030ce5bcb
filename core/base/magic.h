/* A magic number in every object that passes through a void *; asserts stay on in release
 * builds. */
#ifndef HEARTH_CORE_BASE_MAGIC_H
#define HEARTH_CORE_BASE_MAGIC_H

#include <stddef.h>
#include <stdint.h>

/* Ends the process with file, line and the condition: for faults of our own, never for bad
 * input. */
#define ASSERT(condition) ((condition) ? (void)0 : magic_fail(__FILE__, __LINE__, #condition))

/* The object behind a void *, checked. The struct's first member is `uint32_t magic`. */
#define MAGIC_CAST(ret_pointer, from, number)                                                      \
    do {                                                                                           \
        (ret_pointer) = (from);                                                                    \
        ASSERT((ret_pointer) != NULL && (ret_pointer)->magic == (number));                         \
    } while (0)

_Noreturn void magic_fail(const char *file, int line, const char *condition);

#endif
