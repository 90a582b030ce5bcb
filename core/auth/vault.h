/* The vault seals secrets at rest with AES-256-GCM under the keys of a file.
 *
 * The key file is text, mode 0600: one key a line, "NUMBER:64 hex digits", "#" begins a comment.
 * The greatest number seals, all of them open: to rotate, add a line with the next number and
 * restart; sealed values move to the new key when they are written next.
 *
 * A sealed value: format (1 byte: 1), key number (4 bytes, big-endian), nonce (12), ciphertext,
 * tag (16). What it is for ("context", e.g. the account's id) is authenticated with it, so that
 * a value cannot be moved to another place. */
#ifndef HEARTH_CORE_AUTH_VAULT_H
#define HEARTH_CORE_AUTH_VAULT_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct vault; /* immutable after auth_vault_open(): any thread */

enum { VAULT_OVERHEAD = 1 + 4 + 12 + 16, VAULT_PLAIN_MAX = 1 << 20 };

/* Reads the key file; makes it with a fresh key when it does not exist and `create`. Refuses a
 * file that others can read. */
int auth_vault_open(const char *path, bool create, struct vault **ret_vault, struct err *err);
/* What a key is called where it must not be told. */
enum { VAULT_FINGERPRINT_SIZE = 17 };
struct auth_vault_key {
    uint32_t number;
    /* the first 16 hex digits of SHA-256("hearth key fingerprint" || key) */
    char fingerprint[VAULT_FINGERPRINT_SIZE];
};
size_t auth_vault_key_count(const struct vault *vault);
/* 0: the one that seals */
void auth_vault_key(const struct vault *vault, size_t i, struct auth_vault_key *ret_key);
/* wipes the keys; accepts NULL */
void auth_vault_close(struct vault *vault);
/* *ret_sealed: on the heap, free(); size + VAULT_OVERHEAD bytes. */
int auth_vault_seal(const struct vault *vault, const char *context, const void *plain, size_t size,
                    void **ret_sealed, size_t *ret_size, struct err *err);
/* *ret_plain: on the heap, auth_vault_free(). CORRUPT when it is none; DENIED when its key is
 * not in the file, or the one of that number does not open it: nobody can tell another key from
 * a value that was changed or belongs elsewhere. */
int auth_vault_unseal(const struct vault *vault, const char *context, const void *sealed,
                      size_t size, void **ret_plain, size_t *ret_size, struct err *err);
/* A secret that is good for one purpose and can be made again while the newest key is the same:
 * HMAC-SHA256 of the purpose. */
void auth_vault_derive(const struct vault *vault, const char *purpose, uint8_t ret_secret[32]);
void auth_vault_free(void *plain, size_t size); /* wipes; accepts NULL */

#endif
