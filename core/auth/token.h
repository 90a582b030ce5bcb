/* Secrets that are given out: 256 random bits as 43 characters of base64url behind a prefix that
 * says what they are good for. Only the SHA-256 of the whole text is stored. The short code for
 * devices that cannot follow a link has 40 bits, ten minutes and few attempts. */
#ifndef HEARTH_CORE_AUTH_TOKEN_H
#define HEARTH_CORE_AUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include "hearth/storage.h"

enum { TOKEN_SECRET_SIZE = 5 + 43 + 1, TOKEN_ID_SIZE = 12 + 1, TOKEN_HASH_SIZE = 32 };

/* As many as one account may have: API tokens of both scopes, browsers, open links (and codes,
 * and signs of a fresh sign-in). */
enum { TOKEN_MOST = 100, TOKEN_BROWSERS_MOST = 100, TOKEN_LINKS_MOST = 20 };

struct door;
struct err;
struct storage;

struct token {
    char secret[TOKEN_SECRET_SIZE]; /* shown once; auth_token_wipe() */
    char id[TOKEN_ID_SIZE];         /* public */
    uint8_t hash[TOKEN_HASH_SIZE];
    int64_t created, expires; /* auth_token_put() */
    /* auth_token_put(): the browser that was signed out to make room for this one; "" none */
    char ended[TOKEN_ID_SIZE];
};

/* scope: enum hearth_token_scope. Codes look like "4k7m-2w9q". */
void auth_token_make(uint32_t scope, struct token *ret_token);
void auth_token_wipe(struct token *token);
/* Makes one and stores its row. expires: ms since 1970; 0: never. What is over goes first. Where
 * there are as many as may be, the one whose last use is longest ago ends, except API tokens:
 * CONFLICT in words then, unless one is over. (Those who do this at the same moment may be let
 * in together.) door: what it is made with (auth/doors.h); NOT_FOUND: that has ended. */
int auth_token_put(struct storage *storage, const char *account, const struct door *door,
                   uint32_t scope, const char *name, int64_t expires, struct token *ret_token,
                   struct err *err);
/* The hash of a secret of the shape that belongs to the scope (FULL and READ have one); false
 * for any other text. Codes are taken in the way people type them. */
bool auth_token_hash(uint32_t scope, const char *secret, uint8_t ret_hash[TOKEN_HASH_SIZE]);
/* What people call a token: TOKEN_NAME_RULE. */
enum { TOKEN_NAME_MAX = 100 };
#define TOKEN_NAME_RULE "a text of 1 to 100 bytes"
bool auth_token_name_is_good(const char *name); /* NULL is none */
/* A random id of [a-z2-7]: for tokens and accounts. ret: size characters and a NUL. */
void auth_token_random_id(char *ret, int size);

#endif
