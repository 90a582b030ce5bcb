#include "documentation.h"

#include "queue-inproc/config_keys.h"

const struct plugin_keys documentation_keys_inproc = {"queue", "inproc", inproc_config_keys,
                                                      sizeof(inproc_config_keys) /
                                                          sizeof(inproc_config_keys[0])};
