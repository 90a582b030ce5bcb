#include "hawk.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "codec/codec.h"
#include "jose/jose.h"
#include "hearth/plugin.h"

void fx_hawk_mac(const struct fx_hawk *hawk, char ret_mac[FX_HAWK_MAC_TEXT])
{
    uint8_t mac[EVP_MAX_MD_SIZE] = {0};
    unsigned size = 0;
    char ts[24], port[8];
    snprintf(ts, sizeof(ts), "%lld", (long long)hawk->ts);
    snprintf(port, sizeof(port), "%u", hawk->url->port);
    const char *lines[] = {"hawk.1.header",
                           ts,
                           hawk->nonce,
                           hawk->method,
                           hawk->url->path[0] == '\0' ? "/" : hawk->url->path,
                           hawk->url->host,
                           port,
                           hawk->hash == NULL ? "" : hawk->hash,
                           hawk->ext == NULL ? "" : hawk->ext};
    char text[8192];
    size_t used = 0;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        size_t n = strlen(lines[i]);
        if (used + n + 1 > sizeof(text))
            break; /* addresses are at most FX_URL_MAX, queries a few hundred bytes: not reached */
        memcpy(text + used, lines[i], n);
        used += n;
        text[used++] = '\n';
    }
    HMAC(EVP_sha256(), hawk->key, (int)(hawk->key_size == 0 ? strlen(hawk->key) : hawk->key_size),
         (const unsigned char *)text, used, mac, &size);
    codec_base64_encode(CODEC_STANDARD, mac, 32, ret_mac);
    OPENSSL_cleanse(mac, sizeof(mac));
}

int fx_hawk_header(const struct fx_hawk *hawk, char *ret_header, size_t capacity)
{
    char mac[FX_HAWK_MAC_TEXT];
    fx_hawk_mac(hawk, mac);
    int size = snprintf(ret_header, capacity,
                        "Hawk id=\"%s\", ts=\"%lld\", nonce=\"%s\"%s%s%s%s%s%s, mac=\"%s\"",
                        hawk->id, (long long)hawk->ts, hawk->nonce,
                        hawk->hash == NULL ? "" : ", hash=\"", hawk->hash == NULL ? "" : hawk->hash,
                        hawk->hash == NULL ? "" : "\"", hawk->ext == NULL ? "" : ", ext=\"",
                        hawk->ext == NULL ? "" : hawk->ext, hawk->ext == NULL ? "" : "\"", mac);
    return size > 0 && (size_t)size < capacity ? 0 : HEARTH_ERR_FULL;
}

void fx_hawk_payload_hash(const char *type, const char *body, char ret_hash[FX_HAWK_MAC_TEXT])
{
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1) {
        const char *pieces[] = {"hawk.1.payload\n", type, "\n", body, "\n"};
        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
            EVP_DigestUpdate(ctx, pieces[i], strlen(pieces[i]));
        EVP_DigestFinal_ex(ctx, digest, NULL);
    }
    EVP_MD_CTX_free(ctx);
    codec_base64_encode(CODEC_STANDARD, digest, 32, ret_hash);
}
