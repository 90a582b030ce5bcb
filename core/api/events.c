/* Live events: the stream itself is core/http's. */
#include <string.h>

#include "api/internal.h"

int events_get(struct api_call *call)
{
    const char *last = call->request->last_event_id;
    int64_t seen;
    call->reply->status = 200;
    call->reply->events_channel = arena_strdup(&call->request->arena, call->account);
    /* Who comes back after a gap hears at once that something has changed. */
    if (last != NULL && str_to_int(last, &seen) && seen < call->generation)
        buf_printf(
            &call->reply->body,
            "id: %lld\nevent: changed\ndata: {\"generation\":%lld,\"collections\":[\"devices\",\"tabs\",\"bookmarks\",\"history\"]}\n\n",
            (long long)call->generation, (long long)call->generation);
    return 0;
}
