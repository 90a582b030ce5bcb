/* Sign-in links: for ten minutes and one browser. With each goes a short code, for devices that
 * can neither scan nor follow it; the first use of either ends both. */
#ifndef HEARTH_CORE_AUTH_LINK_H
#define HEARTH_CORE_AUTH_LINK_H

#include "auth/doors.h"
#include "auth/token.h"
#include "base/buf.h"
#include "base/err.h"
#include "plug/storage.h"

enum { LINK_LIFE = 10 * 60 * 1000 };

struct link {
    char secret[TOKEN_SECRET_SIZE]; /* behind ".../auth/link?t=" */
    char code[TOKEN_SECRET_SIZE];
    int64_t expires;
};

/* door: what it is made with. NOT_FOUND: that has ended. */
int auth_link_create(struct storage *storage, const char *account, const struct door *door,
                     struct link *ret_link, struct err *err);
void auth_link_wipe(struct link *link);
/* Whose it is, without using it up. hash: of a LINK or CODE. NOT_FOUND: never was, was used, or
 * its time is over. Texts live until plug_storage_reset(). */
int auth_link_look(struct storage *storage, const uint8_t hash[TOKEN_HASH_SIZE],
                   struct hearth_token *ret_row, struct err *err);
/* Uses it up. NOT_FOUND: somebody was quicker. */
int auth_link_take(struct storage *storage, const struct hearth_token *row, struct err *err);
/* The QR code of an address: an SVG image, or lines of half blocks for a terminal. INVALID: too
 * long. */
int auth_link_qr_svg(const char *url, struct buf *ret_svg, struct err *err);
int auth_link_qr_text(const char *url, struct buf *ret_text, struct err *err);

#endif
