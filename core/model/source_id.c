#include "model/source_id.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "codec/codec.h"

/* Bytes of digits and colon in front; 0: there are none. */
static size_t source_id_prefix_size(const char *id)
{
    size_t digits = strspn(id, "0123456789");
    return digits > 0 && digits <= 5 && id[digits] == ':' ? digits + 1 : 0;
}

const char *model_source_id(int64_t source, const char *id, size_t longest,
                            char buffer[MODEL_SOURCE_ID_SIZE])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    if (source == 0 && source_id_prefix_size(id) == 0)
        return id;
    int size = snprintf(buffer, MODEL_SOURCE_ID_SIZE, "%lld:%s", (long long)source, id);
    if (size < MODEL_SOURCE_ID_SIZE && (size_t)size <= longest)
        return buffer;
    SHA256((const unsigned char *)id, strlen(id), digest);
    codec_hex_encode(digest, sizeof(digest), hex);
    snprintf(buffer, MODEL_SOURCE_ID_SIZE, "%lld:#%s", (long long)source, hex);
    return buffer;
}

int64_t model_source_of(const char *id)
{
    int64_t source = 0;
    size_t size = source_id_prefix_size(id);
    for (size_t i = 0; i + 1 < size; i++)
        source = 10 * source + (id[i] - '0');
    return source <= HEARTH_SOURCE_MAX ? source : 0;
}

const char *model_source_said(const char *id)
{
    return id + source_id_prefix_size(id);
}
