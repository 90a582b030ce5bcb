#include "api/export.h"

#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/log.h"

enum { PIECE = 32 * 1024 };

static const struct export_format formats[] = {
    {"bookmarks.html", "text/html; charset=utf-8", api_export_bookmarks_html},
    {"bookmarks.json", "application/json", api_export_bookmarks_json},
    {"history.json", "application/json", api_export_history_json},
    {"history.csv", "text/csv; charset=utf-8", api_export_history_csv},
};

const struct export_format *api_export_find(const char *name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

int api_export_flush(struct export *export, bool all)
{
    if (buf_failed(&export->piece))
        return err_set(export->err, HEARTH_ERR_NOMEM, "out of memory");
    if (export->piece.size == 0 || (!all && export->piece.size < PIECE))
        return 0;
    int r = export->write(export->ctx, export->piece.data, export->piece.size);
    buf_reset(&export->piece);
    if (r == HEARTH_ERR_CANCELLED)
        return err_set(export->err, r, "nobody takes the export any more");
    return r < 0 ? err_set(export->err, r, "the export cannot be written (%s)", err_text(r)) : 0;
}

int api_export_run(const struct export_format *format, struct storage *storage, const char *account,
                   export_write_fn write, void *ctx, struct err *err)
{
    struct export export = {
        .storage = storage, .account = account, .write = write, .ctx = ctx, .err = err};
    int r = format->write(&export);
    if (r == 0)
        r = api_export_flush(&export, true);
    buf_fini(&export.piece);
    return r;
}

struct download {
    const struct export_format *format;
    struct storage *storage;
    char account[40];
};

static int export_to_stream(void *export_write_stream, const void *bytes, size_t size)
{
    return http_stream_write(export_write_stream, bytes, size);
}

static int export_write_stream(struct http_stream *export_write_stream, void *ctx)
{
    struct download *download = ctx;
    struct err err = {0};
    int r = api_export_run(download->format, download->storage, download->account, export_to_stream,
                           export_write_stream, &err);
    plug_storage_reset(download->storage);
    if (r < 0 && r != HEARTH_ERR_CANCELLED)
        log_event(log_level_of(&err, HEARTH_LOG_ERROR), "api", "export failed",
                  LOG_TEXT("account", download->account),
                  LOG_TEXT("format", download->format->name), LOG_TEXT("error", err.text));
    return r;
}

int api_export_get(struct api_call *call)
{
    struct download *download = arena_alloc(&call->request->arena, sizeof(*download));
    const struct export_format *format = api_export_find(call->request->argument);
    if (format == NULL)
        return err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such export");
    if (download == NULL)
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    *download = (struct download){.format = format, .storage = call->storage};
    snprintf(download->account, sizeof(download->account), "%s", call->account);
    call->reply->status = 200;
    call->reply->content_type = format->content_type;
    call->reply->stream = export_write_stream;
    call->reply->stream_ctx = download;
    http_reply_header(
        call->reply, "content-disposition",
        arena_printf(&call->request->arena, "attachment; filename=\"%s\"", format->name));
    http_reply_header(call->reply, "cache-control", "private, no-store");
    if (call->request->method == HTTP_GET)
        api_audit(call, "export", LOG_TEXT("format", format->name));
    return 0;
}
