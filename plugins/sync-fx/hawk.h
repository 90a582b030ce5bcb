/* Hawk: the signature of requests to the storage server. */
#ifndef HEARTH_PLUGINS_SYNC_FX_HAWK_H
#define HEARTH_PLUGINS_SYNC_FX_HAWK_H

#include "url.h"

enum { FX_HAWK_MAC_TEXT = 45 };

struct fx_hawk {
    const char *id, *key;
    size_t key_size;    /* 0: the key is a text */
    const char *method; /* upper case */
    const struct fx_url *url;
    int64_t ts; /* seconds, on the server's clock */
    const char *nonce;
    const char *hash; /* of the payload; NULL: none */
    const char *ext;  /* NULL: none */
};

void fx_hawk_mac(const struct fx_hawk *hawk, char ret_mac[FX_HAWK_MAC_TEXT]);

/* The hash of a body; type: "application/json". */
void fx_hawk_payload_hash(const char *type, const char *body, char ret_hash[FX_HAWK_MAC_TEXT]);

/* The value of the Authorization header. FULL when it does not fit. */
int fx_hawk_header(const struct fx_hawk *hawk, char *ret_header, size_t capacity);

#endif
