#include "auth/token.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/magic.h"
#include "base/str.h"

void token_random_id(char *ret, int size)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t bytes[64];
    ASSERT(size <= (int)sizeof(bytes) && RAND_bytes(bytes, size) == 1);
    for (int i = 0; i < size; i++)
        ret[i] = digits[bytes[i] & 31];
    ret[size] = '\0';
}

bool token_hash(const char *secret, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t size = strnlen(secret, TOKEN_SECRET_SIZE);
    if (size != TOKEN_SECRET_SIZE - 1 || !str_starts(secret, "hth_") || strspn(secret + 4, allowed) != size - 4)
        return false;
    unsigned n;
    ASSERT(EVP_Digest(secret, size, ret_hash, &n, EVP_sha256(), NULL) == 1);
    return true;
}

void token_make(struct token *ret_token)
{
    uint8_t bytes[32];
    char text[48];
    ASSERT(RAND_priv_bytes(bytes, sizeof(bytes)) == 1);
    str_base64url(bytes, sizeof(bytes), text);
    snprintf(ret_token->secret, sizeof(ret_token->secret), "hth_%s", text);
    token_random_id(ret_token->id, TOKEN_ID_SIZE - 1);
    ASSERT(token_hash(ret_token->secret, ret_token->hash));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(text, sizeof(text));
}

void token_wipe(struct token *token)
{
    OPENSSL_cleanse(token, sizeof(*token));
}
