#include "documentation.h"

#include "sync-fx/config_keys.h"

const struct plugin_keys documentation_keys_fx = {"sync", "fx", config_keys,
                                                  sizeof(config_keys) / sizeof(config_keys[0])};
