/* What a person changes here in what they see is told as what a sync changes is. */
#include <stdlib.h>

#include "api/internal.h"
#include "base/lock.h"

char *api_changed_event(int64_t generation, const char *const *collections)
{
    json_t *names = json_array();
    for (size_t i = 0; collections[i] != NULL; i++)
        json_array_append_new(names, json_string(collections[i]));
    json_t *event = json_pack("{s:s, s:I, s:o}", "event", "changed", "generation",
                              (json_int_t)generation, "collections", names);
    char *text = json_dumps(event, JSON_COMPACT);
    json_decref(event);
    return text;
}

void api_tell_changed(struct api *api, const char *account, int64_t generation,
                      const char *const *collections)
{
    api_changed(api, account, generation);
    if (api->options.notify_all == NULL)
        return;
    char *text = api_changed_event(generation, collections);
    lock_border("everybody is told of a change");
    if (text != NULL)
        api->options.notify_all(api->options.ctx, account, text);
    free(text);
}
