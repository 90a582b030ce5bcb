#include "base/magic.h"

#include <stdlib.h>

#include "base/log.h"

_Noreturn void magic_fail(const char *file, int line, const char *condition)
{
    log_event(HEARTH_LOG_ERROR, "base", "fault", LOG_TEXT("source", file), LOG_INT("line", line),
              LOG_TEXT("error", condition));
    abort();
}
