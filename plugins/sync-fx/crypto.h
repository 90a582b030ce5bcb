/* The encryption of records: AES-256-CBC under HMAC-SHA256 of the Base64 text. */
#ifndef HEARTH_PLUGINS_SYNC_FX_CRYPTO_H
#define HEARTH_PLUGINS_SYNC_FX_CRYPTO_H

#include "support/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { FX_KEY_SIZE = 64, FX_FINGERPRINT_TEXT = 17 };

/* A pair of keys: AES in bytes 0 … 31, HMAC in 32 … 63. */
struct fx_key {
    uint8_t bytes[FX_KEY_SIZE];
};

/* What OpenSSL needs to open many records. One thread at a time. */
struct fx_box {
    void *cipher, *cipher_ctx, *mac, *mac_ctx;
    bool keyed;        /* both hold this key already */
    struct fx_key key; /* wiped at the end */
};

int fx_box_init(struct fx_box *box); /* NOMEM */
void fx_box_fini(struct fx_box *box);

/* What can be wrong with an encrypted record. */
enum fx_open { FX_OPEN_OK = 0, FX_OPEN_FORMAT, FX_OPEN_HMAC, FX_OPEN_CIPHER, FX_OPEN_NOMEM };

/* Opens {"ciphertext", "IV", "hmac"}. `work` and ret_plain are the caller's buffers, reused from
 * record to record; ret_plain holds the cleartext with a NUL behind it. */
enum fx_open fx_box_open(struct fx_box *box, const struct fx_key *key, const char *payload,
                         size_t size, struct support_buf *work, struct support_buf *ret_plain);

/* 16 hex digits that tell two keys apart and say nothing about them. */
void fx_key_fingerprint(const struct fx_key *key, char ret_text[FX_FINGERPRINT_TEXT]);

#endif
