/* Pages and their visits: the scan says which there are, and in what order; what it leaves out
 * is asked for by the piece. */
#include <stdlib.h>
#include <string.h>

#include "archive/lines.h"
#include "base/array.h"

/* What is asked for at once, and how many bytes the lines that wait for it have about. */
enum { PIECE_PAGES = 256, PIECE_BYTES = 1 << 20 };

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

static size_t page_lines_index(const struct page_lines *piece, int64_t id)
{
    size_t i = 0;
    while (i < piece->count && piece->ids[i] != id)
        i++;
    return i;
}

static int page_lines_note_page(void *ctx, const struct hearth_page *page)
{
    struct page_lines *piece = ctx;
    size_t i = page_lines_index(piece, page->id);
    if (i == piece->count)
        return 0;
    piece->from[i] = piece->text.size;
    archive_begin_line(&piece->text, &archive_kinds[ARCHIVE_KIND_page], NULL, page);
    buf_add_text(&piece->text, "}\n");
    piece->size[i] = piece->text.size - piece->from[i];
    return 0;
}

static int write_pages(struct page_lines *piece)
{
    struct writing *w = piece->w;
    buf_reset(&piece->text);
    memset(piece->size, 0, sizeof(piece->size));
    int r = plug_storage_pages_get(&w->inner, w->account, piece->ids, piece->count,
                                   page_lines_note_page, piece, w->err);
    if (r == 0 && buf_failed(&piece->text))
        r = err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < piece->count; i++) {
        if (piece->size[i] == 0) /* gone meanwhile: the generation will tell */
            continue;
        buf_add(&w->lines, piece->text.data + piece->from[i], piece->size[i]);
        archive_count_line(w, ARCHIVE_KIND_page);
        if (w->lines.size >= ARCHIVE_FLUSH_BYTES)
            r = archive_flush(w);
    }
    return r;
}

static int page_lines_note_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct page_lines *piece = ctx;
    size_t i = page_lines_index(piece, page);
    if (i == piece->count)
        return 0;
    if (!ARRAY_MAKE_ROOM(piece->visits, piece->visit_count, piece->visit_room))
        return archive_fails(piece->w, err_set(piece->w->err, HEARTH_ERR_NOMEM, "out of memory"));
    piece->visits[piece->visit_count++] = *visit;
    piece->visits[piece->visit_count - 1].reserved = (uint32_t)i;
    return 0;
}

/* By the page's place, then as page_visits() has them. */
static int page_lines_compare_visits(const void *a, const void *b)
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
    int r = plug_storage_visits_of_pages(&w->inner, w->account, piece->ids, piece->count,
                                         page_lines_note_visit, piece, w->err);
    if (r == 0)
        r = w->code;
    if (r == 0 && piece->visit_count > 0)
        qsort(piece->visits, piece->visit_count, sizeof(piece->visits[0]),
              page_lines_compare_visits);
    for (size_t i = 0; r == 0 && i < piece->visit_count; i++) {
        struct archive_of_page of = {.struct_size = sizeof(of),
                                     .page = piece->ids[piece->visits[i].reserved]};
        r = archive_put_record(w, ARCHIVE_KIND_visit, &of, &piece->visits[i]);
    }
    return r;
}

static int end_piece(struct page_lines *piece)
{
    int r = piece->count == 0 ? 0 : piece->write_piece(piece);
    plug_storage_reset(&piece->w->inner);
    piece->count = piece->bytes = 0;
    return archive_fails(piece->w, r);
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
    piece->bytes += 256 + text_bytes(page->url) + text_bytes(page->title) +
                    text_bytes(page->bookmark_title) + text_bytes(page->tags) +
                    (size_t)(page->visit_count < PIECE_BYTES ? page->visit_count : PIECE_BYTES) *
                        sizeof(struct hearth_visit);
    return piece->count == PIECE_PAGES || piece->bytes >= PIECE_BYTES ? end_piece(piece) : 0;
}

static int put_by_page(struct writing *w, int (*write_piece)(struct page_lines *piece))
{
    struct page_lines *piece = calloc(1, sizeof(*piece));
    if (piece == NULL)
        return err_set(w->err, HEARTH_ERR_NOMEM, "out of memory");
    piece->w = w;
    piece->write_piece = write_piece;
    int r = STORAGE(w->storage, w->err, pages_by_frecency, w->account, on_scanned, piece);
    if (r == 0)
        r = w->code;
    if (r == 0)
        r = end_piece(piece);
    buf_fini(&piece->text);
    free(piece->visits);
    free(piece);
    return r;
}

int archive_put_pages(struct writing *w)
{
    return put_by_page(w, write_pages);
}

int archive_put_visits(struct writing *w)
{
    return put_by_page(w, write_visits);
}
