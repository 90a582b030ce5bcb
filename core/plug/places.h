/* Where the parts of the package lie: in the folders that it was installed into, or in a build
 * tree. Never both: what happens to lie around an installed program is not looked at. */
#ifndef HEARTH_CORE_PLUG_PLACES_H
#define HEARTH_CORE_PLUG_PLACES_H

#include <stddef.h>

/* Where plugins are looked for, in this order: `first` (may be NULL), and where this program's
 * own are: the package's folder, or, when the program runs in a build tree (Meson's folder
 * meson-private is beside it), those of the tree. Returns the number of directories, each on the
 * heap of the process's life. */
size_t plug_directories(const char *first, const char *const **ret_directories);
/* A part of the package: `built` is where a build tree has it, seen from its folder; `installed`
 * where the package has it, seen from the folder of the program, so that an installation can be
 * moved as a whole, or an absolute path. ret: 4,096 bytes. */
void plug_part(const char *built, const char *installed, char *ret, size_t size);

enum { PLACES_SHOWN = 420 };
/* "A and B", of directories of plug_directories() or others; those of a build tree are one.
 * Returns ret. */
const char *plug_places_shown(const char *const *directories, size_t count, char ret[PLACES_SHOWN]);

#endif
