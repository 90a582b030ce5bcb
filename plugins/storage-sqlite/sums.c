#include "sums.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/buf.h"
#include "codec/codec.h"

enum { DIGEST = 32, HEX = 2 * DIGEST, NAME = 101, LINE = HEX + 2 + NAME + 1 };

struct sums {
    EVP_MD_CTX *digest;      /* of the member that is being read */
    struct support_buf text; /* NUL-terminated */
    char named[NAME + 1];    /* what sqlite_sums_differ() returned */
};

struct sums *sqlite_sums_create(void)
{
    struct sums *sums = calloc(1, sizeof(*sums));
    if (sums == NULL)
        return NULL;
    sums->digest = EVP_MD_CTX_new();
    if (support_buf_append(&sums->text, "", 1) == 0 && sums->digest != NULL &&
        EVP_DigestInit_ex(sums->digest, EVP_sha256(), NULL) == 1)
        return sums;
    sqlite_sums_free(sums);
    return NULL;
}

void sqlite_sums_free(struct sums *sums)
{
    if (sums == NULL)
        return;
    EVP_MD_CTX_free(sums->digest);
    support_buf_fini(&sums->text);
    free(sums);
}

bool sqlite_sums_add(struct sums *sums, const void *bytes, size_t size)
{
    return EVP_DigestUpdate(sums->digest, bytes, size) == 1;
}

bool sqlite_sums_end(struct sums *sums, const char *name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char line[LINE + 1];
    if (EVP_DigestFinal_ex(sums->digest, digest, NULL) != 1)
        return false;
    codec_hex_encode(digest, DIGEST, line);
    int size = snprintf(line + HEX, sizeof(line) - HEX, "  %.*s\n", NAME - 1, name) + HEX;
    sums->text.size--; /* the NUL */
    if (support_buf_append(&sums->text, line, (size_t)size + 1) != 0) {
        sums->text.size++;
        return false;
    }
    return EVP_DigestInit_ex(sums->digest, EVP_sha256(), NULL) == 1;
}

const char *sqlite_sums_text(const struct sums *sums)
{
    return sums->text.data;
}

const char *sqlite_sums_differ(struct sums *sums, const char *text, size_t size)
{
    const char *ours = sums->text.data;
    size_t own = sums->text.size - 1;
    if (size == own && memcmp(text, ours, size) == 0)
        return NULL;
    size_t same = 0, line = 0;
    for (; same < size && same < own && text[same] == ours[same]; same++)
        if (ours[same] == '\n')
            line = same + 1;
    sums->named[0] = '\0';
    if (line + HEX + 2 < own)
        snprintf(sums->named, sizeof(sums->named), "%.*s",
                 (int)strcspn(ours + line + HEX + 2, "\n"), ours + line + HEX + 2);
    return sums->named;
}
