#include "archive/lines.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "codec/codec.h"

int archive_fails(struct writing *w, int code)
{
    if (w->code == 0)
        w->code = code;
    return w->code;
}

int archive_flush(struct writing *w)
{
    if (w->code == 0 && buf_failed(&w->lines))
        archive_fails(w, err_set(w->err, HEARTH_ERR_NOMEM, "out of memory"));
    if (w->code == 0 && w->lines.size > 0) {
        if (EVP_DigestUpdate(w->hash, w->lines.data, w->lines.size) != 1)
            return archive_fails(w, err_set(w->err, HEARTH_ERR_INTERNAL, "SHA-256 failed"));
        archive_fails(w, w->out->put(w->out->ctx, w->lines.data, w->lines.size, w->err));
    }
    buf_reset(&w->lines);
    return w->code;
}

/* Between plain runs what JSON has no plain form of. A byte that is no UTF-8, of a database of
 * before, is U+FFFD. */
void archive_put_text(struct buf *to, const char *text)
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
    const char *text = field->kind == HEARTH_FIELD_TEXT ? plug_fields_text(field, record) : NULL;
    const uint8_t *hash = field->kind == HEARTH_FIELD_HASH ? plug_fields_hash(field, record) : NULL;
    bool is_pointer = field->kind == HEARTH_FIELD_TEXT || field->kind == HEARTH_FIELD_HASH;
    if (is_pointer && text == NULL && hash == NULL)
        return;
    buf_printf(to, ",\"%s\":", field->name);
    if (text != NULL) {
        archive_put_text(to, text);
    } else if (hash != NULL) {
        size_t size = (size_t)field->most;
        buf_add_char(to, '"');
        char *room = buf_reserve(to, 2 * size + 1);
        if (room != NULL) {
            codec_hex_encode(hash, size, room);
            buf_grew(to, 2 * size);
        }
        buf_add_char(to, '"');
    } else if (field->kind == HEARTH_FIELD_REAL) {
        buf_printf(to, "%.17g", plug_fields_real(field, record));
    } else {
        buf_printf(to, "%" PRId64, plug_fields_number(field, record));
    }
}

void archive_begin_line(struct buf *to, const struct archive_kind *kind, const void *owner,
                        const void *record)
{
    buf_printf(to, "{\"record\":\"%s\"", kind->name);
    for (size_t i = 0; i < kind->owner->count; i++)
        put_field(to, &kind->owner->list[i], owner);
    for (size_t i = 0; i < kind->fields->count; i++)
        if (archive_kind_has(kind, &kind->fields->list[i]))
            put_field(to, &kind->fields->list[i], record);
}

void archive_count_line(struct writing *w, enum archive_kind_name name)
{
    w->counts[name]++;
    w->line_count++;
}

int archive_put_record(struct writing *w, enum archive_kind_name name, const void *owner,
                       const void *record)
{
    archive_begin_line(&w->lines, &archive_kinds[name], owner, record);
    buf_add_text(&w->lines, "}\n");
    archive_count_line(w, name);
    return w->lines.size >= ARCHIVE_FLUSH_BYTES || buf_failed(&w->lines) ? archive_flush(w)
                                                                         : w->code;
}
