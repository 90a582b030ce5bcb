/* The address bar: /search, /suggest, and picks. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "api/search_run.h"
#include "base/clock.h"
#include "model/url.h"
#include "model/url_canonical.h"

enum { SUGGESTIONS = 10, INPUT_MAX = 256, PICKS_MOST = 10000 };

static json_t *search_tags_json(const char *tags)
{
    json_t *list = json_array();
    for (const char *p = tags; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n > 0)
            json_array_append_new(list, json_stringn(p, n));
        p += n + (p[n] == ',');
    }
    return list;
}

static int search_on_result(void *ctx, const struct api_search_result *result)
{
    static const char *const kinds[] = {[SEARCH_TAB] = "tab",
                                        [SEARCH_BOOKMARK] = "bookmark",
                                        [SEARCH_HISTORY] = "history",
                                        [SEARCH_KEYWORD] = "keyword"};
    const struct search_hit *hit = result->hit;
    char page[24];
    json_t *devices = json_array();
    snprintf(page, sizeof(page), "%lld", (long long)result->page);
    for (size_t i = 0; i < hit->device_count; i++)
        json_array_append_new(devices, json_pack("{s:s, s:s, s:o}", "id", hit->devices[i].id,
                                                 "name", hit->devices[i].name, "last_used",
                                                 api_time(hit->devices[i].last_used)));
    api_list_add(
        ctx, json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
                       kinds[hit->kind], "url", result->url, "title", result->title, "frecency",
                       (json_int_t)result->frecency, "last_visit", api_time(result->last_visit),
                       "tags", search_tags_json(result->tags), "bookmark",
                       api_text(result->bookmark), "keyword", api_text(result->keyword), "page",
                       result->page == 0 ? json_null() : json_string(page), "devices", devices));
    return 0;
}

/* "tabs,bookmarks": false: an unknown word. */
static bool parse_in(const char *text, uint32_t *ret)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } names[] = {{"tabs", SEARCH_IN_TABS},
                 {"bookmarks", SEARCH_IN_BOOKMARKS},
                 {"history", SEARCH_IN_HISTORY}};
    uint32_t in = 0;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ","), i = 0;
        while (i < 3 && (strlen(names[i].name) != n || memcmp(names[i].name, p, n) != 0))
            i++;
        if (i == 3)
            return false;
        in |= names[i].bit;
        p += n + (p[n] == ',');
    }
    *ret = in;
    return in != 0;
}

int api_search_get(struct api_call *call)
{
    const char *q, *in_text;
    size_t limit;
    uint32_t in = SEARCH_IN_ALL;
    if (!api_text_parameter(call, "q", &q) || !api_text_parameter(call, "in", &in_text) ||
        !api_limit(call, &limit))
        return 0;
    if (in_text != NULL && !parse_in(in_text, &in))
        return api_problem(call, 400, api_says_parameter_in());
    api_list_begin(call, "{\"results\":[");
    int r = api_search_run(call->api->options.search, call->storage, call->account,
                           call->generation, q == NULL ? "" : q, in, (uint32_t)limit,
                           &call->request->arena, search_on_result, call, &call->err);
    api_list_close(call, "]}");
    return r;
}

struct suggestions {
    json_t *titles, *descriptions, *urls;
};

static int suggest_on_result(void *ctx, const struct api_search_result *result)
{
    struct suggestions *s = ctx;
    if (!model_url_is_link(result->url))
        return 0;
    json_array_append_new(s->titles,
                          json_string(result->title[0] != '\0' ? result->title : result->url));
    json_array_append_new(s->descriptions, json_string(result->url));
    json_array_append_new(s->urls, json_string(result->url));
    return 0;
}

int api_suggest_get(struct api_call *call)
{
    const char *q;
    if (!api_text_parameter(call, "q", &q))
        return 0;
    struct suggestions s = {json_array(), json_array(), json_array()};
    int r = api_search_run(call->api->options.search, call->storage, call->account,
                           call->generation, q == NULL ? "" : q, SEARCH_IN_ALL, SUGGESTIONS,
                           &call->request->arena, suggest_on_result, &s, &call->err);
    json_t *all = json_pack("[s, o, o, o]", q == NULL ? "" : q, s.titles, s.descriptions, s.urls);
    api_reply_json(call, all);
    call->reply->content_type = API_SUGGESTIONS;
    return r;
}

