#include "base/magic.h"

#include <stdlib.h>

#include "base/log.h"

_Noreturn void magic_fail(const char *file, int line, const char *condition)
{
    log_error("fault", "%s:%d: %s", file, line, condition);
    abort();
}
