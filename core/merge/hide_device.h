/* What a person does not want to see: a device of theirs, with its tabs. Nothing of it is written
 * to its source. docs/merging.md tells it in words. */
#ifndef HEARTH_CORE_MERGE_HIDE_DEVICE_H
#define HEARTH_CORE_MERGE_HIDE_DEVICE_H

#include "plug/storage.h"

/* Hides it, or shows it again. NOT_FOUND: there is no such device. *ret_generation: of the batch;
 * 0: it was so already. Not in a batch. */
int merge_hide_device(struct storage *storage, const char *account, const char *device, bool hidden,
                      int64_t *ret_generation, struct err *err);

#endif
