/* History by site: pages and visits of each host, the most visited first. Read from the pages; one scan a request, and the answer is kept
 * while the account does not change. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "model/url.h"

enum { HOST_SIZE = API_HOST_MAX + 1, SITES_MAX = 1 << 18 };

struct site {
    const char *host; /* NULL: the place is free */
    int64_t pages, visits, last_visit;
};

struct sites {
    struct arena hosts; /* not the request's: that one is too small for a long life's sites */
    struct site *table; /* hashed by host, at most half full */
    size_t count, room; /* room: a power of two */
    bool failed;
};

static size_t hash(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (const char *p = text; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    return (size_t)(h ^ (h >> 32));
}

static struct site *place_of(const struct sites *sites, const char *host)
{
    size_t i = hash(host) & (sites->room - 1);
    while (sites->table[i].host != NULL && strcmp(sites->table[i].host, host) != 0)
        i = (i + 1) & (sites->room - 1);
    return &sites->table[i];
}

static bool grow(struct sites *sites)
{
    struct sites bigger = {.room = sites->room == 0 ? 1024 : sites->room * 2};
    bigger.table = calloc(bigger.room, sizeof(*bigger.table));
    if (bigger.table == NULL)
        return false;
    for (size_t i = 0; i < sites->room; i++)
        if (sites->table[i].host != NULL)
            *place_of(&bigger, sites->table[i].host) = sites->table[i];
    free(sites->table);
    sites->table = bigger.table;
    sites->room = bigger.room;
    return true;
}

static int on_page(void *ctx, const struct hearth_page *page)
{
    struct sites *sites = ctx;
    char host[HOST_SIZE];
    if (page->hidden || page->last_visit == 0)
        return 0;
    model_url_host(page->url, host, sizeof(host));
    if (host[0] == '\0')
        return 0;
    if (sites->count * 2 >= sites->room && !grow(sites)) {
        sites->failed = true;
        return 1;
    }
    struct site *site = place_of(sites, host);
    if (site->host == NULL && sites->count == SITES_MAX)
        return 0; /* pages come by frecency, so these are sites that are hardly used */
    if (site->host == NULL) {
        site->host = arena_strdup(&sites->hosts, host);
        if (site->host == NULL) {
            sites->failed = true;
            return 1;
        }
        sites->count++;
    }
    site->pages++;
    site->visits += page->visit_count;
    if (page->last_visit > site->last_visit)
        site->last_visit = page->last_visit;
    return 0;
}

/* The free places to the end; then most visits first, ties by host. */
static int by_visits(const void *a, const void *b)
{
    const struct site *x = a, *y = b;
    if (x->host == NULL || y->host == NULL)
        return (x->host == NULL) - (y->host == NULL);
    if (x->visits != y->visits)
        return x->visits < y->visits ? 1 : -1;
    return strcmp(x->host, y->host);
}

static void list(struct api_call *call, const struct sites *sites, const char *part, size_t limit, const struct site *after)
{
    size_t n = 0;
    const struct site *last = NULL;
    bool more = false;
    for (size_t i = 0; i < sites->count && !more; i++) {
        const struct site *site = &sites->table[i];
        if ((after != NULL && by_visits(site, after) <= 0) || (part != NULL && strstr(site->host, part) == NULL))
            continue;
        more = n++ == limit;
        if (more)
            break;
        last = site;
        api_list_add(call, json_pack("{s:s, s:I, s:I, s:o}", "host", site->host, "pages", (json_int_t)site->pages, "visits",
                                     (json_int_t)site->visits, "last_visit", api_time(site->last_visit)));
    }
    api_list_end(call, more && last != NULL ? api_make_cursor(call, 's', &last->visits, 1, last->host) : NULL);
}

int history_sites_get(struct api_call *call)
{
    struct sites sites = {0};
    struct site after = {0};
    const char *q;
    size_t limit;
    bool given;
    if (!api_limit(call, &limit) || !api_text_parameter(call, "q", &q) || !api_cursor(call, 's', &after.visits, 1, &after.host, &given))
        return 0;
    arena_init(&sites.hosts, (size_t)SITES_MAX * (HOST_SIZE + 16));
    int r = STORE(call->store, &call->err, pages_by_frecency, call->account, on_page, &sites);
    if (r == 0 && sites.failed)
        r = err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0) {
        if (sites.room > 0)
            qsort(sites.table, sites.room, sizeof(*sites.table), by_visits);
        api_list_begin(call, "{\"sites\":[");
        list(call, &sites, api_lower(call, q), limit, given ? &after : NULL);
    }
    free(sites.table);
    arena_fini(&sites.hosts);
    return r;
}
