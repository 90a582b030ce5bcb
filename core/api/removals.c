/* What a person removes here and keeps out (core/merge/removed_here.h): made, listed, taken
 * back. */
#include <string.h>

#include "api/internal.h"
#include "auth/token.h"
#include "base/clock.h"
#include "merge/removed_here.h"
#include "model/url.h"
#include "model/url_canonical.h"

enum { REMOVAL_ID = 16 };

/* --- done here, and told --- */

int api_removal_put(struct api *api, struct node_storages *storages, struct storage *storage,
                    const char *account, struct hearth_removed_here *removed,
                    struct removed_here_result *ret_result, struct err *err)
{
    char id[REMOVAL_ID + 1];
    auth_token_random_id(id, REMOVAL_ID);
    removed->struct_size = sizeof(*removed);
    removed->id = id;
    removed->created = clock_now();
    if (removed->host == NULL)
        removed->host = "";
    /* a site or a time may be most of what is here */
    nodes_storages_deadline(storages, clock_monotonic() + api->options.export_timeout);
    int r = merge_removed_here_put(storage, account, removed, ret_result, err);
    removed->id = r == 0 ? ret_result->id : "";
    /* what was typed for it has no generation; and when it failed it may be there */
    api_response_cache_drop_account(api->cache, account);
    if (r == 0 && ret_result->generation != 0)
        api_tell_changed(api, account, ret_result->generation, API_REMOVAL_CHANGES);
    return r;
}

static int removal_count(void *ctx, const struct hearth_removed_here *removed)
{
    (void)removed;
    (*(size_t *)ctx)++;
    return 0;
}

bool api_removals_are_full(struct storage *storage, const char *account)
{
    struct err why;
    size_t count = 0;
    int r = STORAGE(storage, &why, removed_here_list, account, removal_count, &count);
    plug_storage_reset(storage);
    return r == 0 && count >= REMOVED_HERE_MAX;
}

struct removal_wanted {
    const char *id;
    bool found;
};

static int removal_is_wanted(void *ctx, const struct hearth_removed_here *removed)
{
    struct removal_wanted *wanted = ctx;
    wanted->found = strcmp(removed->id, wanted->id) == 0;
    return wanted->found;
}

int api_removal_take_back(struct storage *storage, const char *account, const char *id,
                          struct err *err)
{
    struct removal_wanted wanted = {.id = id};
    struct hearth_account row = {.struct_size = sizeof(row)};
    int r = STORAGE(storage, err, removed_here_list, account, removal_is_wanted, &wanted);
    plug_storage_reset(storage);
    if (r == 0 && !wanted.found)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "no such removal");
    if (r == 0)
        r = STORAGE(storage, err, account_get, account, &row);
    if (r < 0)
        return r;
    /* What its source still has comes with a complete sync alone, which has to begin after the
     * removal is gone. A sync that is under way, and ends in between, is told by the request. */
    row.resync = 1;
    row.next_sync = 1;
    uint64_t fields = HEARTH_ACCOUNT_RESYNC | HEARTH_ACCOUNT_ASKED |
                      (row.state == HEARTH_ACCOUNT_PAUSED ? 0 : HEARTH_ACCOUNT_NEXT_SYNC);
    r = STORAGE(storage, err, removed_here_remove, account, id);
    return r == 0 ? STORAGE(storage, err, account_update, &row, fields) : r;
}

/* --- what somebody says --- */

static bool removal_check_span(const struct api_removal_said *said,
                               struct hearth_removed_here *removed, struct hearth_sentence *ret_why)
{
    removed->from_date = said->since;
    removed->to_date = said->until;
    bool good = said->since >= 0 && said->since <= HEARTH_DATE_MAX && said->until >= 0 &&
                said->until <= HEARTH_DATE_MAX &&
                (said->since == 0 || said->until == 0 || said->since < said->until);
    if (!good)
        *ret_why = api_says_removal_span();
    else if (removed->kind == HEARTH_REMOVED_HERE_SPAN && said->since == 0 && said->until == 0)
        *ret_why = api_says_removal_open();
    else
        return true;
    return false;
}

static bool removal_check_page(const struct api_removal_said *said,
                               struct hearth_removed_here *removed, struct hearth_sentence *ret_why)
{
    removed->page = said->page;
    if (said->page <= 0)
        *ret_why = api_says_removal_page();
    return said->page > 0;
}

