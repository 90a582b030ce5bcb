/* keys_jwe: nothing but a JWE that was made for this key opens; nothing is read beyond the input. */
#include <assert.h>
#include <string.h>

#include "codec.h"
#include "hearth/plugin.h"
#include "jwe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"UayD4kn_4QHvLvLLSSaANfDUp9AcQndQu_TohQKoyn8", "ARvGIPJ5eIFdp6YTM-INVDqwfun2R9FfCUvXbH7QCIU",
                                        "hk8gP0Po8nBh-WSiTsvsyesC5c1L6fGOEVuX8FHsvTs"};
    struct fx_ec_key key;
    struct fx_buf plain = {0};
    size_t n;
    fx_base64url_decode(texts[0], 43, key.private_key, &n);
    fx_base64url_decode(texts[1], 43, key.x, &n);
    fx_base64url_decode(texts[2], 43, key.y, &n);
    int r = fx_jwe_open((const char *)data, size, &key, &plain);
    assert(r == 0 || r == HEARTH_ERR_INVALID || r == HEARTH_ERR_DENIED);
    if (r == 0)
        assert(plain.data[plain.size] == '\0');
    fx_buf_fini(&plain);
    return 0;
}
