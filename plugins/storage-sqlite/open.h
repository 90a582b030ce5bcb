/* Opening and closing of a database file, and its configuration. */
#ifndef STORAGE_SQLITE_OPEN_H
#define STORAGE_SQLITE_OPEN_H

#include "store.h"

enum { STORE_CONFIG_COUNT = 5 };
extern const struct hearth_config_key store_config[STORE_CONFIG_COUNT];

int store_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self);
void store_close(void *self);

#endif
