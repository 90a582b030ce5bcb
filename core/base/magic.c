#include "base/magic.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void magic_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "hearthd: fault at %s:%d: %s\n", file, line, condition);
    abort();
}
