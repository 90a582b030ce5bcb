/* Devices and their open tabs. */
#ifndef STORAGE_PG_DEVICES_H
#define STORAGE_PG_DEVICES_H

#include "store.h"

int device_put(void *session, struct hearth_call *call, const struct hearth_device *device);
int device_remove(void *session, struct hearth_call *call, const char *device);
int device_list(void *session, struct hearth_call *call, const char *account, hearth_device_cb cb, void *ctx);
int tab_put(void *session, struct hearth_call *call, const char *device, const struct hearth_tab *tab);
int tabs_clear(void *session, struct hearth_call *call, const char *device);
int tab_list(void *session, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx);

#endif
