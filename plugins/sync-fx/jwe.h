/* The keys that a browser sign-in brings: a compact JWE (RFC 7516), ECDH-ES on P-256 with A256GCM, to a key that is made for each sign-in.
 * OpenSSL does every step; a general JOSE library would keep copies of the keys that nobody wipes. */
#ifndef HEARTH_PLUGINS_SYNC_FX_JWE_H
#define HEARTH_PLUGINS_SYNC_FX_JWE_H

#include "mem.h"

#include <stdint.h>

enum { FX_EC_SIZE = 32, FX_JWE_MAX = 8192 };

/* A P-256 key pair, big-endian. */
struct fx_ec_key {
    uint8_t private_key[FX_EC_SIZE], x[FX_EC_SIZE], y[FX_EC_SIZE];
};

int fx_ec_make(struct fx_ec_key *ret_key); /* INTERNAL when OpenSSL fails */
/* The cleartext, NUL-terminated; wiped by fx_buf_fini(). INVALID: not such a JWE, or its point is not on the curve. DENIED: it was not
 * made for this key, or was changed. */
int fx_jwe_open(const char *jwe, size_t size, const struct fx_ec_key *key, struct fx_buf *ret_plain);

#endif
