/* Visits, newest first, and days. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "api/timezone.h"
#include "base/clock.h"
#include "model/page.h"
#include "model/url_canonical.h"
#include "search/history.h"
#include "search/text_filter.h"

enum { DAYS_MAX = 400, HOST_SIZE = 256 };
static const int64_t DAY = 24 * 60 * 60 * 1000;

struct listing {
    struct api_call *call;
    size_t limit, count;
    int64_t after[3]; /* date, page, type of the last row */
    bool more;
};

static void add_visit(struct api_call *call, const struct hearth_visit_row *row)
{
    char page[24];
    snprintf(page, sizeof(page), "%lld", (long long)row->page);
    api_list_add(call, json_pack("{s:s, s:o, s:I, s:i, s:s, s:b}", "url", row->url, "title",
                                 api_text(row->title), "date", (json_int_t)row->date, "type",
                                 (int)row->type, "page", page, "bookmarked", row->bookmarked));
}

static int history_list_visit(void *ctx, const struct hearth_visit_row *row)
{
    struct listing *listing = ctx;
    if (!model_visit_is_listed(row->type))
        return 0;
    if (listing->count == listing->limit) {
        listing->more = true;
        return 1;
    }
    add_visit(listing->call, row);
    listing->count++;
    listing->after[0] = row->date;
    listing->after[1] = row->page;
    listing->after[2] = row->type;
    return 0;
}

/* --- visits that are still to come (a clock was wrong) stand behind all others --- */

/* The two parts of a list: until `soon`, and from then on. A cursor is in the part of its date. */
struct history_part {
    bool to_come;
    int64_t from, to;
};

static struct history_part first_part(int64_t from, int64_t to, int64_t after, int64_t soon)
{
    bool to_come = after >= soon;
    return (struct history_part){.to_come = to_come,
                                 .from = to_come && from < soon ? soon : from,
                                 .to = !to_come && (to == 0 || to > soon) ? soon : to};
}

/* False: there is none. */
static bool second_part(struct history_part *part, int64_t from, int64_t to, int64_t soon)
{
    if (part->to_come || (to != 0 && to <= soon))
        return false;
    *part = (struct history_part){.to_come = true, .from = from < soon ? soon : from, .to = to};
    return true;
}

/* --- filtered: found in memory, and read from the storage are the rows that are shown --- */

struct shown {
    struct arena *arena;
    struct hearth_visit_row *rows; /* as found: date, page, type */
    size_t count;
};

static int history_keep_page(void *ctx, const struct hearth_page *page)
{
    struct shown *shown = ctx;
    const char *url = arena_strdup(shown->arena, page->url);
    const char *title =
        arena_strdup(shown->arena, page->title != NULL ? page->title : page->bookmark_title);
    for (size_t i = 0; i < shown->count; i++) {
        if (shown->rows[i].page != page->id)
            continue;
        shown->rows[i].url = url;
        shown->rows[i].title = title;
        shown->rows[i].bookmarked = page->bookmarks > 0;
    }
    return 0;
}

static int history_read_shown(struct api_call *call, const struct history_found *found,
                              struct shown *shown)
{
    *shown = (struct shown){.arena = &call->request->arena, .count = found->count};
    int64_t *ids = arena_alloc(shown->arena, (found->count + 1) * sizeof(*ids));
    shown->rows = arena_alloc(shown->arena, (found->count + 1) * sizeof(*shown->rows));
    if (ids == NULL || shown->rows == NULL)
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct history_place *place = &found->visits[i];
        shown->rows[i] = (struct hearth_visit_row){
            .date = place->date, .page = place->page, .type = place->type};
        size_t k = 0;
        while (k < count && ids[k] != place->page)
            k++;
        if (k == count)
            ids[count++] = place->page;
    }
    return count == 0 ? 0
                      : plug_storage_pages_get(call->storage, call->account, ids, count,
                                               history_keep_page, shown, &call->err);
}

