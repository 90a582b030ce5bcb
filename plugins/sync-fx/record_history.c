/* History: one page with its newest visits a record. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

/* What Places refuses to store; and file:, which means nothing on another machine. */
static const char *const refused[] = {
    "about:",         "blob:",     "cached-favicon:", "chrome:",  "data:",
    "file:",          "imap:",     "javascript:",     "mailbox:", "moz-anno:",
    "moz-extension:", "moz-icon:", "moz-page-thumb:", "news:",    "page-icon:",
    "place:",         "resource:", "view-source:",    "wyciwyg:", NULL};

static int visits_newest_first(const void *a, const void *b)
{
    const struct hearth_visit *x = a, *y = b;
    if (x->date != y->date)
        return x->date > y->date ? -1 : 1;
    return (x->type > y->type) - (x->type < y->type);
}

/* Times are microseconds, but a receiving Firefox keeps milliseconds only and sends those back:
 * (ms, type) tells visits apart. A date that is still to come (a clock was wrong) stays as it is
 * said: a receiving Firefox makes "now" of it, another one each time. One of 0 is none there, and
 * what is further away than any date of JavaScript is none anywhere. */
#define DATE_MOST INT64_C(8640000000000000000)

static bool visit_of_record(const struct fx_json *json, struct hearth_visit *ret_visit)
{
    int64_t date, type;
    if (!fx_record_integer(fx_json_get(json, "date"), false, &date) ||
        !fx_record_integer(fx_json_get(json, "type"), false, &type) || type < 1 || type > 9)
        return false;
    if (date == 0 || date > DATE_MOST || date < -DATE_MOST)
        return false;
    date /= 1000;
    if (date < FX_EARLIEST_DATE)
        date = FX_EARLIEST_DATE;
    *ret_visit = (struct hearth_visit)HEARTH_VISIT(date, (int32_t)type);
    return true;
}

static int visits_of_record(struct fx_translate *t, const struct fx_json *json,
                            struct hearth_page_record *page)
{
    const struct fx_json *list = fx_json_get(json, "visits");
    size_t count = fx_json_count(list), kept = 0;
    struct hearth_visit *visits = fx_arena_alloc(t->arena, (count + 1) * sizeof(*visits));
    if (visits == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        kept += visit_of_record(fx_json_at(list, i), &visits[kept]);
    qsort(visits, kept, sizeof(*visits), visits_newest_first);
    for (size_t i = 0; i < kept; i++) {
        if (page->visit_count == 0 ||
            visits_newest_first(&visits[page->visit_count - 1], &visits[i]) != 0)
            visits[page->visit_count++] = visits[i];
    }
    page->visits = visits;
    return 0;
}

int fx_record_history(struct fx_translate *t, const struct fx_record *record)
{
    int r;
    if (fx_record_is_tombstone(record)) {
        r = t->sink->removed(t->sink->ctx, record->id, record->modified);
        return r < 0 ? r : FX_TAKEN;
    }
    struct hearth_page_record page = {
        .struct_size = sizeof(page),
        .guid = record->id,
        .url = fx_record_text(t, record->json, "histUri"),
        .title = fx_record_cut(t, fx_record_text(t, record->json, "title"), FX_TITLE_UNITS),
        .modified = record->modified,
    };
    while (page.url != NULL && page.url[0] != '\0' && (unsigned char)page.url[0] <= ' ')
        page.url++;
    if (page.url == NULL || strchr(page.url, ':') == NULL) {
        t->why = "it has no URL";
        return FX_DAMAGED;
    }
    if (fx_record_has_scheme(page.url, refused))
        return FX_SKIPPED;
    if (strlen(page.url) > FX_URL_BYTES) {
        t->why = "its URL is too long";
        return FX_DAMAGED;
    }
    r = visits_of_record(t, record->json, &page);
    if (r < 0)
        return r;
    if (page.visit_count == 0)
        return FX_SKIPPED; /* nothing was visited: nothing to remember */
    r = t->sink->page(t->sink->ctx, &page);
    return r < 0 ? r : FX_TAKEN;
}
