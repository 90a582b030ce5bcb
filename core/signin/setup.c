#include "signin/setup.h"

#include <string.h>

#include <openssl/crypto.h>

#include "auth/vault.h"

enum { LETTERS = 16 };

/* RFC 4648, without padding: five bits a letter. */
static void make_letters(const struct vault *vault, char ret_letters[LETTERS])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t secret[32];
    auth_vault_derive(vault, "hearth set-up code", secret);
    for (int i = 0; i < LETTERS; i++) {
        int bit = i * 5;
        unsigned pair = (unsigned)secret[bit / 8] << 8 | secret[bit / 8 + 1];
        ret_letters[i] = alphabet[pair >> (11 - bit % 8) & 31];
    }
    OPENSSL_cleanse(secret, sizeof(secret));
}

void signin_setup_code(const struct vault *vault, char ret_code[SETUP_CODE_SIZE])
{
    char letters[LETTERS];
    make_letters(vault, letters);
    char *out = ret_code;
    for (int i = 0; i < LETTERS; i++) {
        if (i > 0 && i % 4 == 0)
            *out++ = '-';
        *out++ = letters[i];
    }
    *out = '\0';
    OPENSSL_cleanse(letters, sizeof(letters));
}

bool signin_setup_code_is(const struct vault *vault, const char *typed)
{
    char letters[LETTERS], given[LETTERS] = {0};
    size_t n = 0;
    for (const char *p = typed; *p != '\0'; p++) {
        if (strchr("- \t", *p) != NULL)
            continue;
        if (n < LETTERS)
            given[n] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
        n++;
    }
    make_letters(vault, letters);
    bool same = CRYPTO_memcmp(letters, given, LETTERS) == 0;
    OPENSSL_cleanse(letters, sizeof(letters));
    return same && n == LETTERS;
}
