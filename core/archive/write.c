/* From a storage to lines. Listings have their order by hearth/storage.h; what a listing leaves out is asked for by the piece, in a call of
 * its own, whose memory is free again after each piece. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buf.h"
#include "base/str.h"

/* What is asked for at once, and how many bytes the lines that wait for it have about. */
enum { PIECE_PAGES = 256, PIECE_BYTES = 1 << 20, FLUSH_BYTES = 64 << 10 };

struct writing {
    struct store *store;
    struct store inner; /* the same session, with the memory of the calls inside of a listing */
    const char *account;
    const struct archive_out *out;
    struct err *err;
    int code; /* the first error inside of a callback, which is in err */
    EVP_MD_CTX *hash;
    struct buf lines;
    int64_t line_count, counts[ARCHIVE_KIND_COUNT];
};

/* --- lines -------------------------------------------------------------------------------------------------------------------------------
 */

static int writing_fails(struct writing *w, int code)
{
    if (w->code == 0)
        w->code = code;
    return w->code;
}

static int flush_lines(struct writing *w)
{
    if (w->code == 0 && buf_failed(&w->lines))
        writing_fails(w, err_set(w->err, HEARTH_ERR_NOMEM, "out of memory"));
    if (w->code == 0 && w->lines.size > 0) {
        if (EVP_DigestUpdate(w->hash, w->lines.data, w->lines.size) != 1)
            return writing_fails(w, err_set(w->err, HEARTH_ERR_INTERNAL, "SHA-256 failed"));
        writing_fails(w, w->out->put(w->out->ctx, w->lines.data, w->lines.size, w->err));
    }
    buf_reset(&w->lines);
    return w->code;
}

/* Between plain runs what JSON has no plain form of. A byte that is no UTF-8, of a database of before, is U+FFFD. */
static void put_text(struct buf *to, const char *text)
{
    size_t size = strlen(text), from = 0, at = 0;
    bool is_utf8 = str_is_utf8(text, size);
    buf_add_char(to, '"');
    while (at < size) {
        unsigned char c = (unsigned char)text[at];
        uint32_t point;
        size_t next = at;
        if (c >= 32 && c != '"' && c != '\\' && (is_utf8 || c < 128)) {
            at++;
            continue;
        }
        buf_add(to, text + from, at - from);
        if (c == '"' || c == '\\') {
            buf_printf(to, "\\%c", c);
            next++;
        } else if (c < 32) {
            buf_printf(to, "\\u%04x", c);
            next++;
        } else {
            str_next_shown(text, size, &next, &point);
            if (point >= STR_BROKEN)
                buf_add_text(to, "\xef\xbf\xbd");
            else
                buf_add(to, text + at, next - at);
        }
        from = at = next;
    }
    buf_add(to, text + from, at - from);
    buf_add_char(to, '"');
}

static void put_field(struct buf *to, const struct hearth_field *field, const void *record)
{
    const char *text = field->kind == HEARTH_FIELD_TEXT ? fields_text(field, record) : NULL;
    const uint8_t *hash = field->kind == HEARTH_FIELD_HASH ? fields_hash(field, record) : NULL;
    bool is_pointer = field->kind == HEARTH_FIELD_TEXT || field->kind == HEARTH_FIELD_HASH;
    if (is_pointer && text == NULL && hash == NULL)
        return;
    buf_printf(to, ",\"%s\":", field->name);
    if (text != NULL) {
        put_text(to, text);
    } else if (hash != NULL) {
        buf_add_char(to, '"');
        for (int64_t i = 0; i < field->most; i++)
            buf_printf(to, "%02x", hash[i]);
        buf_add_char(to, '"');
    } else if (field->kind == HEARTH_FIELD_REAL) {
        buf_printf(to, "%.17g", fields_real(field, record));
    } else {
        buf_printf(to, "%" PRId64, fields_number(field, record));
    }
}

