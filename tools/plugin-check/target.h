/* Bringing the plugin under test up in a child: configuration, loading, opening. Failures are results of the test. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_TARGET_H
#define HEARTH_TOOLS_PLUGIN_CHECK_TARGET_H

#include "kit.h"

void target_load(struct kit *kit);      /* the plugin and its descriptor */
void target_configure(struct kit *kit); /* its values; nothing is opened */
void target_open(struct kit *kit);      /* KIT_OPEN */
void target_free(struct kit *kit);
void target_tell(struct kit *kit); /* a test that reports the plugin's kind */

#endif
