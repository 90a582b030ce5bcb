/* storage/crypto/keys: the keys of the records. */
#ifndef HEARTH_PLUGINS_SYNC_FX_KEYS_H
#define HEARTH_PLUGINS_SYNC_FX_KEYS_H

#include <stdbool.h>

#include "crypto.h"
#include "names.h"

struct fx_keys {
    bool present;
    /* of the collection crypto when they were read, centiseconds */
    int64_t timestamp;
    struct fx_key of[FX_COLLECTIONS]; /* the collection's own, else the default */
};

/* Reads the decrypted record. INVALID: no pair of two times 32 bytes as default, or a malformed
 * one for a collection that is read here. `text` is left alone; the caller wipes it.
 * ret_keys->timestamp is not touched. */
int fx_keys_parse(const char *text, size_t size, struct fx_keys *ret_keys);

#endif
