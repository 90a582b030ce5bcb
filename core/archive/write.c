/* From a storage to lines. Listings have their order by hearth/storage.h; what a listing leaves
 * out is asked for by the piece, in a call of its own, whose memory is free again after each
 * piece. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/lines.h"
#include "base/str.h"
#include "codec/codec.h"
#include "merge/upgrade_urls.h"

/* --- what is small --- */

#define PUTS(name, callback)                                                                       \
    static int callback(void *ctx, const struct hearth_##name *record)                             \
    {                                                                                              \
        return archive_put_record(ctx, ARCHIVE_KIND_##name, NULL, record);                         \
    }
PUTS(account_identity, put_identity)
PUTS(removed_here, put_removed_here)
PUTS(source, put_source)
PUTS(pick, put_pick)
PUTS(token, put_token)

static int write_device_row(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return archive_put_record(ctx, ARCHIVE_KIND_device, NULL, device);
}

static int write_tab_row(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct archive_of_device of = {.struct_size = sizeof(of), .device = device};
    return archive_put_record(ctx, ARCHIVE_KIND_tab, &of, tab);
}

static int put_hidden(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct archive_hidden hidden = {.struct_size = sizeof(hidden), .device = device->id};
    (void)tabs;
    return device->hidden ? archive_put_record(ctx, ARCHIVE_KIND_hidden, NULL, &hidden) : 0;
}

static int write_tab_group_row(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct archive_of_device of = {.struct_size = sizeof(of), .device = device};
    return archive_put_record(ctx, ARCHIVE_KIND_tab_group, &of, group);
}

static int put_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    if (source == MERGE_OWN_SOURCE) /* what it says is of this database */
        return 0;
    struct archive_cursor cursor = {
        .struct_size = sizeof(cursor), .collection = collection, .text = text, .source = source};
    return archive_put_record(ctx, ARCHIVE_KIND_cursor, NULL, &cursor);
}

static int put_settings(struct writing *w)
{
    struct archive_settings settings = {.struct_size = sizeof(settings)};
    struct err why = {0};
    int r = STORAGE(w->storage, &why, settings_get, w->account, &settings.json);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(w->err, r, "%s", why.text);
    return r == 0 ? archive_put_record(w, ARCHIVE_KIND_settings, NULL, &settings) : 0;
}

static int write_credentials(struct writing *w, int64_t source)
{
    struct archive_credentials credentials = {.struct_size = sizeof(credentials), .source = source};
    struct err why = {0};
    const void *sealed = NULL;
    size_t size = 0;
    int r = STORAGE(&w->inner, &why, credentials_get, w->account, source, &sealed, &size);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(w->err, r, "%s", why.text);
    if (r < 0 || size == 0)
        return 0;
    char *hex = malloc(2 * size + 1);
    if (hex == NULL)
        return err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    codec_hex_encode(sealed, size, hex);
    credentials.sealed = hex;
    r = archive_put_record(w, ARCHIVE_KIND_credentials, NULL, &credentials);
    free(hex);
    return r;
}

static int put_credentials_of(void *ctx, const struct hearth_source *source)
{
    struct writing *w = ctx;
    int r = write_credentials(w, source->id);
    plug_storage_reset(&w->inner);
    return archive_fails(w, r);
}

static int put_page_guid(void *ctx, const char *guid, int64_t page)
{
    struct archive_of_page of = {.struct_size = sizeof(of), .page = page};
    struct archive_page_guid joined = {.struct_size = sizeof(joined), .guid = guid};
    return archive_put_record(ctx, ARCHIVE_KIND_page_guid, &of, &joined);
}

/* --- bookmarks --- */

static int put_bookmark(void *ctx, const struct hearth_bookmark_item *item)
{
    struct writing *w = ctx;
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct err why = {0};
    int r = STORAGE(&w->inner, &why, bookmark_get, w->account, item->guid, &bookmark);
    if (r == 0)
        r = archive_put_record(w, ARCHIVE_KIND_bookmark, NULL, &bookmark);
    else if (r == HEARTH_ERR_NOT_FOUND) /* gone meanwhile: the generation will tell */
        r = 0;
    else
        r = err_set(w->err, r, "%s", why.text);
    plug_storage_reset(&w->inner);
    return archive_fails(w, r);
}

static int write_tombstone_row(void *ctx, const struct hearth_bookmark_item *item)
{
    struct archive_tombstone tombstone = {.struct_size = sizeof(tombstone),
                                          .guid = item->guid,
                                          .parent = item->parent,
                                          .source = item->source};
    return archive_put_record(ctx, ARCHIVE_KIND_tombstone, NULL, &tombstone);
}

struct children_line {
    struct writing *w;
    char folder[HEARTH_KEY_MAX + 1];
    size_t count, from; /* from: where the line begins */
};

static int end_children(struct children_line *line)
{
    struct writing *w = line->w;
    if (line->count == 0)
        return w->code;
    buf_add_text(&w->lines, "]}\n");
    archive_count_line(w, ARCHIVE_KIND_children);
    if (line->count > ARCHIVE_CHILDREN_MAX || w->lines.size - line->from > ARCHIVE_LINE_MAX)
        return archive_fails(
            w, err_set(w->err, HEARTH_ERR_UNSUPPORTED,
                       "the folder %s lists more children than an archive can hold", line->folder));
    line->count = 0;
    return w->lines.size >= ARCHIVE_FLUSH_BYTES || buf_failed(&w->lines) ? archive_flush(w)
                                                                         : w->code;
}

static int put_child(void *ctx, int64_t source, const char *folder, int64_t position,
                     const char *child)
{
    struct children_line *line = ctx;
    struct buf *to = &line->w->lines;
    struct archive_children record = {
        .struct_size = sizeof(record), .folder = folder, .source = source};
    (void)position;
    if (line->count > 0 && strcmp(folder, line->folder) != 0 && end_children(line) < 0)
        return line->w->code;
    if (line->count == 0) {
        str_cut(line->folder, sizeof(line->folder), folder);
        line->from = to->size;
        archive_begin_line(to, &archive_kinds[ARCHIVE_KIND_children], NULL, &record);
        buf_add_text(to, ",\"children\":[");
    }
    if (line->count++ > 0)
        buf_add_char(to, ',');
    archive_put_text(to, child);
    return buf_failed(to) ? archive_flush(line->w) : 0;
}

static int put_children(struct writing *w)
{
    struct children_line line = {.w = w};
    int r = STORAGE(w->storage, w->err, bookmark_children, w->account, put_child, &line);
    return r < 0 ? r : end_children(&line);
}

/* --- the whole --- */

/* What one listing says, to its end; the error inside of a callback is in w->err already. */
#define LISTED(w, ...)                                                                             \
    ((w)->code != 0 ? (w)->code                                                                    \
                    : write_after_listing((w), STORAGE((w)->storage, (w)->err, __VA_ARGS__)))
static int write_after_listing(struct writing *w, int code)
{
    plug_storage_reset(w->storage);
    return archive_fails(w, code);
}

static int write_small_before(struct writing *w, unsigned with)
{
    LISTED(w, identity_list, w->account, put_identity, w);
    archive_fails(w, w->code != 0 ? w->code : put_settings(w));
    LISTED(w, source_list, w->account, put_source, w);
    if ((with & ARCHIVE_CREDENTIALS) != 0) {
        archive_fails(w, w->code != 0 ? w->code : write_credentials(w, 0));
        plug_storage_reset(&w->inner);
        LISTED(w, source_list, w->account, put_credentials_of, w);
    }
    return LISTED(w, removed_here_list, w->account, put_removed_here, w);
}

static int write_synced(struct writing *w)
{
    const char *id = w->account;
    LISTED(w, device_list, id, write_device_row, w);
    LISTED(w, device_list, id, put_hidden, w);
    LISTED(w, tab_group_list, id, NULL, write_tab_group_row, w);
    LISTED(w, tab_list, id, NULL, write_tab_row, w);
    archive_fails(w, w->code != 0 ? w->code : archive_put_pages(w));
    LISTED(w, page_guid_list, id, put_page_guid, w);
    archive_fails(w, w->code != 0 ? w->code : archive_put_visits(w));
    LISTED(w, bookmark_items, id, put_bookmark, w);
    LISTED(w, bookmark_tombstones, id, write_tombstone_row, w);
    archive_fails(w, w->code != 0 ? w->code : put_children(w));
    return LISTED(w, sync_cursor_list, id, put_cursor, w);
}

static int write_body(struct writing *w, const struct hearth_account *account, unsigned with)
{
    bool whole = (with & ARCHIVE_SYNCED_ONLY) == 0;
    archive_put_record(w, ARCHIVE_KIND_account, NULL, account);
    if (whole)
        write_small_before(w, with);
    write_synced(w);
    if (whole)
        LISTED(w, pick_list, w->account, put_pick, w);
    if (whole && (with & ARCHIVE_TOKENS) != 0)
        LISTED(w, token_list, w->account, put_token, w);
    return archive_flush(w);
}

static int write_end(struct writing *w)
{
    uint8_t digest[32];
    char hex[65];
    if (EVP_DigestFinal_ex(w->hash, digest, NULL) != 1)
        return err_set(w->err, HEARTH_ERR_INTERNAL, "SHA-256 failed");
    codec_hex_encode(digest, sizeof(digest), hex);
    buf_printf(&w->lines, "{\"record\":\"end\",\"lines\":%" PRId64, w->line_count);
    for (int i = 0; i < ARCHIVE_KIND_COUNT; i++)
        buf_printf(&w->lines, ",\"%s\":%" PRId64, archive_kinds[i].name, w->counts[i]);
    buf_printf(&w->lines, ",\"sha256\":\"%s\"}\n", hex);
    if (buf_failed(&w->lines))
        return err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    return w->out->put(w->out->ctx, w->lines.data, w->lines.size, w->err);
}

static int check_moment(struct writing *w, int64_t generation)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(w->storage, w->err, account_get, w->account, &account);
    if (r == 0 && account.generation != generation)
        r = err_set(w->err, HEARTH_ERR_UNCERTAIN,
                    "the account was synced while the archive was written, which is of no one "
                    "moment; try again");
    return r;
}

