/* keys_jwe: nothing but a JWE that was made for this key opens; nothing is read beyond the
 * input. */
#include <assert.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "hearth/plugin.h"
#include "jose/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"UayD4kn_4QHvLvLLSSaANfDUp9AcQndQu_TohQKoyn8",
                                        "ARvGIPJ5eIFdp6YTM-INVDqwfun2R9FfCUvXbH7QCIU",
                                        "hk8gP0Po8nBh-WSiTsvsyesC5c1L6fGOEVuX8FHsvTs"};
    struct jose_ec_key key;
    size_t n;
    codec_base64_decode(CODEC_URL, texts[0], 43, key.private_key, &n);
    codec_base64_decode(CODEC_URL, texts[1], 43, key.x, &n);
    codec_base64_decode(CODEC_URL, texts[2], 43, key.y, &n);
    char *plain = malloc(size + 1); /* no more than is promised to suffice */
    if (plain == NULL)
        return 0;
    int r = jose_jwe_open((const char *)data, size, &key, plain, &n);
    assert(r == 0 || r == HEARTH_ERR_INVALID || r == HEARTH_ERR_DENIED);
    if (r == 0)
        assert(n < size && plain[n] == '\0');
    free(plain);
    return 0;
}
