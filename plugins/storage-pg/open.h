/* What the descriptor says of the configuration. */
#ifndef STORAGE_PG_OPEN_H
#define STORAGE_PG_OPEN_H

#include "store.h"

enum { STORE_CONFIG_COUNT = 3 };
extern const struct hearth_config_key store_config[STORE_CONFIG_COUNT];

#endif
