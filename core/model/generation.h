/* Numbers of changes of an account, as far as they outlive its rows. */
#ifndef HEARTH_CORE_MODEL_GENERATION_H
#define HEARTH_CORE_MODEL_GENERATION_H

#include <stdint.h>

/* With which generation an account is made: greater than those of any account that was called the
 * same before, or whose rows these are, and that lived on meanwhile. So whoever has a copy of that
 * one is told to load anew, now and later. It is of the clock, in ms: nobody changes an account a
 * thousand times a second. newest: the last that is known, or 0. */
int64_t model_generation_begin(int64_t newest);

#endif