static int history_list_filtered(struct api_call *call, const struct history_query *query)
{
    struct index *index;
    struct history_found found = {0};
    struct shown shown;
    int r = api_index(call, SEARCH_INDEX_HISTORY, &index);
    if (r < 0)
        return r;
    r = search_history_find(history_of(index), query, &call->request->arena, &found);
    search_index_done(call->api->options.search, index);
    r = r < 0 ? err_set(&call->err, r, "out of memory") : history_read_shown(call, &found, &shown);
    if (r < 0)
        return r;
    api_list_begin(call, "{\"visits\":[");
    for (size_t i = 0; i < shown.count; i++)
        if (shown.rows[i].url != NULL) /* NULL: it went since */
            add_visit(call, &shown.rows[i]);
    const struct history_place *last = found.count == 0 ? NULL : &found.visits[found.count - 1];
    const int64_t after[3] = {last == NULL ? 0 : last->date, last == NULL ? 0 : last->page,
                              last == NULL ? 0 : last->type};
    api_list_end(call, found.more ? api_make_cursor(call, 'v', after, 3, NULL) : NULL);
    return 0;
}

/* --- the list --- */

/* Nothing of the second part is shown on the page that the first one fills: then only whether
 * there is any matters. */
static int list_parts(struct api_call *call, struct hearth_visit_query *query,
                      struct listing *listing)
{
    int64_t from = query->from, to = query->to, soon = call->now + MODEL_VISIT_AHEAD;
    struct history_part part = first_part(from, to, query->after_date, soon);
    int r;
    do {
        query->from = part.from;
        query->to = part.to;
        r = STORAGE(call->storage, &call->err, visit_list, call->account, query, history_list_visit,
                    listing);
        query->after_date = query->after_page = query->after_type = 0;
    } while (r == 0 && !listing->more && second_part(&part, from, to, soon));
    return r;
}

/* False: it was refused. canonical: room for a host. */
static bool history_parse(struct api_call *call, char canonical[HOST_SIZE],
                          struct hearth_visit_query *ret_query, const char **ret_words,
                          size_t *ret_limit)
{
    const char *host;
    int64_t after[3] = {0};
    bool given;
    *ret_query = (struct hearth_visit_query){.struct_size = sizeof(*ret_query)};
    if (!api_limit(call, ret_limit) || !api_text_parameter(call, "q", ret_words) ||
        !api_text_parameter(call, "host", &host) ||
        !api_int_parameter(call, "from", 0, &ret_query->from) ||
        !api_int_parameter(call, "to", 0, &ret_query->to) ||
        !api_cursor(call, 'v', after, 3, NULL, &given))
        return false;
    ret_query->host = host != NULL && model_url_canonical_host(host, canonical, HOST_SIZE)
                          ? canonical
                          : api_lower(call, host);
    ret_query->after_date = after[0];
    ret_query->after_page = after[1];
    ret_query->after_type = after[2];
    /* one tells that there are more; redirects and what was embedded are read and not shown */
    ret_query->rows = (int64_t)(*ret_limit + *ret_limit / 8 + 4);
    return true;
}

/* The first part of list_parts(). Lists of a word are found in memory. */
void api_history_ask(struct api_call *call)
{
    struct hearth_visit_query query;
    const char *q;
    size_t limit;
    char canonical[HOST_SIZE];
    if (!history_parse(call, canonical, &query, &q, &limit) || q != NULL)
        return;
    struct history_part part =
        first_part(query.from, query.to, query.after_date, call->now + MODEL_VISIT_AHEAD);
    query.from = part.from;
    query.to = part.to;
    STORAGE_ASK(call->storage, visit_list, call->account, &query, history_list_visit, NULL);
}

int api_history_get(struct api_call *call)
{
    struct listing listing = {.call = call};
    struct hearth_visit_query query;
    struct text_filter words;
    const char *q;
    char canonical[HOST_SIZE];
    if (!history_parse(call, canonical, &query, &q, &listing.limit))
        return 0;
    int r = search_text_filter_init(&words, q, &call->request->arena, &call->err);
    if (r < 0)
        return r;
    if (!search_text_filter_is_empty(&words))
        return history_list_filtered(
            call, &(struct history_query){
                      .words = &words,
                      .host = query.host,
                      .from = query.from,
                      .to = query.to,
                      .soon = call->now + MODEL_VISIT_AHEAD,
                      .after = {query.after_date, query.after_page, (int32_t)query.after_type},
                      .limit = listing.limit});
    api_list_begin(call, "{\"visits\":[");
    r = list_parts(call, &query, &listing);
    api_list_end(call, listing.more ? api_make_cursor(call, 'v', listing.after, 3, NULL) : NULL);
    return r;
}

