/* Who can change a file that becomes code of this process: itself, and every folder on the way
 * to it. */
#ifndef HEARTH_CORE_PLUG_TRUSTED_H
#define HEARTH_CORE_PLUG_TRUSTED_H

#include "base/err.h"

/* How much of a path is shown in a sentence, so that what is said of it has room. */
enum { PLUG_SHOWN = 200 };

/* 0: nobody but root, the user that this process runs as, and the owner of the running program.
 * DENIED says who else, and what to run; NOT_FOUND that nothing is there, INVALID that a link
 * leads nowhere. Any thread. */
int plug_trusted_check(const char *path, struct err *err);

#endif
