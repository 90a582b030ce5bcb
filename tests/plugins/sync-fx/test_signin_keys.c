/* Derivations of the accounts protocol against the vectors of the protocol reference (sections
 * 1.2, 2.3, 6.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hearth/plugin.h"
#include "onepw.h"
#include "signin.h"
#include "codec/codec.h"

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    char text[512];
    codec_hex_encode(bytes, size, text);
    assert_string_equal(text, hex);
}

static void expect_stretched(const uint8_t stretched[FX_SECRET], const char *auth_pw,
                             const char *unwrap)
{
    uint8_t bytes[FX_SECRET];
    assert_int_equal(fx_derive(stretched, FX_SECRET, "authPW", bytes, FX_SECRET), 0);
    expect_hex(bytes, FX_SECRET, auth_pw);
    assert_int_equal(fx_derive(stretched, FX_SECRET, "unwrapBkey", bytes, FX_SECRET), 0);
    expect_hex(bytes, FX_SECRET, unwrap);
}

static void test_stretching(void **state)
{
    (void)state;
    uint8_t stretched[FX_SECRET];
    assert_int_equal(fx_stretch_v1("andr\u00e9@example.org", "p\u00e4ssw\u00f6rd", stretched), 0);
    expect_hex(stretched, FX_SECRET,
               "e4e8889bd8bd61ad6de6b95c059d56e7b50dacdaf62bd84644af7e2add84345d");
    expect_stretched(stretched, "247b675ffb4c46310bc87e26d712153abe5e1c90ef00a4784594f97ef54f2375",
                     "de6a2648b78284fcb9ffa81ba95803309cfba7af583c01a8a1a63e567234dd28");
    assert_int_equal(
        fx_stretch_v2(
            "identity.mozilla.com/picl/v1/quickStretchV2:00112233445566778899aabbccddeeff",
            "p\u00e4ssw\u00f6rd", stretched),
        0);
    expect_hex(stretched, FX_SECRET,
               "293f9340c47b9be1fb232090226adafa257aed3f76823aa7b92e43ab9785d86d");
    expect_stretched(stretched, "e776849875b400e27ee5b325e769855d8ba30a214aa5f0204364ac08cb502222",
                     "c77b3578b0e68d1212aaf6ad6766c971a2ea09f7c93f63746e5ee491386ff3ea");
}

static const char BUNDLE[] = "ee5c58845c7c9412b11bbd20920c2fddd83c33c9cd2c2de2d66b222613364636fc7e5"
                             "9d854d599f10e212801de3a47c34333f3b838ee3471e0f285649c332bbb"
                             "4c17f42a0b319bbba327d2b326ad23e937219b4de32e3ec7b3e3f740522ad6ef";
static const char UNWRAP[] = "de6a2648b78284fcb9ffa81ba95803309cfba7af583c01a8a1a63e567234dd28";

static void test_keys(void **state)
{
    (void)state;
    uint8_t token[FX_SECRET], bundle[FX_BUNDLE], unwrap[FX_SECRET], kb[FX_SECRET];
    struct fx_token_keys keys;
    struct fx_key key;
    char kid[64];
    for (int i = 0; i < FX_SECRET; i++)
        token[i] = (uint8_t)(0x80 + i);
    assert_int_equal(fx_token_derive(token, "keyFetchToken", &keys), 0);
    expect_hex(keys.id, FX_SECRET,
               "3d0a7c02a15a62a2882f76e39b6494b500c022a8816e048625a495718998ba60");
    expect_hex(keys.hawk, FX_SECRET,
               "87b8937f61d38d0e29cd2d5600b3f4da0aa48ac41de36a0efe84bb4a9872ceb7");
    expect_hex(keys.bundle, FX_SECRET,
               "14f338a9e8c6324d9e102d4e6ee83b209796d5c74bb734a410e729e014a4a546");
    assert_int_equal(codec_hex_decode(BUNDLE, strlen(BUNDLE), bundle, FX_BUNDLE), 0);
    assert_int_equal(codec_hex_decode(UNWRAP, strlen(UNWRAP), unwrap, FX_SECRET), 0);
    assert_int_equal(fx_bundle_open(keys.bundle, bundle, unwrap, kb), 0);
    expect_hex(kb, FX_SECRET, "a095c51c1c6e384e8d5777d97e3c487a4fc2128a00ab395a73d57fedf41631f0");
    assert_int_equal(fx_sync_key(kb, &key), 0);
    expect_hex(key.bytes, FX_KEY_SIZE,
               "9103e3f241298d68d8c8048f25822cc1c1dfe1938709c8793ba2cd8b9e8d60cc81fd33da652c55c3f7a"
               "cf361956346904052977392a134075e2f0f1d1732d688");
    assert_int_equal(fx_kid(kb, 1510726318123, kid, sizeof(kid)), 0);
    assert_string_equal(kid, "1510726318123-w_NDVTH7Ap9OINQpwXCVYg");
    for (size_t i = 0; i < FX_BUNDLE; i += 13) { /* wherever it was changed */
        bundle[i] ^= 1;
        assert_int_equal(fx_bundle_open(keys.bundle, bundle, unwrap, kb), HEARTH_ERR_DENIED);
        bundle[i] ^= 1;
    }
}

static void test_state(void **state)
{
    (void)state;
    struct fx_signin_state good, read;
    fx_signin_state_init(&good, FX_AT_TOTP, 1700000000000);
    snprintf(good.email, sizeof(good.email), "a@example.org");
    assert_int_equal(fx_signin_state_read(&good, sizeof(good), &read), 0);
    assert_memory_equal(&good, &read, sizeof(good));
    assert_int_equal(fx_signin_state_read(&good, sizeof(good) - 1, &read), HEARTH_ERR_INVALID);
    assert_int_equal(fx_signin_state_read(&good, 0, &read), HEARTH_ERR_INVALID);
    struct fx_signin_state bad = good;
    bad.stage = FX_STAGES;
    assert_int_equal(fx_signin_state_read(&bad, sizeof(bad), &read), HEARTH_ERR_INVALID);
    bad = good;
    memset(bad.email, 'a', sizeof(bad.email)); /* no end */
    assert_int_equal(fx_signin_state_read(&bad, sizeof(bad), &read), HEARTH_ERR_INVALID);
    bad = good;
    bad.magic[0] = 'X';
    assert_int_equal(fx_signin_state_read(&bad, sizeof(bad), &read), HEARTH_ERR_INVALID);
    bad = good;
    snprintf(bad.device_name, sizeof(bad.device_name), "\xff");
    assert_int_equal(fx_signin_state_read(&bad, sizeof(bad), &read), HEARTH_ERR_INVALID);
}

static void test_quote(void **state)
{
    (void)state;
    char json[64];
    assert_int_equal(fx_json_quote("a\"\\\n\u00e9", json, sizeof(json)), 0);
    assert_string_equal(json, "\"a\\\"\\\\\\u000a\u00e9\"");
    assert_int_equal(
        fx_json_quote("0123456789012345678901234567890123456789012345678901234567890123456789",
                      json, sizeof(json)),
        HEARTH_ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stretching),
                                       cmocka_unit_test(test_keys), cmocka_unit_test(test_state),
                                       cmocka_unit_test(test_quote)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