static void begin_line(struct buf *to, const struct archive_kind *kind, const void *owner, const void *record)
{
    buf_printf(to, "{\"record\":\"%s\"", kind->name);
    for (size_t i = 0; i < kind->owner->count; i++)
        put_field(to, &kind->owner->list[i], owner);
    for (size_t i = 0; i < kind->fields->count; i++)
        if (archive_kind_has(kind, &kind->fields->list[i]))
            put_field(to, &kind->fields->list[i], record);
}

static void count_line(struct writing *w, enum archive_kind_name name)
{
    w->counts[name]++;
    w->line_count++;
}

/* A whole record. */
static int put_record(struct writing *w, enum archive_kind_name name, const void *owner, const void *record)
{
    begin_line(&w->lines, &archive_kinds[name], owner, record);
    buf_add_text(&w->lines, "}\n");
    count_line(w, name);
    return w->lines.size >= FLUSH_BYTES || buf_failed(&w->lines) ? flush_lines(w) : w->code;
}

/* --- what is small
 * ------------------------------------------------------------------------------------------------------------------------ */

#define PUTS(name, callback)                                                                                                               \
    static int callback(void *ctx, const struct hearth_##name *record)                                                                     \
    {                                                                                                                                      \
        return put_record(ctx, ARCHIVE_KIND_##name, NULL, record);                                                                         \
    }
PUTS(account_identity, put_identity)
PUTS(removed_here, put_removed_here)
PUTS(pick, put_pick)
PUTS(token, put_token)

static int put_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return put_record(ctx, ARCHIVE_KIND_device, NULL, device);
}

static int put_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct archive_of_device of = {.struct_size = sizeof(of), .device = device};
    return put_record(ctx, ARCHIVE_KIND_tab, &of, tab);
}

static int put_hidden(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct archive_hidden hidden = {.struct_size = sizeof(hidden), .device = device->id};
    (void)tabs;
    return device->hidden ? put_record(ctx, ARCHIVE_KIND_hidden, NULL, &hidden) : 0;
}

static int put_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct archive_of_device of = {.struct_size = sizeof(of), .device = device};
    return put_record(ctx, ARCHIVE_KIND_tab_group, &of, group);
}

static int put_mark(void *ctx, int32_t collection, const char *text)
{
    struct archive_mark mark = {.struct_size = sizeof(mark), .collection = collection, .text = text};
    return put_record(ctx, ARCHIVE_KIND_mark, NULL, &mark);
}

static int put_settings(struct writing *w)
{
    struct archive_settings settings = {.struct_size = sizeof(settings)};
    struct err why = {0};
    int r = STORE(w->store, &why, settings_get, w->account, &settings.json);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(w->err, r, "%s", why.text);
    return r == 0 ? put_record(w, ARCHIVE_KIND_settings, NULL, &settings) : 0;
}

static int put_credentials(struct writing *w)
{
    struct archive_credentials credentials = {.struct_size = sizeof(credentials)};
    struct err why = {0};
    const void *sealed = NULL;
    size_t size = 0;
    int r = STORE(w->store, &why, credentials_get, w->account, &sealed, &size);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(w->err, r, "%s", why.text);
    if (r < 0 || size == 0)
        return 0;
    char *hex = malloc(2 * size + 1);
    if (hex == NULL)
        return err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    str_hex(sealed, size, hex);
    credentials.sealed = hex;
    r = put_record(w, ARCHIVE_KIND_credentials, NULL, &credentials);
    free(hex);
    return r;
}

/* --- pages and visits: the scan says which there are, and in what order
 * -------------------------------------------------------------------- */

struct page_lines {
    struct writing *w;
    int64_t ids[PIECE_PAGES];
    size_t from[PIECE_PAGES], size[PIECE_PAGES]; /* of the line in `text` */
    size_t count, bytes;                         /* bytes: what the lines will have, about */
    struct buf text;
    struct hearth_visit *visits; /* of the piece, with the page's place in `reserved` */
    size_t visit_count, visit_room;
    int (*write_piece)(struct page_lines *piece);
};

