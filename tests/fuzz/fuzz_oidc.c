/* What an OpenID provider answers: its document, then tokens, then keys, then userinfo, with
 * 0x1e between them. Nobody is let in by it, for nobody has signed anything. */
#include <stdlib.h>
#include <string.h>

#include "auth/oidc_internal.h"
#include "base/magic.h"
#include "net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *answers;

/* In place of core/net's. */
int net_fetch(struct net *net, struct hearth_call *call, const struct hearth_http_request *request)
{
    (void)net;
    struct hearth_http_response response = {.struct_size = sizeof(response), .status = 200};
    char *body = answers;
    ASSERT(strncmp(request->url, "https://", 8) == 0 || strncmp(request->url, "http://", 7) == 0);
    ASSERT(request->named_by != NULL ||
           strcmp(request->url, "https://id.example.org/.well-known/openid-configuration") == 0);
    if (body == NULL)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "nobody answers");
    if ((answers = strchr(body, 0x1e)) != NULL)
        *answers++ = '\0';
    if (request->on_response(request->ctx, &response) != 0 ||
        request->on_body(request->ctx, body, strlen(body)) != 0)
        return HEARTH_ERR_CANCELLED;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oidc_config config = {.name = "fuzz",
                                 .issuer = "https://id.example.org",
                                 .client_id = "hearth",
                                 .client_secret = "secret",
                                 .scopes = "openid"};
    struct oidc_attempt attempt;
    struct oidc_person person;
    struct oidc *oidc;
    struct call call;
    struct err err = {0};
    char url[OIDC_URL_SIZE], *text = malloc(size + 1);
    if (text == NULL || auth_oidc_create(&config, NULL, &oidc, &err) != 0)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    answers = text;
    plug_call_init(&call, NULL, 0, 0);
    if (auth_oidc_begin(oidc, &call, "https://home.example.org/auth/oidc/callback", true, &attempt,
                        url, &err) == 0) {
        struct oidc_answer answer = {.code = "c", .state = attempt.state, .iss = config.issuer};
        ASSERT(strlen(url) < OIDC_URL_SIZE);
        int r = auth_oidc_finish(oidc, &call, "https://home.example.org/auth/oidc/callback",
                                 &attempt, &answer, &person, &err);
        ASSERT(r < 0 && err.text[0] != '\0');
    }
    plug_call_fini(&call);
    auth_oidc_destroy(oidc);
    free(text);
    return 0;
}
