/* What is forgotten when a token, session, name or account ends: here, and in the other
 * processes, which hear of it by an event. */
#include "api/internal.h"
#include "base/lock.h"
#include "base/log.h"

const char *api_ended_event(bool with_data)
{
    return with_data ? "{\"event\":\"ended\",\"data\":true}" : "{\"event\":\"ended\"}";
}

void api_heard_end(struct api *api, const char *account, bool with_data)
{
    if (with_data) {
        api_generations_forget(api->generations, account);
        api_response_cache_drop_account(api->cache, account);
        search_forget(api->options.search, account);
        if (api->options.account_removed != NULL)
            api->options.account_removed(api->options.ctx, account);
    }
    api_auth_forget_here(api, account);
}

int api_end(struct api *api, const char *account, bool with_data, struct err *err)
{
    api_heard_end(api, account, with_data);
    lock_border("other processes are told");
    return api->options.notify_others == NULL
               ? 0
               : api->options.notify_others(api->options.ctx, account, api_ended_event(with_data),
                                            err);
}

static void end_or_warn(struct api *api, const char *account, bool with_data)
{
    struct err err = {0};
    if (api_end(api, account, with_data, &err) < 0)
        log_event(HEARTH_LOG_WARNING, "api", "others not told", LOG_TEXT("account", account),
                  LOG_TEXT("error", err.text));
}

void api_forget_tokens(struct api *api, const char *account)
{
    end_or_warn(api, account, false);
}

void api_forget(struct api *api, const char *account)
{
    if (account == NULL) {
        api_generations_forget(api->generations, NULL);
        api_token_cache_clear(api->tokens);
        return;
    }
    end_or_warn(api, account, true);
}