static bool removal_check_visit(const struct api_removal_said *said,
                                struct hearth_removed_here *removed,
                                struct hearth_sentence *ret_why)
{
    bool good =
        said->date <= HEARTH_DATE_MAX && said->type >= 1 && said->type <= API_REMOVAL_TYPE_MAX;
    if (!good) {
        *ret_why = api_says_removal_visit();
        return false;
    }
    removed->date = said->date;
    removed->type = (int32_t)said->type;
    return removal_check_page(said, removed, ret_why);
}

static bool removal_check_kind(const struct api_removal_said *said, char host[API_REMOVAL_HOST],
                               struct hearth_removed_here *removed, struct hearth_sentence *ret_why)
{
    removed->kind = api_removed_here_kind(said->kind);
    switch (removed->kind) {
    case HEARTH_REMOVED_HERE_VISIT:
        return removal_check_visit(said, removed, ret_why);
    case HEARTH_REMOVED_HERE_PAGE:
        return removal_check_page(said, removed, ret_why) &&
               removal_check_span(said, removed, ret_why);
    case HEARTH_REMOVED_HERE_SITE:
        removed->host = host;
        if (said->host != NULL && model_url_canonical_host(said->host, host, API_REMOVAL_HOST))
            return removal_check_span(said, removed, ret_why);
        *ret_why = api_says_removal_host();
        return false;
    case HEARTH_REMOVED_HERE_SPAN:
        return removal_check_span(said, removed, ret_why);
    default:
        *ret_why = api_says_removal_kind();
        return false;
    }
}

bool api_removal_check(const struct api_removal_said *said, char host[API_REMOVAL_HOST],
                       struct hearth_removed_here *ret_removed, struct hearth_sentence *ret_why)
{
    struct hearth_removed_here removed = {0};
    bool good = removal_check_kind(said, host, &removed, ret_why);
    if (good)
        *ret_removed = removed;
    return good;
}

/* --- as JSON says it --- */

/* 0: not said, or nothing that a page has as its id. */
static int64_t removal_page_of(const json_t *body)
{
    const char *page = json_string_value(json_object_get(body, "page")),
               *url = json_string_value(json_object_get(body, "url"));
    struct buf canonical = {0};
    int64_t id = 0;
    if (page != NULL && url == NULL)
        str_to_int(page, &id);
    else if (page == NULL && url != NULL &&
             model_url_canonical(url, strlen(url), MODEL_URL_DROP_USER, &canonical) == 0)
        id = model_page_id(canonical.data);
    buf_fini(&canonical);
    return id;
}

/* Absent or null: open. -1: no time. */
static int64_t removal_time_of(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    if (value == NULL || json_is_null(value))
        return 0;
    return json_integer_value(value) > 0 ? json_integer_value(value) : -1;
}

static bool removal_read_body(struct api_call *call, const json_t *body,
                              char host[API_REMOVAL_HOST], struct hearth_removed_here *ret_removed)
{
    const json_t *date = json_object_get(body, "date"), *type = json_object_get(body, "type");
    const struct api_removal_said said = {
        .kind = json_string_value(json_object_get(body, "kind")),
        .host = json_string_value(json_object_get(body, "host")),
        .page = removal_page_of(body),
        .date = json_integer_value(date),
        .type = json_is_integer(date) ? json_integer_value(type) : 0,
        .since = removal_time_of(body, "since"),
        .until = removal_time_of(body, "until"),
    };
    struct hearth_sentence why;
    bool good = api_removal_check(&said, host, ret_removed, &why);
    if (!good)
        api_problem(call, 400, why);
    return good;
}

/* --- POST --- */

int api_removals_post(struct api_call *call)
{
    char host[API_REMOVAL_HOST];
    struct hearth_removed_here removed = {0};
    struct removed_here_result result;
    json_t *body = api_body(call);
    bool good = body != NULL && removal_read_body(call, body, host, &removed);
    json_decref(body);
    if (!good)
        return 0;
    int r = api_removal_put(call->api, call->storages, call->storage, call->account, &removed,
                            &result, &call->err);
    if (r == HEARTH_ERR_FULL && api_removals_are_full(call->storage, call->account))
        return api_problem(call, 409, api_says_too_many_removals(REMOVED_HERE_MAX));
    if (r < 0)
        return r;
    api_audit(call, "history removed here");
    json_t *row = api_removed_here_json(&removed);
    if (row != NULL)
        json_object_set_new(row, "url", json_null());
    api_reply_json(call, json_pack("{s:o, s:I, s:I}", "removal", row, "pages",
                                   (json_int_t)result.pages, "visits", (json_int_t)result.visits));
    call->reply->status = 201;
    http_reply_header(call->reply, "cache-control", "no-store");
    return 0;
}

