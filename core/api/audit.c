/* What the services leave in the audit trail (base/log.h). */
#include <strings.h>

#include "api/internal.h"
#include "base/log.h"
#include "signin/allow.h"

void api_audit(const struct api_call *call, const char *event, const char *key, const char *value)
{
    log_audit(event, "address", call->request->remote, "account", call->account, key, value, NULL);
}

/* A session's end is no attack: only what somebody sends on purpose counts. A flood of wrong tokens is in the log often enough to be seen,
 * and does not fill it. Other sites cannot make a browser send a token; what a proxy vouches for it vouches for with their requests, too,
 * so that is no failure which anybody counts. */
void api_audit_refused(struct api *api, const struct http_request *request, int code)
{
    bool token = request->authorization != NULL && strncasecmp(request->authorization, "Bearer ", 7) == 0;
    bool proxy = request->authorization == NULL && request->identity != NULL;
    if ((!token && !proxy && code != API_BARRED) || rate_take_address(api->refused, request->remote) != 0)
        return;
    if (code == API_BARRED)
        log_audit("sign-in refused", "address", request->remote, "email", proxy ? request->identity : NULL, "provider",
                  token   ? "token"
                  : proxy ? "proxy"
                          : "browser",
                  "reason", ALLOW_REFUSED, NULL);
    else if (token)
        log_audit("sign-in failed", "address", request->remote, "reason", "wrong_token", "provider", "token", NULL);
    else
        log_audit("sign-in refused", "address", request->remote, "email", request->identity, "provider", "proxy", "reason", "no account",
                  NULL);
}

/* Each request says anew who it is: what is told is that somebody begins to come from somewhere. */
void api_audit_proxy(const struct api_call *call, const char *account)
{
    char key[128];
    snprintf(key, sizeof(key), "%s %s", account, call->request->remote);
    if (rate_take(call->api->vouched, key) == 0)
        log_audit("signed in", "address", call->request->remote, "account", account, "provider", "proxy", NULL);
}
