/* Import files, the credentials made of them, and the configuration. */
#include "fake.h"

#include <string.h>

#include "credentials.h"

#define SYNC_KEY                                                                                   \
    "50da07b4fe145920823242c76e1dff797673335b4b75943f72c123c00908ba5c1144d31d0c09bab407e961d8720d" \
    "5350053d534dd0aa1c26a239660f3c7bbb1d"
#define KID "1700000000000-fNUMTzq7B4ZI0dW2sx4e6w"

static void test_import_errors(void **state)
{
    (void)state;
    static const struct {
        const char *json, *error;
    } cases[] = {
        {"", "the file is not a JSON object"},
        {"[]", "the file is not a JSON object"},
        {"{", "the file is not a JSON object"},
        {"{}", "the field \"email\" is missing"},
        {"{\"email\":\"a@b\"}", "the field \"uid\" is missing"},
        {"{\"email\":\"a@b\",\"uid\":\"u\"}", "the field \"sync_key\" is missing"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"\"}", "the field \"kid\" is missing"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"\",\"kid\":\"\"}",
         "the field \"refresh_token\" (or \"access_token\") is missing"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"\",\"kid\":\"\",\"access_token\":\"x\","
         "\"refresh_token\":\"y\"}",
         "give \"access_token\" or \"refresh_token\", not both"},
        {"{\"email\":\"a@b\",\"email\":\"a@b\"}", "a field is given twice"},
        {"{\"emial\":\"a@b\"}", "unknown field \"emial\""},
        {"{\"v\":1}", "unknown field \"v\""},
        {"{\"email\":5,\"uid\":\"u\",\"sync_key\":\"\",\"kid\":\"\",\"access_token\":\"x\"}",
         "\"email\" must be an e-mail address"},
        {"{\"email\":\"ada\",\"uid\":\"u\",\"sync_key\":\"\",\"kid\":\"\",\"access_token\":\"x\"}",
         "\"email\" must be an e-mail address"},
        {"{\"email\":\"a@b\",\"name\":5,\"uid\":\"u\",\"sync_key\":\"\",\"kid\":\"\",\"access_"
         "token\":\"x\"}",
         "\"name\" must be a text of at most 512 bytes"},
        {"{\"email\":\"a@b\",\"uid\":\"u/\",\"sync_key\":\"\",\"kid\":\"\",\"access_token\":\"x\"}",
         "\"uid\" must be the account's id: letters, digits, - and _"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"00\",\"kid\":\"\",\"access_token\":"
         "\"x\"}",
         "\"sync_key\" must be the sync key: 128 hexadecimal digits"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"" SYNC_KEY
         "\",\"kid\":\"17-x\",\"access_token\":\"x\"}",
         "\"kid\" must be the key's id: milliseconds, a hyphen and 22 characters, like "
         "1510726318123-w_NDVTH7Ap9OINQpwXCVYg"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"" SYNC_KEY "\",\"kid\":\"" KID
         "\",\"access_token\":\"x y\"}",
         "\"access_token\" must be a token: visible ASCII characters, at most 1536"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"" SYNC_KEY "\",\"kid\":\"" KID
         "\",\"refresh_token\":[]}",
         "\"refresh_token\" must be a token: visible ASCII characters, at most 1536"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"" SYNC_KEY "\",\"kid\":\"" KID
         "\",\"access_token\":\"x\",\"token_server\":\"nope\"}",
         "\"token_server\" must be the address of a token server, like "
         "https://sync.example.org/1.0/sync/1.5"},
        {"{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"" SYNC_KEY "\",\"kid\":\"" KID
         "\",\"access_token\":\"x\",\"token_server\":\"http://sync.example/\"}",
         "\"token_server\" is plain http; use https, or set insecure_http = yes in the [sync …] "
         "section"},
    };
    struct fx_import import;
    char error[200];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(fx_import_parse(cases[i].json, false, &import, error, sizeof(error)),
                         HEARTH_ERR_INVALID);
        assert_string_equal(error, cases[i].error);
    }
}

