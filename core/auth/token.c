#include "auth/token.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/magic.h"
#include "base/str.h"
#include "codec/codec.h"

void auth_token_random_id(char *ret, int size)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t bytes[64];
    ASSERT(size <= (int)sizeof(bytes) && RAND_bytes(bytes, size) == 1);
    for (int i = 0; i < size; i++)
        ret[i] = digits[bytes[i] & 31];
    ret[size] = '\0';
}

enum { BITS_SIZE = 32, TEXT_SIZE = 43, CODE_SIZE = 8 };

static const char *token_prefix_of_scope(uint32_t scope)
{
    switch (scope) {
    case HEARTH_TOKEN_BROWSER:
        return "hths_";
    case HEARTH_TOKEN_LINK:
        return "hthl_";
    case HEARTH_TOKEN_FRESH:
        return "hthf_";
    default:
        return "hth_";
    }
}

static void token_digest(const char *prefix, const char *text, size_t size,
                         uint8_t ret_hash[TOKEN_HASH_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ASSERT(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    ASSERT(EVP_DigestUpdate(context, prefix, strlen(prefix)) == 1 &&
           EVP_DigestUpdate(context, text, size) == 1);
    ASSERT(EVP_DigestFinal_ex(context, ret_hash, NULL) == 1);
    EVP_MD_CTX_free(context);
}

/* Crockford's base 32: no letter that looks like another. */
static const char code_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static bool code_hash(const char *typed, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
    char code[CODE_SIZE];
    size_t n = 0;
    for (const char *p = typed; *p != '\0'; p++) {
        char c = codec_lower(*p);
        if (c == ' ' || c == '-')
            continue;
        c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
        if (n == CODE_SIZE || strchr(code_digits, c) == NULL)
            return false;
        code[n++] = c;
    }
    if (n == CODE_SIZE)
        token_digest("hthc_", code, n, ret_hash);
    return n == CODE_SIZE;
}

bool auth_token_hash(uint32_t scope, const char *secret, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
    if (scope == HEARTH_TOKEN_CODE)
        return code_hash(secret, ret_hash);
    const char *prefix = token_prefix_of_scope(scope);
    size_t n = strlen(prefix);
    if (!str_starts(secret, prefix) || strnlen(secret, TOKEN_SECRET_SIZE) != n + TEXT_SIZE)
        return false;
    for (const char *c = secret + n; *c != '\0'; c++)
        if (!codec_is_alnum(*c) && *c != '-' && *c != '_')
            return false;
    token_digest(prefix, secret + n, TEXT_SIZE, ret_hash);
    return true;
}

static void make_code(struct token *token)
{
    uint8_t bytes[CODE_SIZE];
    ASSERT(RAND_priv_bytes(bytes, sizeof(bytes)) == 1);
    char *p = token->secret;
    for (int i = 0; i < CODE_SIZE; i++) {
        if (i == CODE_SIZE / 2)
            *p++ = '-';
        *p++ = code_digits[bytes[i] & 31];
    }
    *p = '\0';
    OPENSSL_cleanse(bytes, sizeof(bytes));
}

void auth_token_make(uint32_t scope, struct token *ret_token)
{
    uint8_t bytes[BITS_SIZE];
    char text[48];
    if (scope == HEARTH_TOKEN_CODE) {
        make_code(ret_token);
    } else {
        ASSERT(RAND_priv_bytes(bytes, sizeof(bytes)) == 1);
        codec_base64_encode(CODEC_URL, bytes, sizeof(bytes), text);
        snprintf(ret_token->secret, sizeof(ret_token->secret), "%s%s", token_prefix_of_scope(scope),
                 text);
        OPENSSL_cleanse(bytes, sizeof(bytes));
        OPENSSL_cleanse(text, sizeof(text));
    }
    auth_token_random_id(ret_token->id, TOKEN_ID_SIZE - 1);
    ASSERT(auth_token_hash(scope, ret_token->secret, ret_token->hash));
}

void auth_token_wipe(struct token *token)
{
    OPENSSL_cleanse(token, sizeof(*token));
}

bool auth_token_name_is_good(const char *name)
{
    size_t n = name == NULL ? 0 : strlen(name);
    return n > 0 && n <= TOKEN_NAME_MAX && str_is_utf8(name, n);
}
