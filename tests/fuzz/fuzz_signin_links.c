/* What people type, follow or are sent back with: secrets of links and tokens, short codes, set-up
 * codes, where a sign-in goes on, names of browsers. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/session.h"
#include "auth/token.h"
#include "auth/vault.h"
#include "base/magic.h"
#include "base/str.h"
#include "pages/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vault *made_vault(void)
{
    static struct vault *vault;
    char path[] = "/tmp/hearth-fuzz-XXXXXX";
    if (vault != NULL)
        return vault;
    int fd = mkstemp(path);
    ASSERT(fd >= 0 && unlink(path) == 0);
    close(fd);
    ASSERT(auth_vault_open(path, true, &vault, NULL) == 0);
    unlink(path);
    return vault;
}

/* Only what is as long as a secret and of its letters has a hash. */
static void check_secrets(const char *text)
{
    static const uint32_t scopes[] = {HEARTH_TOKEN_FULL, HEARTH_TOKEN_READ, HEARTH_TOKEN_BROWSER,
                                      HEARTH_TOKEN_LINK, HEARTH_TOKEN_CODE};
    uint8_t hash[TOKEN_HASH_SIZE], again[TOKEN_HASH_SIZE];
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (!auth_token_hash(scopes[i], text, hash))
            continue;
        ASSERT(scopes[i] == HEARTH_TOKEN_CODE || strlen(text) == TOKEN_SECRET_SIZE - 1);
        ASSERT(auth_token_hash(scopes[i], text, again) && memcmp(hash, again, sizeof(hash)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[SESSION_NAME_SIZE], *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    check_secrets(text);
    ASSERT(!signin_setup_code_is(made_vault(), text));
    const char *next = pages_form_next(text);
    ASSERT(next[0] == '/' && next[1] != '/' && next[1] != '\\');
    ASSERT(strlen(next) < SIGNIN_PENDING_NEXT_SIZE && strpbrk(next, " \t\r\n\\") == NULL);
    auth_session_name(text, name);
    ASSERT(name[0] != '\0' && str_is_utf8(name, strlen(name)));
    free(text);
    return 0;
}
