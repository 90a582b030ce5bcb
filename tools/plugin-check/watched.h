/* The plugin's table with those operations watched that tests call without a macro: so their
 * lines are the last ones that are known. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_WATCHED_H
#define HEARTH_TOOLS_PLUGIN_CHECK_WATCHED_H

#include "kit.h"

/* A copy for the life of the process; one of each kind. */
const struct hearth_storage *kit_watched_storage(const struct hearth_storage *plugin);
const struct hearth_queue *kit_watched_queue(const struct hearth_queue *plugin);
const struct hearth_sync *kit_watched_sync(const struct hearth_sync *plugin);

#endif
