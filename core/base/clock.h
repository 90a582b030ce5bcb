#ifndef HEARTH_CORE_BASE_CLOCK_H
#define HEARTH_CORE_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);       /* ms since the Unix epoch, UTC */
int64_t clock_monotonic(void); /* ms, never jumps */
int64_t clock_monotonic_us(void);

#endif
