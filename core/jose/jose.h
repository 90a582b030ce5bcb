/* JSON Object Signing and Encryption, as much as signing in needs: signatures of ID tokens (RFC
 * 7515, 7517, 7518) and the keys that a browser brings encrypted (RFC 7516), on OpenSSL and
 * jansson.
 *
 * Core and the plugin sync-fx share it, so it uses nothing of core but core/codec. What it reads
 * comes from outside: everything is bounded, whatever is not understood is refused, and nothing
 * ends the process. All functions may be called from any thread.
 *
 * Errors (hearth/plugin.h): INVALID: malformed, or not what is accepted here. DENIED:
 * well-formed, but the signature or tag is not right. NOMEM, INTERNAL: memory or OpenSSL failed,
 * which says nothing about the input. */
#ifndef HEARTH_CORE_JOSE_JOSE_H
#define HEARTH_CORE_JOSE_JOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum {
    JOSE_TOKEN_MAX = 32 * 1024, /* characters of a JWS */
    JOSE_JWE_MAX = 8192,        /* characters of a JWE */
    JOSE_HEADER_MAX = 2048,     /* characters of a header, encoded */
    JOSE_EC_SIZE = 32,          /* bytes of a coordinate of P-256 */
    JOSE_RSA_BITS_LEAST = 2048, /* RFC 7518, 3.3 */
    JOSE_RSA_BITS_MOST = 8192,
    JOSE_EC_JWK_SIZE = 160, /* jose_ec_jwk() */
    JOSE_EC_POINT_SIZE = 89 /* jose_ec_point(): of a multiple of three bytes less one */
};

/* --- jws.c --- */
/* A compact JWS whose form is right; nothing about it is to be believed before
 * jose_jws_verify(). */
struct jose_jws {
    const char *signed_text; /* header "." payload: borrowed from the token */
    size_t signed_size;
    const char *alg;  /* "RS256", "PS256" or "ES256" */
    const char *kid;  /* NULL: none */
    const char *typ;  /* NULL: none */
    uint8_t *payload; /* NUL-terminated */
    size_t payload_size;
    uint8_t *signature;
    size_t signature_size;
    json_t *header;
};

/* Reads a token, which must outlive *ret_jws. INVALID also for `crit` and `b64` (no extension is
 * understood) and for other algorithms: ret_reason, a borrowed end of the sentence "the token
 * …", says why. */
int jose_jws_read(const char *token, size_t size, struct jose_jws *ret_jws,
                  const char **ret_reason);
void jose_jws_fini(struct jose_jws *jws); /* accepts {0} */
/* Checks the signature with every key of a set ({"keys": […]}) that suits: kty, alg, kid, use,
 * key_ops. NOT_FOUND: none does. */
int jose_jws_verify(const struct jose_jws *jws, const json_t *key_set);

/* --- jwe.c --- */
/* A P-256 key pair, big-endian. */
struct jose_ec_key {
    uint8_t private_key[JOSE_EC_SIZE], x[JOSE_EC_SIZE], y[JOSE_EC_SIZE];
};

int jose_ec_make(struct jose_ec_key *ret_key);
/* The public half as a JWK; members in the order of RFC 7638. */
void jose_ec_jwk(const struct jose_ec_key *key, char ret_text[JOSE_EC_JWK_SIZE]);
/* A compact JWE (ECDH-ES on P-256, A256GCM). ret_plain: at least size bytes; what it holds is
 * NUL-terminated, and wiped on failure. */
int jose_jwe_open(const char *jwe, size_t size, const struct jose_ec_key *key, char *ret_plain,
                  size_t *ret_size);

/* --- sign.c --- */
/* A compact JWS of a text of claims, with ES256: NUL-terminated. FULL, with nothing written, when
 * there is no room for it. */
int jose_jws_sign(const struct jose_ec_key *key, const char *claims, char *ret_token, size_t room);
/* The public half as RFC 8292 has it: the uncompressed point in base64url. */
void jose_ec_point(const struct jose_ec_key *key, char ret_text[JOSE_EC_POINT_SIZE]);

#endif
