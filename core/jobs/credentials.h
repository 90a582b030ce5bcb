/* Credentials at rest: sealed by the vault for this account and its provider alone, stored by the storage plugin. */
#ifndef HEARTH_CORE_JOBS_CREDENTIALS_H
#define HEARTH_CORE_JOBS_CREDENTIALS_H

#include <stddef.h>
#include "base/err.h"

struct store;
struct vault;

/* provider: hearth_account.provider, whose sign-in made them. */
int credentials_put(const struct vault *vault, struct store *store, const char *account, const char *provider, const void *bytes,
                    size_t size, struct err *err);
/* *ret_bytes: on the heap; give it to credentials_free(), which wipes it. CORRUPT: none; DENIED: sealed with
 * another key, damaged, or another provider's. */
int credentials_get(const struct vault *vault, struct store *store, const char *account, const char *provider, void **ret_bytes,
                    size_t *ret_size, struct err *err);
void credentials_free(void *bytes, size_t size); /* accepts NULL */

#endif
