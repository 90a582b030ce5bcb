/* Who a message is from: RFC 8292. A database has one key pair, made once, sealed in a property. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "push/push.h"

#define PROPERTY "push_key"
#define CONTEXT  "push key"

enum { SEALED = sizeof(struct jose_ec_key) + VAULT_OVERHEAD, TEXT = (SEALED + 2) / 3 * 4 + 1 };

/* Which of the vault's keys has sealed it: behind a byte for the format. */
static bool is_of_newest_key(const struct vault *vault, const uint8_t *sealed, size_t size)
{
    struct auth_vault_key newest;
    auth_vault_key(vault, 0, &newest);
    return size >= 5 && ((uint32_t)sealed[1] << 24 | (uint32_t)sealed[2] << 16 |
                         (uint32_t)sealed[3] << 8 | sealed[4]) == newest.number;
}

static int key_put(const struct vault *vault, struct storage *storage,
                   const struct jose_ec_key *key, bool replace, struct err *err)
{
    char text[TEXT];
    void *sealed = NULL;
    size_t size = 0;
    int r = auth_vault_seal(vault, CONTEXT, key, sizeof(*key), &sealed, &size, err);
    if (r < 0)
        return r;
    codec_base64_encode(CODEC_URL, sealed, size, text);
    free(sealed);
    r = STORAGE(storage, err, property_put, PROPERTY, text, replace);
    plug_storage_reset(storage);
    return r;
}

static int key_read(const struct vault *vault, struct storage *storage, struct jose_ec_key *ret_key,
                    bool *ret_newest, struct err *err)
{
    const char *text;
    uint8_t sealed[TEXT];
    size_t size = 0, plain_size = 0;
    void *plain = NULL;
    struct err why = {0};
    int r = STORAGE(storage, &why, property_get, PROPERTY, &text);
    if (r == HEARTH_ERR_DENIED) /* by the database: DENIED is the vault's word for another key */
        r = why.code = HEARTH_ERR_IO;
    if (r == 0 && (strlen(text) >= TEXT ||
                   codec_base64_decode(CODEC_URL, text, strlen(text), sealed, &size) < 0))
        r = err_set(&why, HEARTH_ERR_CORRUPT, "the property " PROPERTY " cannot be read");
    if (r == 0)
        r = auth_vault_unseal(vault, CONTEXT, sealed, size, &plain, &plain_size, &why);
    if (r == 0 && plain_size != sizeof(*ret_key))
        r = err_set(&why, HEARTH_ERR_CORRUPT, "the property " PROPERTY " is no key");
    if (r == 0) {
        memcpy(ret_key, plain, sizeof(*ret_key));
        *ret_newest = is_of_newest_key(vault, sealed, size);
    }
    auth_vault_free(plain, plain_size);
    plug_storage_reset(storage);
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

int push_key_get(const struct vault *vault, struct storage *storage, struct jose_ec_key *ret_key,
                 struct err *err)
{
    bool newest;
    return key_read(vault, storage, ret_key, &newest, err);
}

int push_key_look_after(const struct vault *vault, struct storage *storage,
                        struct jose_ec_key *ret_key, struct err *err)
{
    bool newest = true;
    int r = key_read(vault, storage, ret_key, &newest, err);
    /* after a rotation: another process that does the same does no harm */
    return r == 0 && !newest ? key_put(vault, storage, ret_key, true, err) : r;
}

int push_key_make(const struct vault *vault, struct storage *storage, bool replace,
                  struct jose_ec_key *ret_key, struct err *err)
{
    struct jose_ec_key key;
    struct err why = {0};
    int r = jose_ec_make(&key);
    if (r < 0)
        return err_set(err, r, "OpenSSL cannot make a key");
    r = key_put(vault, storage, &key, replace, &why);
    explicit_bzero(&key, sizeof(key));
    if (r < 0 && r != HEARTH_ERR_CONFLICT) { /* another process was faster: its key counts */
        if (err != NULL)
            *err = why;
        return r;
    }
    return push_key_get(vault, storage, ret_key, err);
}

int push_authorization(const struct jose_ec_key *key, const char *origin, const char *contact,
                       int64_t now, char ret_text[PUSH_AUTHORIZATION_SIZE], struct err *err)
{
    char token[PUSH_AUTHORIZATION_SIZE - JOSE_EC_POINT_SIZE - 32], point[JOSE_EC_POINT_SIZE];
    json_t *claims =
        json_pack("{s:s, s:I}", "aud", origin, "exp", (json_int_t)(now / 1000 + PUSH_TOKEN_LIFE));
    if (contact != NULL)
        json_object_set_new(claims, "sub", json_string(contact));
    char *text = json_dumps(claims, JSON_COMPACT);
    json_decref(claims);
    int r = text == NULL ? HEARTH_ERR_NOMEM : jose_jws_sign(key, text, token, sizeof(token));
    free(text);
    if (r < 0)
        return err_set(err, r, "the message cannot be signed (%s)", err_text(r));
    jose_ec_point(key, point);
    snprintf(ret_text, PUSH_AUTHORIZATION_SIZE, "vapid t=%s, k=%s", token, point);
    return 0;
}
