#include "auth/fresh.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

int auth_fresh_create(struct storage *storage, const char *account, const struct door *door,
                      const char *session, struct token *ret_token, struct err *err)
{
    return auth_token_put(storage, account, door, HEARTH_TOKEN_FRESH, session,
                          clock_now() + FRESH_LIFE, ret_token, err);
}

int auth_fresh_use(struct storage *storage, const char *account, const char *secret,
                   struct err *err)
{
    struct hearth_token row = {.struct_size = sizeof(row)};
    uint8_t hash[TOKEN_HASH_SIZE];
    char id[TOKEN_ID_SIZE];
    if (secret == NULL || !auth_token_hash(HEARTH_TOKEN_FRESH, secret, hash))
        return err_set(err, HEARTH_ERR_NOT_FOUND, "no fresh sign-in");
    int r = STORAGE(storage, err, token_by_hash, hash, &row);
    if (r < 0)
        return r;
    if (row.scope != HEARTH_TOKEN_FRESH || strcmp(row.account, account) != 0 ||
        row.expires <= clock_now())
        return err_set(err, HEARTH_ERR_NOT_FOUND, "no fresh sign-in of this account");
    snprintf(id, sizeof(id), "%s", row.id);
    return STORAGE(storage, err, token_remove, account, id); /* the one who removes it has it */
}