static size_t place_of(const struct page_lines *piece, int64_t id)
{
    size_t i = 0;
    while (i < piece->count && piece->ids[i] != id)
        i++;
    return i;
}

static int note_page(void *ctx, const struct hearth_page *page)
{
    struct page_lines *piece = ctx;
    size_t i = place_of(piece, page->id);
    if (i == piece->count)
        return 0;
    piece->from[i] = piece->text.size;
    begin_line(&piece->text, &archive_kinds[ARCHIVE_KIND_page], NULL, page);
    buf_add_text(&piece->text, "}\n");
    piece->size[i] = piece->text.size - piece->from[i];
    return 0;
}

static int write_pages(struct page_lines *piece)
{
    struct writing *w = piece->w;
    buf_reset(&piece->text);
    memset(piece->size, 0, sizeof(piece->size));
    int r = store_pages_get(&w->inner, w->account, piece->ids, piece->count, note_page, piece, w->err);
    if (r == 0 && buf_failed(&piece->text))
        r = err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < piece->count; i++) {
        if (piece->size[i] == 0) /* gone meanwhile: the generation will tell */
            continue;
        buf_add(&w->lines, piece->text.data + piece->from[i], piece->size[i]);
        count_line(w, ARCHIVE_KIND_page);
        if (w->lines.size >= FLUSH_BYTES)
            r = flush_lines(w);
    }
    return r;
}

static int note_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct page_lines *piece = ctx;
    size_t i = place_of(piece, page);
    if (i == piece->count)
        return 0;
    if (piece->visit_count == piece->visit_room) {
        size_t room = piece->visit_room == 0 ? 1024 : 2 * piece->visit_room;
        void *visits = reallocarray(piece->visits, room, sizeof(piece->visits[0]));
        if (visits == NULL)
            return writing_fails(piece->w, err_set(piece->w->err, HEARTH_ERR_NOMEM, "out of memory"));
        piece->visits = visits;
        piece->visit_room = room;
    }
    piece->visits[piece->visit_count++] = (struct hearth_visit){sizeof(*visit), (uint32_t)i, visit->date, visit->type};
    return 0;
}

/* By the page's place, then as page_visits() has them. */
static int compare_visits(const void *a, const void *b)
{
    const struct hearth_visit *x = a, *y = b;
    if (x->reserved != y->reserved)
        return x->reserved < y->reserved ? -1 : 1;
    if (x->date != y->date)
        return x->date > y->date ? -1 : 1;
    return (x->type < y->type) - (x->type > y->type);
}

static int write_visits(struct page_lines *piece)
{
    struct writing *w = piece->w;
    piece->visit_count = 0;
    int r = store_visits_of_pages(&w->inner, w->account, piece->ids, piece->count, note_visit, piece, w->err);
    if (r == 0)
        r = w->code;
    if (r == 0 && piece->visit_count > 0)
        qsort(piece->visits, piece->visit_count, sizeof(piece->visits[0]), compare_visits);
    for (size_t i = 0; r == 0 && i < piece->visit_count; i++) {
        struct archive_of_page of = {.struct_size = sizeof(of), .page = piece->ids[piece->visits[i].reserved]};
        r = put_record(w, ARCHIVE_KIND_visit, &of, &piece->visits[i]);
    }
    return r;
}

static int end_piece(struct page_lines *piece)
{
    int r = piece->count == 0 ? 0 : piece->write_piece(piece);
    store_reset(&piece->w->inner);
    piece->count = piece->bytes = 0;
    return writing_fails(piece->w, r);
}

static size_t text_bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

/* A page with many visits, or long texts, is a piece with few others. */
static int on_scanned(void *ctx, const struct hearth_page *page)
{
    struct page_lines *piece = ctx;
    piece->ids[piece->count++] = page->id;
    piece->bytes += 256 + text_bytes(page->url) + text_bytes(page->title) + text_bytes(page->bookmark_title) + text_bytes(page->tags) +
                    (size_t)(page->visit_count < PIECE_BYTES ? page->visit_count : PIECE_BYTES) * sizeof(struct hearth_visit);
    return piece->count == PIECE_PAGES || piece->bytes >= PIECE_BYTES ? end_piece(piece) : 0;
}