/* --- days --- */

/* Days come newest first: one at a time is enough. */
struct days {
    struct api_call *call;
    int64_t day; /* days since 1970 in the zone; INT64_MIN: none yet */
    int64_t visits, pages;
    uint32_t number;   /* of the day, from 1 */
    uint32_t *seen_on; /* for each page the number of the last day that counted it */
};

static void end_day(struct days *days)
{
    if (days->day == INT64_MIN)
        return;
    char name[16];
    api_timezone_day_name(days->day, name);
    api_list_add(days->call, json_pack("{s:s, s:I, s:I}", "day", name, "visits",
                                       (json_int_t)days->visits, "pages", (json_int_t)days->pages));
}

/* From when on every visit until `date` is of the same day. On a day on which clocks change,
 * `date` itself: each is looked at. */
static int64_t same_day_since(const struct zone *zone, int64_t date, int64_t day)
{
    int64_t begin = day * DAY - api_timezone_offset(zone, date / 1000) * (int64_t)1000;
    bool steady = date >= 0 && begin >= 0 &&
                  api_timezone_offset(zone, begin / 1000) == api_timezone_offset(zone, date / 1000);
    return steady ? begin : date;
}

static void count_days(struct days *days, const struct history *history, const struct zone *zone,
                       int64_t from, int64_t to)
{
    size_t first, end;
    search_history_range(history, from, to, &first, &end);
    int64_t since = INT64_MAX;
    for (size_t i = first; i < end; i++) {
        int64_t date = history->dates[i],
                day = date >= since ? days->day : api_timezone_day(zone, date);
        if (date < since)
            since = same_day_since(zone, date, day);
        if (day != days->day) {
            end_day(days);
            days->day = day;
            days->visits = days->pages = 0;
            days->number++;
        }
        uint32_t page = history_page_of(history, i);
        days->pages += days->seen_on[page] != days->number;
        days->seen_on[page] = days->number;
        days->visits++;
    }
    end_day(days);
    search_looked_at(end - first);
}

static int list_days(struct api_call *call, const struct zone *zone, int64_t from, int64_t to)
{
    struct days days = {.call = call, .day = INT64_MIN};
    struct index *index;
    int r = api_index(call, SEARCH_INDEX_HISTORY, &index);
    if (r < 0)
        return r;
    const struct history *history = history_of(index);
    days.seen_on = calloc((size_t)history->chunk_count * HISTORY_CHUNK + 1, sizeof(*days.seen_on));
    api_list_begin(call, "{\"days\":[");
    if (days.seen_on == NULL)
        r = err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    else
        count_days(&days, history, zone, from, to);
    api_list_close(call, "]}");
    free(days.seen_on);
    search_index_done(call->api->options.search, index);
    return r;
}

int api_history_days_get(struct api_call *call)
{
    const char *name;
    int64_t from, to, now = clock_now();
    if (!api_text_parameter(call, "tz", &name) || !api_int_parameter(call, "to", now, &to) ||
        !api_int_parameter(call, "from", to > INT64_MIN + 30 * DAY ? to - 30 * DAY : 0, &from))
        return 0;
    if (to < from || from < -100000 * DAY || to > 100000 * DAY || to - from > DAYS_MAX * DAY)
        return api_problem(call, 400, api_says_parameter_days(DAYS_MAX));
    struct zone *zone;
    int r = api_timezone_load(name == NULL ? "UTC" : name, &zone, &call->err);
    if (r < 0)
        return api_problem(call, 400, api_says_parameter_tz());
    r = list_days(call, zone, from, to);
    api_timezone_free(zone);
    return r;
}
