/* The file of a plugin before the linker gets it: what is damaged there would end the process.
 * Any thread. */
#ifndef HEARTH_CORE_PLUG_OBJECT_H
#define HEARTH_CORE_PLUG_OBJECT_H

#include <stdint.h>
#include "base/err.h"

/* 0: a file that nobody else can change (trusted.h), whole, a shared object, and of this
 * machine. Else a sentence that names it. */
int plug_object_check(const char *path, struct err *err);
/* The part of it that reads: `size` bytes of fd, of which nothing is known. */
int plug_object_check_elf(const char *shown, int fd, uint64_t size, struct err *err);

#endif
