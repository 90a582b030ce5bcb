/* History by site: pages and visits of each host, the most visited first; from what is kept in
 * memory. */
#include <string.h>

#include "api/internal.h"
#include "search/history.h"

static void list_sites(struct api_call *call, const struct history *history, uint32_t first,
                       const char *part, size_t limit)
{
    size_t n = 0;
    uint32_t i = first;
    const struct history_site *last = NULL;
    bool more = false;
    for (; i < history->site_count && !more; i++) {
        const struct history_site *site = &history->sites[i];
        const char *host = history_host_name(history, site->host);
        if (part != NULL && strstr(host, part) == NULL)
            continue;
        more = n++ == limit;
        if (more)
            break;
        last = site;
        api_list_add(call, json_pack("{s:s, s:I, s:I, s:o}", "host", host, "pages",
                                     (json_int_t)site->pages, "visits", (json_int_t)site->visits,
                                     "last_visit", api_time(site->last_visit)));
    }
    search_looked_at(i - first);
    api_list_end(call, more ? api_make_cursor(call, 's', &last->visits, 1,
                                              history_host_name(history, last->host))
                            : NULL);
}

int api_history_sites_get(struct api_call *call)
{
    struct index *index;
    const char *q, *host = NULL;
    int64_t visits = 0;
    size_t limit;
    bool given;
    if (!api_limit(call, &limit) || !api_text_parameter(call, "q", &q) ||
        !api_cursor(call, 's', &visits, 1, &host, &given))
        return 0;
    int r = api_index(call, SEARCH_INDEX_HISTORY, &index);
    if (r < 0)
        return r;
    const struct history *history = history_of(index);
    api_list_begin(call, "{\"sites\":[");
    list_sites(call, history,
               given ? search_history_site_after(history, visits, host == NULL ? "" : host) : 0,
               api_lower(call, q), limit);
    search_index_done(call->api->options.search, index);
    return 0;
}
