/* Credentials at rest: sealed by the vault for this account, this source of it (0: its own
 * provider) and its provider alone, stored by the storage plugin. */
#ifndef HEARTH_CORE_AUTH_CREDENTIALS_H
#define HEARTH_CORE_AUTH_CREDENTIALS_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct storage;
struct vault;

enum { CREDENTIALS_FINGERPRINT_SIZE = 32 };

/* provider: hearth_account.provider or hearth_source.provider, whose sign-in made them. */
int auth_credentials_put(const struct vault *vault, struct storage *storage, const char *account,
                         int64_t source, const char *provider, const void *bytes, size_t size,
                         struct err *err);
/* *ret_bytes: on the heap; give it to auth_credentials_free(), which wipes it. CORRUPT: none;
 * DENIED: sealed with another key, damaged, or another provider's. */
int auth_credentials_get(const struct vault *vault, struct storage *storage, const char *account,
                         int64_t source, const char *provider, void **ret_bytes, size_t *ret_size,
                         struct err *err);
/* Which ones are stored: a SHA-256 of what is sealed, another one after every put. */
int auth_credentials_fingerprint(struct storage *storage, const char *account, int64_t source,
                                 uint8_t ret_fingerprint[CREDENTIALS_FINGERPRINT_SIZE],
                                 struct err *err);
/* What was sealed for the account `was` with keys of the vault `opens`, sealed for another, or by
 * another vault; the same bytes where both are the same. *ret_sealed: on the heap, free(). Codes as
 * above. */
int auth_credentials_seal_again(const struct vault *opens, const struct vault *seals,
                                const char *was, const char *account, int64_t source,
                                const char *provider, const void *sealed, size_t size,
                                void **ret_sealed, size_t *ret_size, struct err *err);
void auth_credentials_free(void *bytes, size_t size); /* accepts NULL */

#endif
