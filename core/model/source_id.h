/* Ids of devices, bookmarks and history records, each as its source says it, in the one account:
 * those of source 2 begin with "2:". */
#ifndef HEARTH_CORE_MODEL_SOURCE_ID_H
#define HEARTH_CORE_MODEL_SOURCE_ID_H

#include <stddef.h>
#include <stdint.h>

#include "hearth/records.h"

enum { MODEL_SOURCE_ID_SIZE = HEARTH_KEY_MAX + 1 };

/* What the source calls `id`, as it is stored: different for different (source, id). Those of
 * source 0 are as they are, unless they look as another's do. longest: bytes that the storage
 * keeps of a key; what does not fit with the number is a hash. Returns `buffer`, or `id`. */
const char *model_source_id(int64_t source, const char *id, size_t longest,
                            char buffer[MODEL_SOURCE_ID_SIZE]);
/* Whose a stored id is. */
int64_t model_source_of(const char *id);
/* A stored id as its source says it; of one that is a hash, the hash. */
const char *model_source_said(const char *id);

#endif
