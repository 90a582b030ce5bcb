/* Everything that can be checked of a plugin's descriptor before the plugin runs. */
#ifndef HEARTH_CORE_PLUG_DESCRIPTOR_H
#define HEARTH_CORE_PLUG_DESCRIPTOR_H

#include <stdbool.h>
#include "base/err.h"

/* file: whose descriptor it is; shown: how a sentence names it. kind: the one that is needed; 0:
 * any. */
int plug_descriptor_check(const char *file, const char *shown, const struct hearth_plugin *d,
                          int kind, struct err *err);
bool plug_descriptor_is_name(const char *name); /* [a-z0-9]+ */

#endif
