/* What a shared object lets others link to. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_SYMBOLS_H
#define HEARTH_TOOLS_PLUGIN_CHECK_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

/* Calls cb for each symbol of the file's dynamic table, until it returns non-zero. False: it
 * could not be read; it is a file of this machine that was loaded before. */
typedef int (*symbols_cb)(void *ctx, const char *name, bool defined);
bool kit_symbols_each(const char *path, symbols_cb cb, void *ctx);

#endif
