/* What the services leave in the audit trail (base/log.h). */
#include <strings.h>

#include "api/internal.h"
#include "base/log.h"
#include "base/metrics.h"
#include "signin/allow.h"

void api_audit_pairs(const struct api_call *call, const char *event, const struct log_pair *pairs)
{
    log_audit(event, LOG_TEXT("address", call->request->remote), LOG_TEXT("account", call->account),
              pairs[0]);
}

/* A session's end is no attack: only what somebody sends on purpose counts. A flood of wrong
 * tokens is in the log often enough to be seen, and does not fill it. Other sites cannot make a
 * browser send a token; what a proxy vouches for it vouches for with their requests, too, so
 * that is no failure which anybody counts. */
void api_audit_refused(struct api *api, const struct http_request *request, int code)
{
    bool token =
        request->authorization != NULL && strncasecmp(request->authorization, "Bearer ", 7) == 0;
    bool proxy = request->authorization == NULL && request->identity != NULL;
    if (!token && !proxy && code != API_BARRED)
        return;
    metrics_add(METRIC(SIGNIN_FAILURES, code != API_BARRED && token ? "wrong_token" : "refused"),
                1);
    if (rate_take_address(api->refused, request->remote) != 0)
        return;
    if (code == API_BARRED)
        log_audit("sign-in refused", LOG_TEXT("address", request->remote),
                  LOG_TEXT("email", proxy ? request->identity : NULL),
                  LOG_TEXT("provider", token   ? "token"
                                       : proxy ? "proxy"
                                               : "browser"),
                  LOG_TEXT("reason", ALLOW_REFUSED));
    else if (token)
        log_audit("sign-in failed", LOG_TEXT("address", request->remote),
                  LOG_TEXT("reason", "wrong_token"), LOG_TEXT("provider", "token"));
    else
        log_audit("sign-in refused", LOG_TEXT("address", request->remote),
                  LOG_TEXT("email", request->identity), LOG_TEXT("provider", "proxy"),
                  LOG_TEXT("reason", "no account"));
}

/* Each request says anew who it is: what is told is that somebody begins to come from somewhere. */
void api_audit_proxy(const struct api_call *call, const char *account)
{
    char key[128];
    snprintf(key, sizeof(key), "%s %s", account, call->request->remote);
    if (rate_take(call->api->vouched, key) == 0)
        log_audit("signed in", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("account", account), LOG_TEXT("provider", "proxy"));
}
