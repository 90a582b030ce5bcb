#ifndef HEARTH_CORE_JOSE_JOSE_INTERNAL_H
#define HEARTH_CORE_JOSE_JOSE_INTERNAL_H

#include <openssl/evp.h>

#include "hearth/plugin.h"
#include "jose/jose.h"

/* --- header.c --- */
/* A JOSE header: base64url of a JSON object, no member twice, nothing critical. *ret_header:
 * json_decref(). */
int jose_header_read(const char *text, size_t size, json_t **ret_header, const char **ret_reason);
/* False when the member is there and is no text. *ret_text NULL: it is not there. */
bool jose_text_member(const json_t *object, const char *name, const char **ret_text);
/* Cuts at the dots. False unless there are exactly `count` parts. */
struct jose_part {
    const char *at;
    size_t size;
};
bool jose_split(const char *text, size_t size, size_t count, struct jose_part *ret_parts);

/* --- jwk.c --- */
/* True when the key says nothing against checking a signature of this algorithm with it. */
bool jose_jwk_may_verify(const json_t *jwk, const char *alg);
/* The public key of a JWK that suits alg: RSA of a proper size, or a point of P-256. *ret_key:
 * EVP_PKEY_free(). */
int jose_jwk_load(const json_t *jwk, const char *alg, EVP_PKEY **ret_key);
/* A number in base64url of exactly so many bytes. */
bool jose_bytes_of(const json_t *value, uint8_t *ret_bytes, size_t size);
/* The key of a point of P-256. private_key NULL: only the public half. INVALID: not on the
 * curve. */
int jose_ec_load(const uint8_t x[JOSE_EC_SIZE], const uint8_t y[JOSE_EC_SIZE],
                 const uint8_t *private_key, EVP_PKEY **ret_key);

/* --- jwe.c --- */
/* RFC 7518, 4.6.2: the single-step KDF of NIST SP 800-56A with SHA-256, for one block. apu and
 * apv as in the header, NULL: none. */
int jose_concat_kdf(const uint8_t *z, size_t z_size, const char *enc, const char *apu,
                    const char *apv, uint8_t *ret_key, size_t key_size);

#endif
