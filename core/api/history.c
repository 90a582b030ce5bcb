/* Visits, newest first, and days. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "api/timezone.h"
#include "api/words.h"
#include "base/clock.h"
#include "model/url.h"

enum { SCANNED_MAX = 200000, DAYS_MAX = 400 };
static const int64_t DAY = 24 * 60 * 60 * 1000;

struct listing {
    struct api_call *call;
    struct words words;
    size_t limit, count, scanned;
    int64_t after[3]; /* date, page, type of the last row looked at */
    bool more;
};

static int on_visit(void *ctx, const struct hearth_visit_row *row)
{
    struct listing *listing = ctx;
    if (listing->count == listing->limit || listing->scanned++ == SCANNED_MAX) {
        listing->more = true;
        return 1;
    }
    if (words_match(&listing->words, row->title, row->url, NULL)) {
        char page[24];
        snprintf(page, sizeof(page), "%lld", (long long)row->page);
        api_list_add(listing->call, json_pack("{s:s, s:o, s:I, s:i, s:s, s:b}", "url", row->url, "title", api_text(row->title), "date",
                                              (json_int_t)row->date, "type", (int)row->type, "page", page, "bookmarked", row->bookmarked));
        listing->count++;
    }
    listing->after[0] = row->date;
    listing->after[1] = row->page;
    listing->after[2] = row->type;
    return 0;
}

int history_get(struct api_call *call)
{
    struct listing listing = {.call = call};
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    const char *q, *host;
    int64_t after[3] = {0};
    bool given;
    if (!api_limit(call, &listing.limit) || !api_text_parameter(call, "q", &q) || !api_text_parameter(call, "host", &host) ||
        !api_int_parameter(call, "from", 0, &query.from) || !api_int_parameter(call, "to", 0, &query.to) ||
        !api_cursor(call, 'v', after, 3, NULL, &given))
        return 0;
    int r = words_init(&listing.words, q, &call->request->arena, &call->err);
    if (r < 0)
        return r;
    query.host = api_lower(call, host);
    query.after_date = after[0];
    query.after_page = after[1];
    query.after_type = after[2];
    api_list_begin(call, "{\"visits\":[");
    r = STORE(call->store, &call->err, visit_list, call->account, &query, on_visit, &listing);
    api_list_end(call, listing.more ? api_make_cursor(call, 'v', listing.after, 3, NULL) : NULL);
    return r;
}

/* Days arrive newest first: one at a time is enough. Pages of a day are told apart by a sorted list. */
struct days {
    struct api_call *call;
    const struct zone *zone;
    int64_t day; /* days since 1970 in the zone; INT64_MIN: none yet */
    int64_t visits;
    int64_t *pages;
    size_t count, room;
};

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void end_day(struct days *days)
{
    if (days->day == INT64_MIN)
        return;
    int64_t distinct = 0;
    char name[16];
    qsort(days->pages, days->count, sizeof(*days->pages), by_number);
    for (size_t i = 0; i < days->count; i++)
        distinct += i == 0 || days->pages[i] != days->pages[i - 1];
    timezone_day_name(days->day, name);
    api_list_add(days->call, json_pack("{s:s, s:I, s:I}", "day", name, "visits", (json_int_t)days->visits, "pages", (json_int_t)distinct));
    days->visits = 0;
    days->count = 0;
}

static int on_date(void *ctx, const struct hearth_visit_row *row)
{
    struct days *days = ctx;
    int64_t day = timezone_day(days->zone, row->date);
    if (day != days->day) {
        end_day(days);
        days->day = day;
    }
    if (days->count == days->room) {
        size_t room = days->room == 0 ? 256 : days->room * 2;
        int64_t *pages = realloc(days->pages, room * sizeof(*pages));
        if (pages == NULL) {
            days->call->reply->body.failed = true;
            return 1;
        }
        days->pages = pages;
        days->room = room;
    }
    days->pages[days->count++] = row->page;
    days->visits++;
    return 0;
}

int history_days_get(struct api_call *call)
{
    struct days days = {.call = call, .day = INT64_MIN};
    const char *name;
    int64_t from, to, now = clock_now();
    if (!api_text_parameter(call, "tz", &name) || !api_int_parameter(call, "to", now, &to) ||
        !api_int_parameter(call, "from", to > INT64_MIN + 30 * DAY ? to - 30 * DAY : 0, &from))
        return 0;
    if (to < from || from < -100000 * DAY || to > 100000 * DAY || to - from > DAYS_MAX * DAY)
        return api_problem(call, 400, "bad_request", "The parameters from and to must be at most 400 days apart.");
    struct zone *zone;
    int r = timezone_load(name == NULL ? "UTC" : name, &zone, &call->err);
    if (r < 0)
        return api_problem(call, 400, "bad_request", "The parameter tz must be a time zone such as Europe/Berlin.");
    days.zone = zone;
    api_list_begin(call, "{\"days\":[");
    r = STORE(call->store, &call->err, visit_dates, call->account, from, to, on_date, &days);
    end_day(&days);
    api_list_close(call, "]}");
    free(days.pages);
    timezone_free(zone);
    return r;
}
