/* ID tokens of OpenID providers: the first line is the token, the rest the key set. Nothing that
 * was not signed for us is accepted. */
#include <stdlib.h>
#include <string.h>

#include "auth/oidc_internal.h"
#include "base/magic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oidc_expected expected = {"https://id.example.org", "hearth",
                                     "a nonce that nobody knows", 1795417404};
    struct err err = {0};
    char *text = malloc(size + 1);
    json_t *claims = NULL;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    char *newline = strchr(text, '\n');
    if (newline != NULL)
        *newline = '\0';
    json_t *keys = newline == NULL ? NULL : json_loads(newline + 1, 0, NULL);
    int r = auth_oidc_verify_token(text, keys, &expected, &claims, &err);
    ASSERT(r == HEARTH_ERR_DENIED || r == HEARTH_ERR_NOT_FOUND);
    ASSERT(err.text[0] != '\0');
    json_decref(keys);
    free(text);
    return 0;
}
