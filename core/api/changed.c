/* What a person changes here in what they see is told as what a sync changes is. */
#include <stdlib.h>

#include "api/internal.h"
#include "base/lock.h"
#include "push/push.h"

void api_tell_changed(struct api *api, const char *account, int64_t generation, unsigned changed)
{
    api_changed(api, account, generation);
    push_note(api->options.push, account);
    if (api->options.notify_all == NULL)
        return;
    char *text = merge_changed_event(generation, changed);
    lock_border("everybody is told of a change");
    if (text != NULL)
        api->options.notify_all(api->options.ctx, account, text);
    free(text);
}
