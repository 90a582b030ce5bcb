#include "auth/fresh.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

const char *fresh_cookie_name(bool tls)
{
    return tls ? "__Host-hearth_fresh" : "hearth_fresh";
}

int fresh_create(struct store *store, const char *account, const struct door *door, const char *session, struct token *ret_token,
                 struct err *err)
{
    return token_put(store, account, door, HEARTH_TOKEN_FRESH, session, clock_now() + FRESH_LIFE, ret_token, err);
}

int fresh_use(struct store *store, const char *account, const char *secret, struct err *err)
{
    struct hearth_token row = {.struct_size = sizeof(row)};
    uint8_t hash[TOKEN_HASH_SIZE];
    char id[TOKEN_ID_SIZE];
    if (secret == NULL || !token_hash(HEARTH_TOKEN_FRESH, secret, hash))
        return err_set(err, HEARTH_ERR_NOT_FOUND, "no fresh sign-in");
    int r = STORE(store, err, token_by_hash, hash, &row);
    if (r < 0)
        return r;
    if (row.scope != HEARTH_TOKEN_FRESH || strcmp(row.account, account) != 0 || row.expires <= clock_now())
        return err_set(err, HEARTH_ERR_NOT_FOUND, "no fresh sign-in of this account");
    snprintf(id, sizeof(id), "%s", row.id);
    return STORE(store, err, token_remove, account, id); /* the one who removes it has it */
}