/* --- GET: the storage has the oldest first, the list the newest --- */

struct removal_listing {
    struct api_call *call;
    bool given;
    int64_t created; /* of the cursor */
    const char *id;
    size_t older, skip, limit, count; /* older: than the cursor */
    json_t **rows;                    /* as the storage has them */
    int64_t *pages;
};

static bool removal_is_older(const struct removal_listing *listing,
                             const struct hearth_removed_here *removed)
{
    return !listing->given || removed->created < listing->created ||
           (removed->created == listing->created && strcmp(removed->id, listing->id) < 0);
}

static int removal_count_older(void *ctx, const struct hearth_removed_here *removed)
{
    struct removal_listing *listing = ctx;
    listing->older += removal_is_older(listing, removed);
    return 0;
}

static int removal_keep(void *ctx, const struct hearth_removed_here *removed)
{
    struct removal_listing *listing = ctx;
    if (listing->skip > 0) {
        listing->skip--;
        return 0;
    }
    if (listing->count == listing->limit || !removal_is_older(listing, removed))
        return 1;
    listing->pages[listing->count] = removed->page;
    listing->rows[listing->count++] = api_removed_here_json(removed);
    return 0;
}

/* Of an address nothing is kept, but a page that is bookmarked is here. */
static int removal_on_page(void *ctx, const struct hearth_page *page)
{
    struct removal_listing *listing = ctx;
    for (size_t i = 0; i < listing->count; i++)
        if (listing->pages[i] == page->id)
            json_object_set_new(listing->rows[i], "url", json_string(page->url));
    return 0;
}

static int removal_find_urls(struct removal_listing *listing)
{
    struct api_call *call = listing->call;
    int64_t *ids = arena_alloc(&call->request->arena, (listing->count + 1) * sizeof(*ids));
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        json_object_set_new(listing->rows[i], "url", json_null());
        size_t k = 0;
        while (ids != NULL && k < count && ids[k] != listing->pages[i])
            k++;
        if (ids != NULL && k == count && listing->pages[i] != 0)
            ids[count++] = listing->pages[i];
    }
    plug_storage_reset(call->storage);
    return ids == NULL  ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory")
           : count == 0 ? 0
                        : plug_storage_pages_get(call->storage, call->account, ids, count,
                                                 removal_on_page, listing, &call->err);
}

static int removal_read(struct removal_listing *listing)
{
    struct api_call *call = listing->call;
    int r = STORAGE(call->storage, &call->err, removed_here_list, call->account,
                    removal_count_older, listing);
    plug_storage_reset(call->storage);
    listing->skip = listing->older > listing->limit ? listing->older - listing->limit : 0;
    listing->rows =
        arena_alloc(&call->request->arena, (listing->limit + 1) * sizeof(*listing->rows));
    listing->pages =
        arena_alloc(&call->request->arena, (listing->limit + 1) * sizeof(*listing->pages));
    if (r == 0 && (listing->rows == NULL || listing->pages == NULL))
        r = err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        r = STORAGE(call->storage, &call->err, removed_here_list, call->account, removal_keep,
                    listing);
    return r == 0 ? removal_find_urls(listing) : r;
}

int api_removals_get(struct api_call *call)
{
    struct removal_listing listing = {.call = call};
    if (!api_limit(call, &listing.limit) ||
        !api_cursor(call, 'r', &listing.created, 1, &listing.id, &listing.given))
        return 0;
    int r = removal_read(&listing);
    char *next = NULL;
    if (r == 0 && listing.count > 0 && listing.older > listing.limit) {
        const json_t *last = listing.rows[0];
        int64_t created = json_integer_value(json_object_get(last, "created"));
        next =
            api_make_cursor(call, 'r', &created, 1, json_string_value(json_object_get(last, "id")));
    }
    http_reply_header(call->reply, "cache-control", "no-store");
    api_list_begin(call, "{\"removals\":[");
    while (listing.count > 0)
        api_list_add(call, listing.rows[--listing.count]);
    api_list_end(call, next);
    return r;
}

int api_removal_delete(struct api_call *call)
{
    int r =
        api_removal_take_back(call->storage, call->account, call->request->argument, &call->err);
    if (r < 0)
        return r;
    api_audit(call, "history kept out no longer");
    call->reply->status = 204;
    return 0;
}
