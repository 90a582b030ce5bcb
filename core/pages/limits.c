/* Who may try to sign in how often, and what the audit trail says of those who were not let in. */
#include "base/log.h"
#include "base/metrics.h"
#include "pages/internal.h"

/* Whoever floods is in the log often enough; the log is not theirs to fill. */
void pages_audit_failed(struct view_call *call, const char *reason, const char *email,
                        const char *provider)
{
    metrics_add(METRIC(SIGNIN_FAILURES, "failed"), 1);
    if (rate_take_address(call->pages->noted, call->request->remote) == 0)
        log_audit("sign-in failed", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("reason", reason), LOG_TEXT("provider", provider),
                  LOG_TEXT("email", email == NULL || email[0] == '\0' ? NULL : email));
}

void pages_audit_ended(struct view_call *call, const char *reason, const char *provider)
{
    metrics_add(METRIC(SIGNIN_FAILURES, "ended"), 1);
    if (rate_take_address(call->pages->noted, call->request->remote) == 0)
        log_audit("sign-in ended", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("reason", reason == NULL ? "refused" : reason),
                  LOG_TEXT("provider", provider));
}

bool pages_may_step(struct view_call *call)
{
    int64_t wait = rate_take_address(call->pages->steps, call->request->remote);
    if (wait > 0)
        pages_html_too_many(call, wait);
    return wait == 0;
}
