#include "fx.h"

#include <stdio.h>
#include <string.h>

#include "text.h"
#include "timestamp.h"

void fx_log_text(struct fx_pull *p, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    fx_text_plain(text);
    p->host->log(p->host, HEARTH_LOG_DEBUG, text);
}

void fx_say_left(struct fx_pull *p, const char *what)
{
    char why[HEARTH_MESSAGE_TEXT_MAX];
    if (!p->logs_details)
        return;
    hearth_message_render(p->left, why, sizeof(why));
    fx_log(p, "%s is left for the next sync: %s", what, p->left != NULL ? why : "its key changes");
}

void fx_log_timestamps(struct fx_pull *p)
{
    char text[512], time[FX_TIMESTAMP_TEXT];
    if (!p->logs_details)
        return;
    size_t used =
        (size_t)snprintf(text, sizeof(text), "info/collections says when each was written:");
    enum { META, CRYPTO, OTHERS };
    struct {
        const char *name;
        int64_t time;
    } rows[OTHERS + FX_COLLECTIONS - 1] = {
        [META] = {"meta", p->meta_timestamp}, [CRYPTO] = {"crypto", p->keys_timestamp}};
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        rows[OTHERS + c - 1].name = fx_collections[c].name;
        rows[OTHERS + c - 1].time = p->timestamps[c];
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && used < sizeof(text); i++) {
        fx_timestamp_print(rows[i].time, time);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s %s", i == 0 ? "" : ",",
                                 rows[i].name, rows[i].time == 0 ? "never" : time);
    }
    fx_log(p, "%s", text);
}

/* NULL: it is wanted. */
static const char *why_not_wanted(const struct fx_pull *p, int collection)
{
    if (fx_collections[collection].optional && !p->fx->config.history)
        return "the configuration says history = no";
    if ((p->account.declined >> collection & 1) != 0)
        return "it is switched off in Firefox";
    return (p->account.unsupported >> collection & 1) != 0 ? "it is in a newer format" : NULL;
}

static const char *why_whole(const struct fx_pull *p, int collection)
{
    const struct fx_collection_cursor *cursor = &p->cursors[collection];
    struct fx_collection_cursor now;
    fx_collection_cursor_make(p, collection, p->timestamps[collection], &now);
    if (!cursor->present)
        return "it was never read";
    if (cursor->last_modified == 0)
        return "the server did not have it before";
    if (strcmp(cursor->sync_id, now.sync_id) != 0)
        return "a Firefox started it anew";
    if (cursor->version != now.version)
        return "its format is another one";
    return strcmp(cursor->key, now.key) != 0 ? "its key is another one"
                                             : "the server went back to an older copy";
}

void fx_log_collection(struct fx_pull *p, int collection)
{
    const char *name = fx_collections[collection].name, *not_wanted = why_not_wanted(p, collection);
    char time[FX_TIMESTAMP_TEXT];
    bool whole, reset;
    if (!p->logs_details)
        return;
    bool changed = fx_collection_changed(p, collection, &whole, &reset);
    fx_timestamp_print(p->cursors[collection].last_modified, time);
    if (not_wanted != NULL)
        fx_log(p, "%s is not read, because %s", name, not_wanted);
    else if (!changed)
        fx_log(p, "%s is not read, because it has not changed since %s", name, time);
    else if (p->timestamps[collection] == 0)
        fx_log(p,
               "%s is not read, because the server does not have it; what was read earlier stays",
               name);
    else if (whole)
        fx_log(p, "%s is read whole, because %s", name, why_whole(p, collection));
    else
        fx_log(p, "%s is read from %s on, because it has changed", name, time);
}

void fx_log_devices(struct fx_pull *p)
{
    char text[256] = "";
    if (!p->logs_details)
        return;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (!fx_collections[c].by_device)
            continue;
        bool whole, reset, changed = fx_collection_changed(p, c, &whole, &reset);
        const char *not_wanted = why_not_wanted(p, c);
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s %s", used == 0 ? "" : ", and ",
                 fx_collections[c].name,
                 not_wanted != NULL       ? "is not wanted"
                 : fx_refetch_due(p, c)   ? "has damaged records to be asked for again"
                 : !changed               ? "has not changed"
                 : p->timestamps[c] == 0  ? "is not on the server"
                 : !p->cursors[c].present ? "was never read"
                                          : "has changed");
    }
    fx_log(p, "%s; when one of them is read both are, whole", text);
}