static void test_import(void **state)
{
    (void)state;
    static const char json[] =
        "{\"email\":\"Ada@example.org\",\"uid\":\"a11ce0\",\"name\":\"Ada "
        "\\u00fc\\n\",\"sync_key\":\"" SYNC_KEY "\",\"kid\":\"" KID
        "\",\"token_server\":\"http://sync.example:8000/\",\"refresh_token\":\"abc\"}";
    struct fx_import import;
    struct fx_credentials back;
    char error[200], blob[FX_BLOB_MAX];
    assert_int_equal(fx_import_parse(json, true, &import, error, sizeof(error)), 0);
    assert_string_equal(import.email, "Ada@example.org");
    assert_string_equal(import.name, "Ada ü ");
    assert_string_equal(import.credentials.token_server, "http://sync.example:8000/1.0/sync/1.5");
    size_t size = fx_credentials_format(&import.credentials, blob);
    assert_int_equal(fx_credentials_parse(blob, size, &back), 0);
    assert_memory_equal(back.sync_key.bytes, import.credentials.sync_key.bytes, FX_KEY_SIZE);
    assert_string_equal(back.refresh_token, "abc");
    assert_string_equal(back.access_token, "");
    assert_string_equal(back.kid, KID);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(fx_credentials_parse(blob, cut, &back), HEARTH_ERR_INVALID);
}

/* An older release noted neither server: what it stored keeps working where the section leads. */
static void test_who_made_them(void **state)
{
    (void)state;
    static const char made[] = "https://accounts.example",
                      token_server[] = "https://token.example/1.0/sync/1.5",
                      other[] = "https://other.example";
    static const char *const kinds[] = {"refresh_token", "access_token"};
    struct fx_credentials old, new;
    char blob[FX_BLOB_MAX];
    for (size_t i = 0; i < 2; i++) {
        int size = snprintf(blob, sizeof(blob),
                            "{\"v\":1,\"uid\":\"a11ce0\",\"sync_key\":\"" SYNC_KEY
                            "\",\"kid\":\"" KID "\",\"%s\":\"abc\"}",
                            kinds[i]);
        assert_int_equal(fx_credentials_parse(blob, (size_t)size, &old), 0);
        assert_true(fx_credentials_are_of(&old, made, token_server) &&
                    fx_credentials_are_of(&old, other, other));
        fx_credentials_made(&old, made, token_server);
        assert_int_equal(fx_credentials_parse(blob, fx_credentials_format(&old, blob), &new), 0);
        assert_true(fx_credentials_are_of(&new, made, token_server));
        /* an access token never goes to the accounts server */
        assert_int_equal(fx_credentials_are_of(&new, other, token_server), i == 1);
        /* a refresh token gets one for whatever it is now */
        assert_int_equal(fx_credentials_are_of(&new, made, other), i == 0);
    }
}

static void test_import_operation(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    struct hearth_identity identity = {.struct_size = sizeof(identity)};
    assert_int_equal(f->ops->account_import(f->handle, &f->call, "{}", &identity),
                     HEARTH_ERR_INVALID);
    assert_string_equal(f->error, "the field \"email\" is missing");
    assert_null(identity.email);
    assert_int_equal(
        f->ops->account_import(f->handle, &f->call,
                               "{\"email\":\"a@b\",\"uid\":\"u\",\"sync_key\":\"" SYNC_KEY
                               "\",\"kid\":\"" KID "\",\"access_token\":\"x\"}",
                               &identity),
        0);
    assert_string_equal(identity.email, "a@b");
    assert_string_equal(identity.uid, "u");
    assert_null(identity.name);
    assert_true(identity.credentials_size > 128);
    fake_destroy(f);
}

static void test_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *error;
    } cases[] = {
        {"accounts_url", "http://accounts.example",
         "accounts_url is plain http to another machine; use https, or set insecure_http = yes"},
        {"token_server", "sync:1", "token_server is not a usable address of a server"},
        {"client_id", "two words", "client_id is not an OAuth client id"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake *f = fake_create_with(cases[i].key, cases[i].value);
        assert_null(f->self);
        assert_string_equal(f->error, cases[i].error);
        f->ops->handle_close(NULL);
        fake_destroy(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_errors),    cmocka_unit_test(test_import),
        cmocka_unit_test(test_import_operation), cmocka_unit_test(test_who_made_them),
        cmocka_unit_test(test_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
