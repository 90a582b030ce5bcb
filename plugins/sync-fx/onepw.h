/* The accounts protocol's derivations ("onepw"), and the keys of a browser sign-in: pure
 * functions with the reference's test vectors. Everything that comes out is secret: whoever
 * calls wipes it. */
#ifndef HEARTH_PLUGINS_SYNC_FX_ONEPW_H
#define HEARTH_PLUGINS_SYNC_FX_ONEPW_H

#include "crypto.h"

#include <stddef.h>
#include <stdint.h>

enum { FX_SECRET = 32, FX_BUNDLE = 96, FX_SALT_MAX = 256 };

/* HKDF-SHA256 with an empty salt and "identity.mozilla.com/picl/v1/<name>" as info. */
int fx_derive(const uint8_t *secret, size_t secret_size, const char *name, uint8_t *ret_bytes,
              size_t size);
/* Password stretching: version 1 salts with the e-mail address as the account knows it, version
 * 2 with the server's salt. Takes up to a second of processor time. INTERNAL when OpenSSL fails. */
int fx_stretch_v1(const char *email, const char *password, uint8_t ret_stretched[FX_SECRET]);
int fx_stretch_v2(const char *salt, const char *password, uint8_t ret_stretched[FX_SECRET]);

/* What a server's token stands for. */
struct fx_token_keys {
    uint8_t id[FX_SECRET], hawk[FX_SECRET], bundle[FX_SECRET];
};

/* "sessionToken", "keyFetchToken" */
int fx_token_derive(const uint8_t token[FX_SECRET], const char *type,
                    struct fx_token_keys *ret_keys);
/* Opens the bundle of /account/keys. DENIED: the MAC is wrong. */
int fx_bundle_open(const uint8_t bundle_key[FX_SECRET], const uint8_t bundle[FX_BUNDLE],
                   const uint8_t unwrap[FX_SECRET], uint8_t ret_kb[FX_SECRET]);
/* The Sync key, and its id: "<milliseconds>-<16 bytes of SHA-256(kB) in base64url>". */
int fx_sync_key(const uint8_t kb[FX_SECRET], struct fx_key *ret_key);
int fx_kid(const uint8_t kb[FX_SECRET], int64_t timestamp, char *ret_kid, size_t capacity);

#endif
