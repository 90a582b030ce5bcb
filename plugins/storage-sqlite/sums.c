#include "sums.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST = 32, HEX = 2 * DIGEST, NAME = 101, LINE = HEX + 2 + NAME + 1 };

struct sums {
    EVP_MD_CTX *digest; /* of the member that is being read */
    char *text;
    size_t size, room;
    char named[NAME + 1]; /* what sums_differ() returned */
};

struct sums *sums_create(void)
{
    struct sums *sums = calloc(1, sizeof(*sums));
    if (sums == NULL)
        return NULL;
    sums->room = 4096;
    sums->text = calloc(1, sums->room);
    sums->digest = EVP_MD_CTX_new();
    if (sums->text != NULL && sums->digest != NULL && EVP_DigestInit_ex(sums->digest, EVP_sha256(), NULL) == 1)
        return sums;
    sums_free(sums);
    return NULL;
}

void sums_free(struct sums *sums)
{
    if (sums == NULL)
        return;
    EVP_MD_CTX_free(sums->digest);
    free(sums->text);
    free(sums);
}

bool sums_add(struct sums *sums, const void *bytes, size_t size)
{
    return EVP_DigestUpdate(sums->digest, bytes, size) == 1;
}

static bool make_room(struct sums *sums)
{
    if (sums->room - sums->size > LINE)
        return true;
    char *text = realloc(sums->text, 2 * sums->room);
    if (text == NULL)
        return false;
    sums->text = text;
    sums->room *= 2;
    return true;
}

bool sums_end(struct sums *sums, const char *name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (!make_room(sums) || EVP_DigestFinal_ex(sums->digest, digest, NULL) != 1)
        return false;
    for (size_t i = 0; i < DIGEST; i++)
        sums->size += (size_t)snprintf(sums->text + sums->size, 3, "%02x", digest[i]);
    sums->size += (size_t)snprintf(sums->text + sums->size, sums->room - sums->size, "  %.*s\n", NAME - 1, name);
    return EVP_DigestInit_ex(sums->digest, EVP_sha256(), NULL) == 1;
}

const char *sums_text(const struct sums *sums)
{
    return sums->text;
}

const char *sums_differ(struct sums *sums, const char *text, size_t size)
{
    if (size == sums->size && memcmp(text, sums->text, size) == 0)
        return NULL;
    size_t same = 0, line = 0;
    for (; same < size && same < sums->size && text[same] == sums->text[same]; same++)
        if (sums->text[same] == '\n')
            line = same + 1;
    sums->named[0] = '\0';
    if (line + HEX + 2 < sums->size)
        snprintf(sums->named, sizeof(sums->named), "%.*s", (int)strcspn(sums->text + line + HEX + 2, "\n"), sums->text + line + HEX + 2);
    return sums->named;
}
