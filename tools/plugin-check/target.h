/* Bringing the plugin under test up in a child: configuration, loading, opening. Failures are
 * results of the test. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_TARGET_H
#define HEARTH_TOOLS_PLUGIN_CHECK_TARGET_H

#include "kit.h"

void kit_target_load(struct kit *kit);      /* the plugin and its descriptor */
void kit_target_configure(struct kit *kit); /* its values; nothing is opened */
void kit_target_open(struct kit *kit);      /* KIT_OPEN */
void kit_target_free(struct kit *kit);
void kit_target_report(struct kit *kit); /* a test that reports the plugin's kind */

#endif
