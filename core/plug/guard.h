/* While a plugin's code runs at load: a crash, an end or a hang of this process gets the file's
 * name, on standard error. */
#ifndef HEARTH_CORE_PLUG_GUARD_H
#define HEARTH_CORE_PLUG_GUARD_H

/* shown: lives until plug_guard_end(), on the same thread. */
void plug_guard_begin(const char *shown);
void plug_guard_end(void);

#endif