int archive_write(struct storage *storage, const char *account, unsigned with,
                  const struct archive_out *out, int64_t ret_counts[ARCHIVE_KIND_COUNT],
                  struct err *err)
{
    struct err own = {0};
    struct arena arena;
    struct hearth_account row = {.struct_size = sizeof(row)}, kept = {.struct_size = sizeof(kept)};
    struct writing w = {.storage = storage,
                        .inner = *storage,
                        .account = account,
                        .out = out,
                        .err = err != NULL ? err : &own};
    arena_init(&arena, 0);
    plug_call_init(&w.inner.call, storage->call.stop, 0, 0);
    w.inner.call.hearth.deadline = storage->call.hearth.deadline;
    w.inner.call.breaker = storage->call.breaker;
    int r = STORAGE(storage, w.err, account_get, account, &row);
    if (r == 0 && plug_fields_copy(&plug_fields_account, &row, &arena, &kept) < 0)
        r = err_set(w.err, HEARTH_ERR_NOMEM, "out of memory");
    w.hash = EVP_MD_CTX_new();
    if (r == 0 && (w.hash == NULL || EVP_DigestInit_ex(w.hash, EVP_sha256(), NULL) != 1))
        r = err_set(w.err, HEARTH_ERR_NOMEM, "SHA-256 cannot begin");
    buf_printf(&w.lines, "{\"record\":\"archive\",\"version\":%d,\"data_model\":%d}\n",
               ARCHIVE_VERSION, HEARTH_DATA_MODEL);
    w.line_count = 1;
    if (r == 0)
        r = write_body(&w, &kept, with);
    if (r == 0)
        r = check_moment(&w, kept.generation);
    if (r == 0)
        r = write_end(&w);
    if (r == 0 && ret_counts != NULL)
        memcpy(ret_counts, w.counts, sizeof(w.counts));
    EVP_MD_CTX_free(w.hash);
    buf_fini(&w.lines);
    plug_call_fini(&w.inner.call);
    arena_fini(&arena);
    return r;
}
