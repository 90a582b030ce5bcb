/* core/jose against the vectors of the RFCs; a table of what is accepted and refused, signed by
 * another implementation, is in test_tokens.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"
#include "jose/jose_internal.h"

/* --- signatures --- */

static const char PAYLOAD[] = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
                              "LmNvbS9pc19yb290Ijp0cnVlfQ";

/* RFC 7515, A.2 */
static const char KEYS_RSA[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
    "wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_"
    "7OMg0LOL-"
    "bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
    "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"
    "I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":"
    "\"AQAB\"}]}";
static const char RSA_SIGNATURE[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
    "xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igc"
    "N_"
    "IoypGlUPQGe77Rw";
/* RFC 7515, A.3 */
static const char KEYS_EC[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
                              "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                              "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
static const char EC_SIGNATURE[] =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static int verify_text(const char *token, const char *keys)
{
    struct jose_jws jws;
    const char *reason;
    int r = jose_jws_read(token, strlen(token), &jws, &reason);
    if (r != 0)
        return r;
    json_t *set = json_loads(keys, 0, NULL);
    r = jose_jws_verify(&jws, set);
    json_decref(set);
    jose_jws_fini(&jws);
    return r;
}

static int verify_parts(const char *header, const char *signature, const char *keys)
{
    char encoded[1024], token[4096];
    codec_base64_encode(CODEC_URL, (const uint8_t *)header, strlen(header), encoded);
    snprintf(token, sizeof(token), "%s.%s.%s", encoded, PAYLOAD, signature);
    return verify_text(token, keys);
}

static void test_signatures_of_the_rfc(void **state)
{
    (void)state;
    assert_int_equal(verify_parts("{\"alg\":\"RS256\"}", RSA_SIGNATURE, KEYS_RSA), 0);
    assert_int_equal(verify_parts("{\"alg\":\"ES256\"}", EC_SIGNATURE, KEYS_EC), 0);
    /* The algorithm must suit the key. */
    assert_int_equal(verify_parts("{\"alg\":\"ES256\"}", EC_SIGNATURE, KEYS_RSA),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(verify_parts("{\"alg\":\"RS256\"}", RSA_SIGNATURE, KEYS_EC),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(verify_parts("{\"alg\":\"PS256\"}", RSA_SIGNATURE, KEYS_RSA),
                     HEARTH_ERR_DENIED);
    /* The header is signed, too. */
    assert_int_equal(verify_parts("{\"alg\": \"RS256\"}", RSA_SIGNATURE, KEYS_RSA),
                     HEARTH_ERR_DENIED);
    assert_int_equal(verify_parts("{\"alg\":\"ES256\",\"a\":1}", EC_SIGNATURE, KEYS_EC),
                     HEARTH_ERR_DENIED);
}

static void test_algorithms_of_the_rfc_that_are_refused(void **state)
{
    (void)state;
    /* A.1: HS256; A.4: ES512; A.5: none; E: crit */
    assert_int_equal(
        verify_text("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGF"
                    "tcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                    KEYS_EC),
        HEARTH_ERR_INVALID);
    assert_int_equal(
        verify_text(
            "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_"
            "UxMi70cwnZOYaRI1bKPWROc-"
            "mZZqwqT2SI-KGDKB34XO0aw_"
            "7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXuk"
            "OXolLzeO_Jn",
            KEYS_EC),
        HEARTH_ERR_INVALID);
    assert_int_equal(
        verify_text(
            "eyJhbGciOiJub25lIn0."
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290I"
            "jp0cnVlfQ.",
            KEYS_EC),
        HEARTH_ERR_INVALID);
    assert_int_equal(verify_text("eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ER"
                                 "UZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvb"
                                 "S9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.",
                                 KEYS_EC),
                     HEARTH_ERR_INVALID);
}

/* Wherever one character of a signature is another, or one is missing, it is not accepted: also
 * where only loose bits differ. */
static void test_signatures_are_exact(void **state)
{
    (void)state;
    char changed[sizeof(EC_SIGNATURE) + 2];
    for (size_t i = 0; i + 1 < sizeof(EC_SIGNATURE); i++) {
        memcpy(changed, EC_SIGNATURE, sizeof(EC_SIGNATURE));
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify_parts("{\"alg\":\"ES256\"}", changed, KEYS_EC), 0);
        memcpy(changed, EC_SIGNATURE, sizeof(EC_SIGNATURE));
        changed[i] = '\0';
        assert_int_not_equal(verify_parts("{\"alg\":\"ES256\"}", changed, KEYS_EC), 0);
    }
    for (size_t i = 0; i < 64; i++) { /* the last digit carries two bits that count */
        snprintf(changed, sizeof(changed), "%s", EC_SIGNATURE);
        changed[sizeof(EC_SIGNATURE) - 2] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[i];
        assert_int_equal(verify_parts("{\"alg\":\"ES256\"}", changed, KEYS_EC) == 0,
                         strcmp(changed, EC_SIGNATURE) == 0);
    }
    snprintf(changed, sizeof(changed), "%s=", EC_SIGNATURE);
    assert_int_equal(verify_parts("{\"alg\":\"ES256\"}", changed, KEYS_EC), HEARTH_ERR_INVALID);
    snprintf(changed, sizeof(changed), "%s=", EC_SIGNATURE);
    changed[sizeof(EC_SIGNATURE) - 1] = 'A';
    assert_int_not_equal(verify_parts("{\"alg\":\"ES256\"}", changed, KEYS_EC), 0);
}

/* --- encryption --- */

static void expect_bytes(const char *base64url, const uint8_t *bytes, size_t size)
{
    uint8_t expected[64];
    size_t n;
    assert_int_equal(codec_base64_decode(CODEC_URL, base64url, strlen(base64url), expected, &n), 0);
    assert_int_equal(n, size);
    assert_memory_equal(bytes, expected, size);
}

/* RFC 7518, C */
static void test_key_agreement_of_the_rfc(void **state)
{
    (void)state;
    static const uint8_t z[] = {158, 86,  217, 29,  129, 113, 53,  211, 114, 131, 66,
                                131, 191, 132, 38,  156, 251, 49,  110, 163, 218, 128,
                                106, 72,  246, 218, 167, 121, 140, 254, 144, 196};
    uint8_t key[16];
    assert_int_equal(jose_concat_kdf(z, sizeof(z), "A128GCM", "QWxpY2U", "Qm9i", key, sizeof(key)),
                     0);
    expect_bytes("VqqN6vgjbSBcIijNcacQGg", key, sizeof(key));
}

static const char JWE[] = "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoiNFBKTTl5dGVGeUtsb21ILWd2UUtyWGZ0a0N3ak9H"
                          "NHRfTmpYVXhLM1VqSSIsImVwayI6eyJrdHkiOiJF"
                          "QyIsImNydiI6IlAtMjU2IiwieCI6"
                          "IlB3eG9Na1RjSVZ2TFlKWU4wM2R0Y3o2TEJrR0FHaU1hZWlNQ3lTZXEzb2MiLCJ5IjoiLUYt"
                          "TllRRDZwNUdSQ2ZoYm1hN3NvNkhxdExhVlNub012"
                          "S0pFcjFBeWlaSSJ9LCJlbmMiOiJB"
                          "MjU2R0NNIn0..b9FPhjjpmAmo_rP8."
                          "ur9jTry21Y2trvtcanSFmAtiRfF6s6qqyg6ruRal7PCwa7PxDzAuMN6DZW5BiK8UREOH08-"
                          "FyRcIgdDOm5Zq8KwVAn56PGfcH30aNDGQNkA_mpfj"
                          "x5Tj2z8kI6ryLWew4PGZb-PsL1g-_"
                          "eyXhktq7dAhetjNYttKwSREWQFokv7N3nJGpukBqnwL1ost-MjDXlINZLVJKAiMHDcu-"
                          "q7Epitwid2c2JVGOSCJjbZ4-zbxVmZ4o9xhFb2lbvdiaM"
                          "ygH6bPlrjEK99uT6XKtaIZmyDwftbD6G3x4On-CqA2TNL6ILRaJMtmyX--ctL0IrngUIHg_"
                          "F0Wz94v.zBD8NACkUcZTPLH0tceGnA";

static void example_key(struct jose_ec_key *key)
{
    const char *texts[] = {"UayD4kn_4QHvLvLLSSaANfDUp9AcQndQu_TohQKoyn8",
                           "ARvGIPJ5eIFdp6YTM-INVDqwfun2R9FfCUvXbH7QCIU",
                           "hk8gP0Po8nBh-WSiTsvsyesC5c1L6fGOEVuX8FHsvTs"};
    uint8_t *to[] = {key->private_key, key->x, key->y};
    size_t size;
    for (int i = 0; i < 3; i++)
        assert_int_equal(codec_base64_decode(CODEC_URL, texts[i], strlen(texts[i]), to[i], &size),
                         0);
}

static void test_jwe(void **state)
{
    (void)state;
    struct jose_ec_key key;
    char plain[JOSE_JWE_MAX];
    size_t size;
    example_key(&key);
    assert_int_equal(jose_jwe_open(JWE, strlen(JWE), &key, plain, &size), 0);
    assert_non_null(strstr(plain, "\"k\":\"8ek1VNk4sjrNP0DhGC4crzQtwmpoR64zHuFMHb4Tw-"
                                  "exR70Z2SSIfMSrJDTLEZid9lD05-hbA3n2Q4Esjlu1tA\""));
    assert_non_null(strstr(plain, "\"kid\":\"1526414944666-zgTjf5oXmPmBjxwXWFsDWg\""));
}

static void test_jwe_refusals(void **state)
{
    (void)state;
    struct jose_ec_key key, other;
    char plain[JOSE_JWE_MAX];
    size_t size;
    char changed[sizeof(JWE)];
    example_key(&key);
    assert_int_equal(jose_ec_make(&other), 0);
    assert_int_equal(jose_jwe_open(JWE, strlen(JWE), &other, plain, &size), HEARTH_ERR_DENIED);
    for (size_t i = 0; i + 1 < sizeof(JWE); i++) {
        /* any changed character; the last one of a part may hold loose bits */
        memcpy(changed, JWE, sizeof(JWE));
        changed[i] = changed[i] == 'A' ? 'B' : changed[i] == '.' ? 'A' : 'A';
        assert_int_not_equal(jose_jwe_open(changed, strlen(changed), &key, plain, &size), 0);
    }
    for (size_t cut = 0; cut < sizeof(JWE) - 1; cut += 7)
        assert_int_not_equal(jose_jwe_open(JWE, cut, &key, plain, &size), 0);
}

/* A point that is not on the curve, other algorithms, header members that would change the
 * meaning. */
static void test_jwe_headers(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
        "\"PwxoMkTcIVvLYJYN03dtcz6LBkGAGiMaeiMCySeq3oc\",\"y\":\"-F-"
        "NYQD6p5GRCfhbma7so6HqtLaVSnoMvKJEr1AyiZA\"}}",
        "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":"
        "\"PwxoMkTcIVvLYJYN03dtcz6LBkGAGiMaeiMCySeq3oc\",\"y\":\"-F-"
        "NYQD6p5GRCfhbma7so6HqtLaVSnoMvKJEr1AyiZI\"}}",
        "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
        "\"PwxoMkTcIVvLYJYN03dtcz6LBkGAGiMaeiMCySeq3oc\",\"y\":\"-F-"
        "NYQD6p5GRCfhbma7so6HqtLaVSnoMvKJEr1AyiZI\"}}",
        "{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"zip\":\"DEF\",\"epk\":{\"kty\":\"EC\",\"crv\":"
        "\"P-256\",\"x\":"
        "\"PwxoMkTcIVvLYJYN03dtcz6LBkGAGiMaeiMCySeq3oc\",\"y\":\"-F-"
        "NYQD6p5GRCfhbma7so6HqtLaVSnoMvKJEr1AyiZI\"}}",
        "{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":"
        "\"PwxoMkTcIVvLYJYN03dtcz6LBkGAGiMaeiMCySeq3oc\",\"y\":\"-F-"
        "NYQD6p5GRCfhbma7so6HqtLaVSnoMvKJEr1AyiZI\"}}",
        "{\"alg\":\"none\"}",
        "[]",
        ""};
    struct jose_ec_key key;
    char plain[JOSE_JWE_MAX];
    size_t size;
    example_key(&key);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        char jwe[4096];
        codec_base64_encode(CODEC_URL, (const uint8_t *)headers[i], strlen(headers[i]), jwe);
        size_t used = strlen(jwe);
        snprintf(jwe + used, sizeof(jwe) - used, "%s", strchr(JWE, '.'));
        assert_int_equal(jose_jwe_open(jwe, strlen(jwe), &key, plain, &size), HEARTH_ERR_INVALID);
    }
}

/* What is made here is a key of the curve, and the same key in its JWK. */
static void test_made_keys(void **state)
{
    (void)state;
    struct jose_ec_key key;
    char text[JOSE_EC_JWK_SIZE];
    EVP_PKEY *loaded;
    assert_int_equal(jose_ec_make(&key), 0);
    assert_int_equal(jose_ec_load(key.x, key.y, key.private_key, &loaded), 0);
    EVP_PKEY_free(loaded);
    jose_ec_jwk(&key, text);
    json_t *jwk = json_loads(text, 0, NULL);
    assert_non_null(jwk);
    expect_bytes(json_string_value(json_object_get(jwk, "x")), key.x, JOSE_EC_SIZE);
    expect_bytes(json_string_value(json_object_get(jwk, "y")), key.y, JOSE_EC_SIZE);
    assert_null(json_object_get(jwk, "d"));
    json_decref(jwk);
    key.y[31] ^= 1;
    assert_int_equal(jose_ec_load(key.x, key.y, NULL, &loaded), HEARTH_ERR_INVALID);
}

/* --- what is signed here --- */

static void test_signed_here(void **state)
{
    (void)state;
    struct jose_ec_key key;
    char jwk[JOSE_EC_JWK_SIZE], keys[JOSE_EC_JWK_SIZE + 16], point[JOSE_EC_POINT_SIZE], token[512];
    const char *claims = "{\"aud\":\"https://push.example.org\",\"exp\":1}", *reason;
    for (int i = 0; i < 100; i++) { /* R and S of fewer bytes are filled up */
        struct jose_jws jws;
        assert_int_equal(jose_ec_make(&key), 0);
        jose_ec_jwk(&key, jwk);
        snprintf(keys, sizeof(keys), "{\"keys\":[%s]}", jwk);
        assert_int_equal(jose_jws_sign(&key, claims, token, sizeof(token)), 0);
        assert_int_equal(verify_text(token, keys), 0);
        assert_int_equal(jose_jws_read(token, strlen(token), &jws, &reason), 0);
        assert_string_equal(jws.alg, "ES256");
        assert_string_equal(jws.typ, "JWT");
        assert_string_equal((const char *)jws.payload, claims);
        jose_jws_fini(&jws);
        token[60] ^= 1; /* of the claims */
        assert_int_not_equal(verify_text(token, keys), 0);
    }
    snprintf(token, sizeof(token), "as it was");
    assert_int_equal(jose_jws_sign(&key, claims, token, 150), HEARTH_ERR_FULL);
    assert_string_equal(token, "as it was");
    jose_ec_point(&key, point);
    uint8_t bytes[JOSE_EC_POINT_SIZE];
    size_t size;
    assert_int_equal(strlen(point), 87);
    assert_int_equal(codec_base64_decode(CODEC_URL, point, strlen(point), bytes, &size), 0);
    assert_int_equal(size, 65);
    assert_int_equal(bytes[0], 4);
    assert_memory_equal(bytes + 1, key.x, JOSE_EC_SIZE);
    assert_memory_equal(bytes + 33, key.y, JOSE_EC_SIZE);
    key.y[31] ^= 1;
    assert_int_equal(jose_jws_sign(&key, claims, token, sizeof(token)), HEARTH_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures_of_the_rfc),
        cmocka_unit_test(test_algorithms_of_the_rfc_that_are_refused),
        cmocka_unit_test(test_signatures_are_exact),
        cmocka_unit_test(test_key_agreement_of_the_rfc),
        cmocka_unit_test(test_jwe),
        cmocka_unit_test(test_jwe_refusals),
        cmocka_unit_test(test_jwe_headers),
        cmocka_unit_test(test_made_keys),
        cmocka_unit_test(test_signed_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
