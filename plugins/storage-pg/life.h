/* Opening the store, its schema, checking it. */
#ifndef STORAGE_PG_LIFE_H
#define STORAGE_PG_LIFE_H

#include "store.h"

enum { STORE_CONFIG_COUNT = 3 };
extern const struct hearth_config_key store_config[STORE_CONFIG_COUNT];

int store_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self);
void store_close(void *self);
int migrate_schema_version(void *session, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants);
int migrate_run(void *session, struct hearth_call *call);
int verify_run(void *session, struct hearth_call *call, hearth_text_cb cb, void *ctx);

#endif
