#include "api/export.h"

#include <openssl/evp.h>
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
    {"tabs.html", "text/html; charset=utf-8", api_export_tabs_html},
    {"tabs.json", "application/json", api_export_tabs_json},
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
    arena_init(&export.scratch, 0);
    int r = format->write(&export);
    if (r == 0)
        r = api_export_flush(&export, true);
    buf_fini(&export.piece);
    arena_fini(&export.scratch);
    return r;
}

/* --- what formats share --- */

static int export_add_bytes(const char *bytes, size_t size, void *buf)
{
    buf_add(buf, bytes, size);
    return 0;
}

void api_export_open_object(struct export *export, json_t *node)
{
    struct buf *piece = &export->piece;
    if (node == NULL || json_dump_callback(node, export_add_bytes, piece, JSON_COMPACT) != 0)
        piece->failed = true;
    else
        piece->size--;
    json_decref(node);
}

void api_export_escape(struct buf *buf, const char *text)
{
    for (const char *p = text == NULL ? "" : text; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            buf_add_text(buf, "&amp;");
            break;
        case '<':
            buf_add_text(buf, "&lt;");
            break;
        case '>':
            buf_add_text(buf, "&gt;");
            break;
        case '"':
            buf_add_text(buf, "&quot;");
            break;
        case '\'':
            buf_add_text(buf, "&#39;");
            break;
        default:
            buf_add_char(buf, *p);
        }
    }
}

void api_export_html_date(struct buf *buf, const char *name, int64_t ms)
{
    int64_t second = ms / 1000 - (ms % 1000 < 0);
    if (ms != 0)
        buf_printf(buf, " %s=\"%lld\"", name, (long long)second);
}

void api_export_html_begin(struct buf *buf, const char *title)
{
    buf_add_text(buf, "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
                      "<!-- This is an automatically generated file.\n"
                      "     It will be read and overwritten.\n"
                      "     DO NOT EDIT! -->\n"
                      "<META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\"\n"
                      "      content=\"default-src 'self'; script-src 'none'; img-src data: *; "
                      "object-src 'none'\"></meta>\n");
    buf_printf(buf, "<TITLE>%s</TITLE>\n", title);
}

void api_export_html_indent(struct buf *buf, int depth)
{
    for (int i = 0; i < depth && i < 32; i++)
        buf_add_text(buf, "    ");
}

/* --- downloads --- */

struct download {
    const struct export_format *format;
    struct storage *storage;
    char account[40];
    struct http_request *request;
    struct http_reply *reply;
    int64_t newest; /* generation of what it tells of */
    struct http_stream *stream;
    EVP_MD_CTX *sum;
};

static int export_to_stream(void *ctx, const void *bytes, size_t size)
{
    struct download *download = ctx;
    if (download->sum != NULL && EVP_DigestUpdate(download->sum, bytes, size) != 1)
        return HEARTH_ERR_NOMEM;
    return http_stream_write(download->stream, bytes, size);
}

/* Without a sum it is one that nobody compares. */
static void export_validate(struct download *download)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (download->sum == NULL || EVP_DigestFinal_ex(download->sum, digest, NULL) != 1)
        return;
    struct validator validator =
        api_validator(download->request, download->account, download->newest);
    memcpy(&validator.content, digest, sizeof(validator.content));
    api_validate_compare(download->request, &validator, download->reply);
}

static int export_write_stream(struct http_stream *stream, void *ctx)
{
    struct download *download = ctx;
    struct err err = {0};
    download->stream = stream;
    download->sum = EVP_MD_CTX_new();
    if (download->sum != NULL && EVP_DigestInit_ex(download->sum, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(download->sum);
        download->sum = NULL;
    }
    int r = api_export_run(download->format, download->storage, download->account, export_to_stream,
                           download, &err);
    plug_storage_reset(download->storage);
    if (r == 0)
        export_validate(download);
    EVP_MD_CTX_free(download->sum);
    if (r < 0 && r != HEARTH_ERR_CANCELLED)
        log_event(log_level_of(&err, HEARTH_LOG_ERROR), "api", "export failed",
                  LOG_TEXT("account", download->account),
                  LOG_TEXT("format", download->format->name), LOG_TEXT("error", err.text));
    return r;
}

/* A part of what is compressed is of use to nobody but who has the part before. */
static enum http_coding export_coding(const struct http_request *request)
{
    const char *tag = request->if_range;
    size_t size = tag == NULL ? 0 : strlen(tag);
    if (request->range == NULL)
        return request->coding;
    if (size > 3 && strcmp(tag + size - 3, "-g\"") == 0 && http_accepts(request, "gzip"))
        return HTTP_GZIP;
    if (size > 3 && strcmp(tag + size - 3, "-b\"") == 0 && http_accepts(request, "br"))
        return HTTP_BROTLI;
    return HTTP_IDENTITY;
}

int api_export_get(struct api_call *call)
{
    struct download *download = arena_alloc(&call->request->arena, sizeof(*download));
    const struct export_format *format = api_export_find(call->request->argument);
    if (format == NULL)
        return err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such export");
    if (download == NULL)
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    *download = (struct download){.format = format,
                                  .storage = call->storage,
                                  .request = call->request,
                                  .reply = call->reply,
                                  .newest = call->newest};
    snprintf(download->account, sizeof(download->account), "%s", call->account);
    call->reply->status = 200;
    call->reply->content_type = format->content_type;
    call->reply->stream = export_write_stream;
    call->reply->stream_ctx = download;
    http_reply_header(
        call->reply, "content-disposition",
        arena_printf(&call->request->arena, "attachment; filename=\"%s\"", format->name));
    http_reply_header(call->reply, "cache-control", "private, no-cache");
    call->reply->coded = true;
    call->request->coding = export_coding(call->request);
    if (call->request->method == HTTP_GET)
        api_audit(call, "export", LOG_TEXT("format", format->name));
    return 0;
}