/* What was picked before, for this input and page, and which pick is worth least. */
struct known {
    const char *input;
    int64_t page, now;
    struct hearth_pick found;
    size_t count;
    double least;
    struct hearth_pick least_pick; /* its input is least_input */
    char least_input[INPUT_MAX];
};

static int picked_on_pick(void *ctx, const struct hearth_pick *pick)
{
    struct known *known = ctx;
    if (pick->page == known->page && strcmp(pick->input, known->input) == 0) {
        known->found = *pick;
        return 1;
    }
    double worth = search_pick_worth(pick->use_count, pick->used, known->now);
    if ((known->count++ == 0 || worth < known->least) &&
        strlen(pick->input) < sizeof(known->least_input)) {
        known->least = worth;
        known->least_pick = *pick;
        snprintf(known->least_input, sizeof(known->least_input), "%s", pick->input);
    }
    return 0;
}

/* One more than is kept: what has faded most goes, as the address bar would hardly show it any
 * more. */
static int picked_make_room(struct api_call *call, const struct known *known)
{
    struct hearth_pick pick = known->least_pick;
    if (known->found.struct_size != 0 || known->count < PICKS_MOST)
        return 0;
    pick.input = known->least_input;
    pick.use_count = 0;
    return STORAGE(call->storage, &call->err, pick_put, call->account, &pick);
}

/* The page of a canonical URL, past the ids that other URLs have taken. */
static int find_picked(struct api_call *call, const char *url, int64_t *ret_page)
{
    for (int64_t id = model_page_id(url);; id = id == INT64_MAX ? 1 : id + 1) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        int r = STORAGE(call->storage, &call->err, page_get, call->account, id, &page);
        if (r < 0)
            return r;
        if (strcmp(page.url, url) == 0) {
            *ret_page = id;
            return 0;
        }
    }
}

/* The page of a URL: a bookmark's may have a user, history's has none. */
static int picked_find_page(struct api_call *call, const char *url, int64_t *ret_page)
{
    struct buf canonical = {0};
    int r = HEARTH_ERR_NOT_FOUND;
    for (unsigned how = 0; r == HEARTH_ERR_NOT_FOUND && how <= MODEL_URL_DROP_USER; how++) {
        r = model_url_canonical(url, strlen(url), how, &canonical);
        r = r < 0 && r != HEARTH_ERR_NOMEM ? find_picked(call, url, ret_page)
            : r < 0                        ? err_set(&call->err, r, "out of memory")
                                           : find_picked(call, canonical.data, ret_page);
    }
    buf_fini(&canonical);
    return r;
}

int api_search_picked_post(struct api_call *call)
{
    json_t *body = api_body(call);
    if (body == NULL)
        return 0;
    const char *q = json_string_value(json_object_get(body, "q")),
               *url = json_string_value(json_object_get(body, "url"));
    char input[INPUT_MAX];
    int64_t now = clock_now();
    struct known known = {.input = input, .now = now};
    int r = 0;
    if (q == NULL || url == NULL) {
        api_problem(call, 400, api_says_body_picked());
    } else {
        search_fold_input(q, input, sizeof(input));
        r = picked_find_page(call, url, &known.page);
        if (r == 0)
            r = STORAGE(call->storage, &call->err, pick_list, call->account, picked_on_pick,
                        &known);
        if (r == 0)
            r = picked_make_room(call, &known);
        struct hearth_pick pick = {
            .struct_size = sizeof(pick),
            .input = input,
            .page = known.page,
            .use_count = search_pick_again(known.found.use_count, known.found.used, now),
            .used = now,
        };
        if (r == 0)
            r = STORAGE(call->storage, &call->err, pick_put, call->account, &pick);
        if (r == 0) {
            /* the order of answers changed, the generation did not */
            api_response_cache_drop_account(call->api->cache, call->account);
            call->reply->status = 204;
        }
    }
    json_decref(body);
    return r;
}