static int put_by_page(struct writing *w, int (*write_piece)(struct page_lines *piece))
{
    struct page_lines *piece = calloc(1, sizeof(*piece));
    if (piece == NULL)
        return err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    piece->w = w;
    piece->write_piece = write_piece;
    int r = STORE(w->store, w->err, pages_by_frecency, w->account, on_scanned, piece);
    if (r == 0)
        r = w->code;
    if (r == 0)
        r = end_piece(piece);
    buf_fini(&piece->text);
    free(piece->visits);
    free(piece);
    return r;
}

static int put_page_guid(void *ctx, const char *guid, int64_t page)
{
    struct archive_of_page of = {.struct_size = sizeof(of), .page = page};
    struct archive_page_guid joined = {.struct_size = sizeof(joined), .guid = guid};
    return put_record(ctx, ARCHIVE_KIND_page_guid, &of, &joined);
}

/* --- bookmarks
 * ---------------------------------------------------------------------------------------------------------------------------- */

static int put_bookmark(void *ctx, const struct hearth_bookmark_node *node)
{
    struct writing *w = ctx;
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct err why = {0};
    int r = STORE(&w->inner, &why, bookmark_get, w->account, node->guid, &bookmark);
    if (r == 0)
        r = put_record(w, ARCHIVE_KIND_bookmark, NULL, &bookmark);
    else if (r == HEARTH_ERR_NOT_FOUND) /* gone meanwhile: the generation will tell */
        r = 0;
    else
        r = err_set(w->err, r, "%s", why.text);
    store_reset(&w->inner);
    return writing_fails(w, r);
}

static int put_tombstone(void *ctx, const struct hearth_bookmark_node *node)
{
    struct archive_tombstone tombstone = {.struct_size = sizeof(tombstone), .guid = node->guid, .parent = node->parent};
    return put_record(ctx, ARCHIVE_KIND_tombstone, NULL, &tombstone);
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
    count_line(w, ARCHIVE_KIND_children);
    if (line->count > ARCHIVE_CHILDREN_MAX || w->lines.size - line->from > ARCHIVE_LINE_MAX)
        return writing_fails(
            w, err_set(w->err, HEARTH_ERR_UNSUPPORTED, "the folder %s lists more children than an archive can hold", line->folder));
    line->count = 0;
    return w->lines.size >= FLUSH_BYTES || buf_failed(&w->lines) ? flush_lines(w) : w->code;
}

static int put_child(void *ctx, const char *folder, int64_t position, const char *child)
{
    struct children_line *line = ctx;
    struct buf *to = &line->w->lines;
    struct archive_children record = {.struct_size = sizeof(record), .folder = folder};
    (void)position;
    if (line->count > 0 && strcmp(folder, line->folder) != 0 && end_children(line) < 0)
        return line->w->code;
    if (line->count == 0) {
        str_cut(line->folder, sizeof(line->folder), folder);
        line->from = to->size;
        begin_line(to, &archive_kinds[ARCHIVE_KIND_children], NULL, &record);
        buf_add_text(to, ",\"children\":[");
    }
    if (line->count++ > 0)
        buf_add_char(to, ',');
    put_text(to, child);
    return buf_failed(to) ? flush_lines(line->w) : 0;
}

static int put_children(struct writing *w)
{
    struct children_line line = {.w = w};
    int r = STORE(w->store, w->err, bookmark_claims, w->account, put_child, &line);
    return r < 0 ? r : end_children(&line);
}

/* --- the whole
 * ---------------------------------------------------------------------------------------------------------------------------- */

/* What one listing says, to its end; the error inside of a callback is in w->err already. */
#define LISTED(w, ...) ((w)->code != 0 ? (w)->code : listed((w), STORE((w)->store, (w)->err, __VA_ARGS__)))
static int listed(struct writing *w, int code)
{
    store_reset(w->store);
    return writing_fails(w, code);
}

