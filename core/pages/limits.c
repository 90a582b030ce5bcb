/* Who may try to sign in how often, and what the audit trail says of those who were not let in. */
#include "base/log.h"
#include "pages/internal.h"

/* Whoever floods is in the log often enough; the log is not theirs to fill. */
void page_audit_failed(struct page_call *call, const char *reason, const char *email, const char *provider)
{
    if (rate_take_address(call->pages->noted, call->request->remote) == 0)
        log_audit("sign-in failed", "address", call->request->remote, "reason", reason, "provider", provider, "email",
                  email == NULL || email[0] == '\0' ? NULL : email, NULL);
}

void page_audit_ended(struct page_call *call, const char *reason, const char *provider)
{
    if (rate_take_address(call->pages->noted, call->request->remote) == 0)
        log_audit("sign-in ended", "address", call->request->remote, "reason", reason == NULL ? "refused" : reason, "provider", provider,
                  NULL);
}

bool page_may_step(struct page_call *call)
{
    int64_t wait = rate_take_address(call->pages->steps, call->request->remote);
    if (wait > 0)
        page_too_many(call, wait);
    return wait == 0;
}
