/* API tokens: "hth_" and 43 characters of base64url (256 random bits). Only the SHA-256 of the whole text is stored. */
#ifndef HEARTH_CORE_AUTH_TOKEN_H
#define HEARTH_CORE_AUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

enum { TOKEN_SECRET_SIZE = 4 + 43 + 1, TOKEN_ID_SIZE = 12 + 1, TOKEN_HASH_SIZE = 32 };

struct token {
    char secret[TOKEN_SECRET_SIZE]; /* shown once; token_wipe() */
    char id[TOKEN_ID_SIZE];         /* public */
    uint8_t hash[TOKEN_HASH_SIZE];
};

void token_make(struct token *ret_token);
void token_wipe(struct token *token);
/* The hash of a secret of the right shape; false for any other text. */
bool token_hash(const char *secret, uint8_t ret_hash[TOKEN_HASH_SIZE]);
/* A random id of [a-z2-7]: for tokens and accounts. ret: size characters and a NUL. */
void token_random_id(char *ret, int size);

#endif