static int write_small_before(struct writing *w, unsigned with)
{
    LISTED(w, identity_list, w->account, put_identity, w);
    writing_fails(w, w->code != 0 ? w->code : put_settings(w));
    if ((with & ARCHIVE_CREDENTIALS) != 0)
        writing_fails(w, w->code != 0 ? w->code : put_credentials(w));
    return LISTED(w, removed_here_list, w->account, put_removed_here, w);
}

static int write_synced(struct writing *w)
{
    const char *id = w->account;
    LISTED(w, device_list, id, put_device, w);
    LISTED(w, device_list, id, put_hidden, w);
    LISTED(w, tab_group_list, id, NULL, put_tab_group, w);
    LISTED(w, tab_list, id, NULL, put_tab, w);
    writing_fails(w, w->code != 0 ? w->code : put_by_page(w, write_pages));
    LISTED(w, page_guid_list, id, put_page_guid, w);
    writing_fails(w, w->code != 0 ? w->code : put_by_page(w, write_visits));
    LISTED(w, bookmark_nodes, id, put_bookmark, w);
    LISTED(w, bookmark_tombstones, id, put_tombstone, w);
    writing_fails(w, w->code != 0 ? w->code : put_children(w));
    return LISTED(w, mark_list, id, put_mark, w);
}

static int write_body(struct writing *w, const struct hearth_account *account, unsigned with)
{
    bool whole = (with & ARCHIVE_SYNCED_ONLY) == 0;
    put_record(w, ARCHIVE_KIND_account, NULL, account);
    if (whole)
        write_small_before(w, with);
    write_synced(w);
    if (whole)
        LISTED(w, pick_list, w->account, put_pick, w);
    if (whole && (with & ARCHIVE_TOKENS) != 0)
        LISTED(w, token_list, w->account, put_token, w);
    return flush_lines(w);
}

static int write_end(struct writing *w)
{
    uint8_t digest[32];
    char hex[65];
    if (EVP_DigestFinal_ex(w->hash, digest, NULL) != 1)
        return err_set(w->err, HEARTH_ERR_INTERNAL, "SHA-256 failed");
    str_hex(digest, sizeof(digest), hex);
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
    int r = STORE(w->store, w->err, account_get, w->account, &account);
    if (r == 0 && account.generation != generation)
        r = err_set(w->err, HEARTH_ERR_UNCERTAIN,
                    "the account was synced while the archive was written, which is of no one moment; try again");
    return r;
}

int archive_write(struct store *store, const char *account, unsigned with, const struct archive_out *out,
                  int64_t ret_counts[ARCHIVE_KIND_COUNT], struct err *err)
{
    struct err own = {0};
    struct arena arena;
    struct hearth_account row = {.struct_size = sizeof(row)}, kept = {.struct_size = sizeof(kept)};
    struct writing w = {.store = store, .inner = *store, .account = account, .out = out, .err = err != NULL ? err : &own};
    arena_init(&arena, 0);
    call_init(&w.inner.call, store->call.stop, 0, 0);
    w.inner.call.hearth.deadline = store->call.hearth.deadline;
    w.inner.call.breaker = store->call.breaker;
    int r = STORE(store, w.err, account_get, account, &row);
    if (r == 0 && fields_copy(&fields_account, &row, &arena, &kept) < 0)
        r = err_set(w.err, HEARTH_ERR_NOMEM, "out of memory");
    w.hash = EVP_MD_CTX_new();
    if (r == 0 && (w.hash == NULL || EVP_DigestInit_ex(w.hash, EVP_sha256(), NULL) != 1))
        r = err_set(w.err, HEARTH_ERR_NOMEM, "SHA-256 cannot begin");
    buf_printf(&w.lines, "{\"record\":\"archive\",\"version\":%d,\"data_model\":%d}\n", ARCHIVE_VERSION, HEARTH_DATA_MODEL);
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
    call_fini(&w.inner.call);
    arena_fini(&arena);
    return r;
}
