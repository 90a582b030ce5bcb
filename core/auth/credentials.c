#include "auth/credentials.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "auth/vault.h"
#include "plug/storage.h"

enum { CONTEXT_SIZE = 128 };

/* For one account and source, and for the [sync NAME] section whose sign-in made them: another
 * one cannot open them, whatever the account's row says. */
static void credentials_context(const char *account, int64_t source, const char *provider,
                                char ret[CONTEXT_SIZE])
{
    if (source == 0)
        snprintf(ret, CONTEXT_SIZE, "credentials/%s/%s", account, provider);
    else
        snprintf(ret, CONTEXT_SIZE, "credentials/%s/%s/%lld", account, provider, (long long)source);
}

/* As releases sealed that knew of no provider. */
static void credentials_old_context(const char *account, char ret[CONTEXT_SIZE])
{
    snprintf(ret, CONTEXT_SIZE, "credentials/%s", account);
}

int auth_credentials_put(const struct vault *vault, struct storage *storage, const char *account,
                         int64_t source, const char *provider, const void *bytes, size_t size,
                         struct err *err)
{
    char context[CONTEXT_SIZE];
    void *sealed;
    size_t sealed_size;
    credentials_context(account, source, provider, context);
    int r = auth_vault_seal(vault, context, bytes, size, &sealed, &sealed_size, err);
    if (r < 0)
        return r;
    r = STORAGE(storage, err, credentials_put, account, source, sealed, sealed_size);
    free(sealed);
    return r;
}

/* err.code is set, whatever the outcome of the second attempt. */
static int credentials_unseal(const struct vault *vault, const char *account, int64_t source,
                              const char *provider, const void *sealed, size_t size,
                              void **ret_bytes, size_t *ret_size, struct err *err)
{
    char context[CONTEXT_SIZE];
    credentials_context(account, source, provider, context);
    int r = auth_vault_unseal(vault, context, sealed, size, ret_bytes, ret_size, err);
    if (r != HEARTH_ERR_DENIED || source != 0)
        return r;
    credentials_old_context(account, context);
    return auth_vault_unseal(vault, context, sealed, size, ret_bytes, ret_size, NULL);
}

int auth_credentials_get(const struct vault *vault, struct storage *storage, const char *account,
                         int64_t source, const char *provider, void **ret_bytes, size_t *ret_size,
                         struct err *err)
{
    const void *sealed;
    size_t size;
    struct err why = {0};
    int r = STORAGE(storage, &why, credentials_get, account, source, &sealed, &size);
    if (r == HEARTH_ERR_DENIED) /* by the database: DENIED is the vault's word for another key */
        r = why.code = HEARTH_ERR_IO;
    if (r == 0)
        r = credentials_unseal(vault, account, source, provider, sealed, size, ret_bytes, ret_size,
                               &why);
    if (r < 0 && err != NULL)
        *err = why;
    return r < 0 ? why.code : 0;
}

int auth_credentials_fingerprint(struct storage *storage, const char *account, int64_t source,
                                 uint8_t ret_fingerprint[CREDENTIALS_FINGERPRINT_SIZE],
                                 struct err *err)
{
    const void *sealed;
    size_t size;
    int r = STORAGE(storage, err, credentials_get, account, source, &sealed, &size);
    if (r == 0)
        SHA256(sealed, size, ret_fingerprint);
    return r;
}

int auth_credentials_seal_again(const struct vault *opens, const struct vault *seals,
                                const char *was, const char *account, int64_t source,
                                const char *provider, const void *sealed, size_t size,
                                void **ret_sealed, size_t *ret_size, struct err *err)
{
    char context[CONTEXT_SIZE];
    void *plain = NULL, *copy;
    size_t plain_size = 0;
    int r =
        credentials_unseal(opens, was, source, provider, sealed, size, &plain, &plain_size, err);
    if (r < 0)
        return r;
    if (strcmp(was, account) != 0 || opens != seals) {
        credentials_context(account, source, provider, context);
        r = auth_vault_seal(seals, context, plain, plain_size, ret_sealed, ret_size, err);
    } else if ((copy = malloc(size + 1)) == NULL) {
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    } else {
        *ret_sealed = memcpy(copy, sealed, size);
        *ret_size = size;
    }
    auth_credentials_free(plain, plain_size);
    return r;
}

void auth_credentials_free(void *bytes, size_t size)
{
    auth_vault_free(bytes, size);
}
