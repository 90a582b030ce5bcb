#ifndef HEARTH_CORE_MAIN_VERSION_H
#define HEARTH_CORE_MAIN_VERSION_H

#include <jansson.h>

struct app;

/* {"version", "plugins":{…}, "libraries":{…}}; app may be NULL (no plugins). The caller's
 * reference. */
json_t *main_version_json(const struct app *app);

#endif
