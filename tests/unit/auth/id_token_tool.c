/* For test_id_tokens.py: reads lines {"token": …, "keys": …}, says for each what the checks of
 * ID tokens say. */
#include <stdio.h>
#include <stdlib.h>

#include "auth/oidc_internal.h"

int main(void)
{
    struct oidc_expected expected = {"https://id.example.org", "hearth", "n-0S6_WzA2Mj",
                                     1795417404};
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        json_t *asked = json_loads(line, 0, NULL), *claims = NULL;
        json_t *keys = json_loads(json_string_value(json_object_get(asked, "keys")),
                                  JSON_REJECT_DUPLICATES, NULL);
        struct err err = {0};
        int r = auth_oidc_verify_token(json_string_value(json_object_get(asked, "token")), keys,
                                       &expected, &claims, &err);
        printf("%s %s\n",
               r == 0                      ? "accepted"
               : r == HEARTH_ERR_NOT_FOUND ? "no-key"
               : r == HEARTH_ERR_DENIED    ? "refused"
                                           : "error",
               r == 0 ? json_string_value(json_object_get(claims, "sub")) : err.text);
        fflush(stdout);
        json_decref(claims);
        json_decref(keys);
        json_decref(asked);
    }
    free(line);
    return 0;
}
