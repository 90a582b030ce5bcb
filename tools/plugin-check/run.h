/* Runs tests in children and prints TAP. Parent process, one thread. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_RUN_H
#define HEARTH_TOOLS_PLUGIN_CHECK_RUN_H

#include "kit.h"

/* The first child loads the plugin and tells its kind; everything that follows is chosen by it.
 * Returns the number of failed tests, or -1 (after a "Bail out!" line) when nothing could be
 * run. */
int kit_run_all(struct kit_options *options);

#endif
