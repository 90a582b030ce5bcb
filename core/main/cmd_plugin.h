/* What the files of `hearthd plugin` share. */
#ifndef HEARTH_CORE_MAIN_CMD_PLUGIN_H
#define HEARTH_CORE_MAIN_CMD_PLUGIN_H

#include "base/err.h"

/* Makes the folder KIND-NAME in the working directory: the installed template under another
 * name. CONFLICT: something is there already, or a plugin of this name is installed. Nothing is
 * left behind by a failure. cmd_plugin_new.c */
int main_plugin_new(const char *kind, const char *name, struct err *err);

#endif
