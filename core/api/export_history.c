/* history.json: every page with its visits. history.csv: visits, newest first. Both without pages
 * that Firefox hides, and without visits of what was embedded in another page. */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "api/export.h"
#include "model/page.h"

struct pages {
    struct export *export;
    bool first, first_visit;
    int result;
};

static int history_export_visit(void *ctx, const struct hearth_visit *visit)
{
    struct pages *pages = ctx;
    if (!model_visit_is_listed(visit->type))
        return 0;
    buf_printf(&pages->export->piece, "%s{\"date\":%lld,\"type\":%d}",
               pages->first_visit ? "" : ",", (long long)visit->date, (int)visit->type);
    pages->first_visit = false;
    return (pages->result = api_export_flush(pages->export, false)) < 0;
}

static int history_export_page(void *ctx, const struct hearth_page *page)
{
    struct pages *pages = ctx;
    struct export *export = pages->export;
    if (page->visit_count == 0 && page->last_visit == 0)
        return 0; /* a bookmark that was never visited */
    if (page->hidden)
        return 0;
    json_t *head =
        json_pack("{s:s, s:s, s:I}", "url", page->url, "title",
                  page->title == NULL ? "" : page->title, "frecency", (json_int_t)page->frecency);
    buf_add_text(&export->piece, pages->first ? "\n" : ",\n");
    pages->first = false;
    pages->first_visit = true;
    api_export_open_object(export, head);
    buf_add_text(&export->piece, ",\"visits\":[");
    int r = STORAGE(export->storage, export->err, page_visits, export->account, page->id,
                    history_export_visit, pages);
    buf_add_text(&export->piece, "]}");
    if (pages->result == 0)
        pages->result = r < 0 ? r : api_export_flush(export, false);
    return pages->result < 0;
}

int api_export_history_json(struct export *export)
{
    struct pages pages = {.export = export, .first = true};
    buf_add_text(&export->piece, "{\"pages\":[");
    int r = STORAGE(export->storage, export->err, pages_by_frecency, export->account,
                    history_export_page, &pages);
    buf_add_text(&export->piece, "\n]}\n");
    return r < 0 ? r : pages.result;
}

/* RFC 4180. A field that a spreadsheet would take for a formula gets an apostrophe in front. */
static void csv_add_field(struct buf *buf, const char *text)
{
    buf_add_char(buf, '"');
    if (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' || text[0] == '\t' ||
        text[0] == '\r')
        buf_add_char(buf, '\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            buf_add_char(buf, '"');
        buf_add_char(buf, *p);
    }
    buf_add_char(buf, '"');
}

static int csv_export_row(void *ctx, const struct hearth_visit_row *row)
{
    struct pages *pages = ctx;
    struct export *export = pages->export;
    char date[40] = "";
    struct tm tm;
    int ms = (int)((row->date % 1000 + 1000) % 1000);
    time_t seconds = (time_t)((row->date - ms) / 1000);
    if (!model_visit_is_listed(row->type))
        return 0;
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(&export->piece, "%s.%03dZ,%d,", date, ms, (int)row->type);
    csv_add_field(&export->piece, row->url);
    buf_add_char(&export->piece, ',');
    csv_add_field(&export->piece, row->title == NULL ? "" : row->title);
    buf_add_text(&export->piece, "\r\n");
    return (pages->result = api_export_flush(export, false)) < 0;
}

int api_export_history_csv(struct export *export)
{
    struct pages pages = {.export = export};
    struct hearth_visit_query all = {.struct_size = sizeof(all)};
    buf_add_text(&export->piece, "date,type,url,title\r\n");
    int r = STORAGE(export->storage, export->err, visit_list, export->account, &all, csv_export_row,
                    &pages);
    return r < 0 ? r : pages.result;
}
