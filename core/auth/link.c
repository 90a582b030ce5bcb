#include "auth/link.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"

int auth_link_create(struct storage *storage, const char *account, const struct door *door,
                     struct link *ret_link, struct err *err)
{
    struct token link, code;
    int64_t expires = clock_now() + LINK_LIFE;
    int r = auth_token_put(storage, account, door, HEARTH_TOKEN_LINK, "link", expires, &link, err);
    if (r == 0) /* named after the link's id, so that using one finds the other */
        r = auth_token_put(storage, account, door, HEARTH_TOKEN_CODE, link.id, expires, &code, err);
    if (r == 0) {
        memcpy(ret_link->secret, link.secret, sizeof(ret_link->secret));
        memcpy(ret_link->code, code.secret, sizeof(ret_link->code));
        ret_link->expires = expires;
    }
    auth_token_wipe(&link);
    auth_token_wipe(&code);
    return r;
}

void auth_link_wipe(struct link *link)
{
    OPENSSL_cleanse(link, sizeof(*link));
}

int auth_link_look(struct storage *storage, const uint8_t hash[TOKEN_HASH_SIZE],
                   struct hearth_token *ret_row, struct err *err)
{
    struct hearth_token row = {.struct_size = sizeof(row)};
    int r = STORAGE(storage, err, token_by_hash, hash, &row);
    if (r == 0 && ((row.scope != HEARTH_TOKEN_LINK && row.scope != HEARTH_TOKEN_CODE) ||
                   row.expires <= clock_now()))
        r = err_set(err, HEARTH_ERR_NOT_FOUND, "the link is over");
    if (r == 0)
        *ret_row = row;
    return r;
}

struct twin {
    const struct hearth_token *of;
    char id[TOKEN_ID_SIZE];
};

static int link_on_token(void *ctx, const struct hearth_token *row)
{
    struct twin *twin = ctx;
    bool found = twin->of->scope == HEARTH_TOKEN_LINK
                     ? row->scope == HEARTH_TOKEN_CODE && strcmp(row->name, twin->of->id) == 0
                     : row->scope == HEARTH_TOKEN_LINK && strcmp(row->id, twin->of->name) == 0;
    if (found)
        snprintf(twin->id, sizeof(twin->id), "%s", row->id);
    return found;
}

int auth_link_take(struct storage *storage, const struct hearth_token *row, struct err *err)
{
    struct twin twin = {.of = row};
    /* the one who removes it has it */
    int r = STORAGE(storage, err, token_remove, row->account, row->id);
    if (r < 0)
        return r;
    r = STORAGE(storage, err, token_list, row->account, link_on_token, &twin);
    if (r == 0 && twin.id[0] != '\0')
        r = STORAGE(storage, err, token_remove, row->account, twin.id);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

/* --- QR codes --- */

enum { QUIET = 4 }; /* modules of white around it that scanners want: ISO/IEC 18004 */

static QRcode *link_qr_encode(const char *url, struct err *err)
{
    QRcode *code = QRcode_encodeString8bit(url, 0, QR_ECLEVEL_M);
    if (code == NULL)
        err_set(err, HEARTH_ERR_INVALID, "the address is too long for a QR code");
    return code;
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1) != 0;
}

int auth_link_qr_svg(const char *url, struct buf *ret_svg, struct err *err)
{
    QRcode *code = link_qr_encode(url, err);
    if (code == NULL)
        return HEARTH_ERR_INVALID;
    int size = code->width + 2 * QUIET;
    buf_printf(ret_svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "shape-rendering=\"crispEdges\">"
               "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path d=\"",
               size, size, size, size);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            int run = 0;
            while (is_dark(code, x + run, y))
                run++;
            if (run > 0)
                buf_printf(ret_svg, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
            x += run;
        }
    }
    buf_add_text(ret_svg, "\"/></svg>");
    QRcode_free(code);
    return buf_failed(ret_svg) ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
}

/* Two rows to a line. White is drawn, so that it can be read on a dark terminal as well. */
int auth_link_qr_text(const char *url, struct buf *ret_text, struct err *err)
{
    /* which of upper (2) and lower (1) row is dark */
    static const char *const blocks[] = {"\u2588", "\u2580", "\u2584", " "};
    QRcode *code = link_qr_encode(url, err);
    if (code == NULL)
        return HEARTH_ERR_INVALID;
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++)
            buf_add_text(ret_text,
                         blocks[(is_dark(code, x, y) ? 2 : 0) + (is_dark(code, x, y + 1) ? 1 : 0)]);
        buf_add_char(ret_text, '\n');
    }
    QRcode_free(code);
    return buf_failed(ret_text) ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
}
