#include "jobs/credentials.h"

#include <stdlib.h>

#include "auth/vault.h"
#include "plug/store.h"

static void context_of(const char *account, char ret[64])
{
    snprintf(ret, 64, "credentials/%s", account);
}

int credentials_put(const struct vault *vault, struct store *store, const char *account, const void *bytes, size_t size, struct err *err)
{
    char context[64];
    void *sealed;
    size_t sealed_size;
    context_of(account, context);
    int r = vault_seal(vault, context, bytes, size, &sealed, &sealed_size, err);
    if (r < 0)
        return r;
    r = STORE(store, err, credentials_put, account, sealed, sealed_size);
    free(sealed);
    return r;
}

int credentials_get(const struct vault *vault, struct store *store, const char *account, void **ret_bytes, size_t *ret_size,
                    struct err *err)
{
    char context[64];
    const void *sealed;
    size_t size;
    context_of(account, context);
    struct err why = {0};
    int r = STORE(store, &why, credentials_get, account, &sealed, &size);
    if (r == HEARTH_ERR_DENIED) /* by the database: DENIED is the vault's word for another key */
        r = why.code = HEARTH_ERR_IO;
    if (r < 0 && err != NULL)
        *err = why;
    return r < 0 ? r : vault_unseal(vault, context, sealed, size, ret_bytes, ret_size, err);
}

void credentials_free(void *bytes, size_t size)
{
    vault_free(bytes, size);
}
