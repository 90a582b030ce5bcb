#include "credentials.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hearth/plugin.h"
#include "json_scan.h"
#include "text.h"
#include "codec/codec.h"
#include "support/text.h"

static const char TOKEN_SERVER_SUFFIX[] = "/1.0/sync/1.5";

enum field {
    EMAIL,
    UID,
    NAME,
    SYNC_KEY,
    KID,
    TOKEN_SERVER,
    ACCESS_TOKEN,
    REFRESH_TOKEN,
    VERSION,
    MADE_AT,
    MADE_FOR,
    FIELDS
};

static const char *const field_names[FIELDS] = {
    "email",        "uid",           "name", "sync_key", "kid",     "token_server",
    "access_token", "refresh_token", "v",    "made_at",  "made_for"};

struct fields {
    struct fx_span at[FIELDS];
    bool seen[FIELDS], repeated;
    char unknown[40];
};

static int credentials_on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct fields *fields = ctx;
    for (int f = 0; f < FIELDS; f++) {
        if (!fx_span_is(key, field_names[f]))
            continue;
        fields->repeated = fields->repeated || fields->seen[f];
        fields->seen[f] = !fx_span_is_null(value);
        fields->at[f] = *value;
        return 0;
    }
    if (fields->unknown[0] == '\0') {
        size_t size = support_utf8_cut(key->at, key->size < 36 ? key->size : 36, 30);
        snprintf(fields->unknown, sizeof(fields->unknown), "%.*s", size == 0 ? 1 : (int)size,
                 size == 0 ? "?" : key->at);
        fx_text_plain(fields->unknown);
    }
    return 0;
}

static bool credentials_read_text(const struct fields *fields, int field, char *ret_text,
                                  size_t capacity, size_t *ret_size)
{
    const struct fx_span *span = &fields->at[field];
    return span->kind == FX_JSON_STRING && fx_span_text(span, ret_text, capacity, ret_size) == 0 &&
           codec_utf8_valid(ret_text, *ret_size) && strlen(ret_text) == *ret_size;
}

static bool is_email(const char *text, size_t size)
{
    const char *at = strchr(text, '@');
    return size >= 3 && at != NULL && at != text && at[1] != '\0' &&
           strpbrk(text, " \t\r\n\"\\<>,;") == NULL;
}

static bool is_uid(const char *text, size_t size)
{
    return size > 0 &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == size;
}

void fx_uid_write_lower(char *uid)
{
    if (strspn(uid, "0123456789abcdefABCDEF") != strlen(uid))
        return;
    for (char *p = uid; *p != '\0'; p++)
        *p = codec_lower(*p);
}

/* "<milliseconds>-<16 bytes in base64url>" */
static bool is_kid(const char *text, size_t size)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 16 && text[digits] == '-' && size == digits + 23 &&
           is_uid(text + digits + 1, 22);
}

bool fx_email_is_valid(const char *email)
{
    size_t size = strlen(email);
    return size < FX_EMAIL_MAX && is_email(email, size) && codec_utf8_valid(email, size);
}

bool fx_kid_is_valid(const char *kid)
{
    return is_kid(kid, strlen(kid));
}

bool fx_import_is_person(const struct fx_import *import)
{
    return fx_email_is_valid(import->email) &&
           is_uid(import->credentials.uid, strlen(import->credentials.uid)) &&
           fx_kid_is_valid(import->credentials.kid);
}

static bool credentials_read_token(const struct fields *fields, int field,
                                   char ret_token[FX_TOKEN_MAX])
{
    size_t size;
    if (!fields->seen[field])
        return true;
    return credentials_read_text(fields, field, ret_token, FX_TOKEN_MAX, &size) &&
           fx_text_is_token(ret_token, size, FX_TOKEN_MAX - 1);
}

static bool read_sync_key(const struct fields *fields, struct fx_key *ret_key)
{
    char hex[2 * FX_KEY_SIZE + 1];
    size_t size = 0;
    bool ok = fields->at[SYNC_KEY].kind == FX_JSON_STRING &&
              fx_span_text(&fields->at[SYNC_KEY], hex, sizeof(hex), &size) == 0 &&
              codec_hex_decode(hex, size, ret_key->bytes, FX_KEY_SIZE) == 0;
    OPENSSL_cleanse(hex, sizeof(hex));
    return ok;
}

static bool read_token_server(const struct fields *fields, bool insecure_http,
                              char ret_url[FX_URL_MAX], const char **ret_why)
{
    char text[FX_URL_MAX];
    size_t size;
    struct fx_url url;
    *ret_why = "must be the address of a token server, like https://sync.example.org/1.0/sync/1.5";
    if (!fields->seen[TOKEN_SERVER])
        return true;
    if (!credentials_read_text(fields, TOKEN_SERVER, text, sizeof(text), &size) ||
        fx_url_base(text, TOKEN_SERVER_SUFFIX, ret_url) != 0 || fx_url_parse(ret_url, &url) != 0)
        return false;
    *ret_why = "is plain http; use https, or set insecure_http = yes in the [sync …] section";
    return fx_url_is_allowed(&url, insecure_http);
}

/* The fields that file and blob share. Returns the name of a bad field with why, or NULL. */
static const char *read_credentials(const struct fields *fields, bool insecure_http,
                                    struct fx_credentials *c, const char **ret_why)
{
    size_t size;
    *ret_why = "must be the account's id: letters, digits, - and _";
    if (!credentials_read_text(fields, UID, c->uid, sizeof(c->uid), &size) || !is_uid(c->uid, size))
        return "uid";
    *ret_why = "must be the sync key: 128 hexadecimal digits";
    if (!read_sync_key(fields, &c->sync_key))
        return "sync_key";
    *ret_why = "must be the key's id: milliseconds, a hyphen and 22 characters, like "
               "1510726318123-w_NDVTH7Ap9OINQpwXCVYg";
    if (!credentials_read_text(fields, KID, c->kid, sizeof(c->kid), &size) || !is_kid(c->kid, size))
        return "kid";
    if (!read_token_server(fields, insecure_http, c->token_server, ret_why))
        return "token_server";
    *ret_why = "must be a token: visible ASCII characters, at most 1536";
    if (!credentials_read_token(fields, ACCESS_TOKEN, c->access_token))
        return "access_token";
    if (!credentials_read_token(fields, REFRESH_TOKEN, c->refresh_token))
        return "refresh_token";
    return NULL;
}

__attribute__((format(printf, 3, 4))) static int bad(char *error, size_t error_size,
                                                     const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(error, error_size, format, ap);
    va_end(ap);
    return HEARTH_ERR_INVALID;
}

static int check_presence(const struct fields *fields, char *error, size_t error_size)
{
    static const int required[] = {EMAIL, UID, SYNC_KEY, KID};
    if (fields->repeated)
        return bad(error, error_size, "a field is given twice");
    if (fields->unknown[0] != '\0')
        return bad(error, error_size, "unknown field \"%s\"", fields->unknown);
    for (int f = VERSION; f < FIELDS; f++) /* of the blob alone */
        if (fields->seen[f])
            return bad(error, error_size, "unknown field \"%s\"", field_names[f]);
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (!fields->seen[required[i]])
            return bad(error, error_size, "the field \"%s\" is missing", field_names[required[i]]);
    }
    if (fields->seen[ACCESS_TOKEN] == fields->seen[REFRESH_TOKEN])
        return bad(error, error_size,
                   fields->seen[ACCESS_TOKEN]
                       ? "give \"access_token\" or \"refresh_token\", not both"
                       : "the field \"refresh_token\" (or \"access_token\") is missing");
    return 0;
}

static int read_import(const struct fields *fields, bool insecure_http, struct fx_import *import,
                       char *error, size_t error_size)
{
    size_t size;
    if (!credentials_read_text(fields, EMAIL, import->email, sizeof(import->email), &size) ||
        !is_email(import->email, size))
        return bad(error, error_size, "\"email\" must be an e-mail address");
    if (fields->seen[NAME] &&
        !credentials_read_text(fields, NAME, import->name, sizeof(import->name), &size))
        return bad(error, error_size, "\"name\" must be a text of at most %d bytes",
                   FX_NAME_MAX - 1);
    fx_text_plain(import->name);
    const char *why, *name = read_credentials(fields, insecure_http, &import->credentials, &why);
    return name == NULL ? 0 : bad(error, error_size, "\"%s\" %s", name, why);
}

int fx_import_parse(const char *json, bool insecure_http, struct fx_import *ret_import,
                    char *ret_error, size_t error_size)
{
    struct fields fields = {0};
    size_t size = strnlen(json, FX_IMPORT_MAX + 1);
    const char *start = json + strspn(json, " \t\r\n");
    if (size > FX_IMPORT_MAX)
        return bad(ret_error, error_size, "the file is too large for an account");
    if (*start != '{' || fx_json_scan(json, size, credentials_on_member, &fields) != 0)
        return bad(ret_error, error_size, "the file is not a JSON object");
    int r = check_presence(&fields, ret_error, error_size);
    if (r != 0)
        return r;
    struct fx_import import = {0};
    r = read_import(&fields, insecure_http, &import, ret_error, error_size);
    if (r == 0)
        *ret_import = import;
    OPENSSL_cleanse(&import, sizeof(import));
    return r;
}

void fx_credentials_made(struct fx_credentials *credentials, const char *accounts_url,
                         const char *token_server)
{
    snprintf(credentials->made_at, sizeof(credentials->made_at), "%s", accounts_url);
    if (credentials->access_token[0] != '\0')
        snprintf(credentials->made_for, sizeof(credentials->made_for), "%s",
                 credentials->token_server[0] != '\0' ? credentials->token_server : token_server);
}

bool fx_credentials_are_of(const struct fx_credentials *credentials, const char *accounts_url,
                           const char *token_server)
{
    const char *server =
        credentials->token_server[0] != '\0' ? credentials->token_server : token_server;
    bool at = credentials->refresh_token[0] == '\0' || credentials->made_at[0] == '\0' ||
              strcmp(credentials->made_at, accounts_url) == 0;
    return at && (credentials->made_for[0] == '\0' || strcmp(credentials->made_for, server) == 0);
}

/* Every value is free of quotes, backslashes and control characters: nothing has to be escaped,
 * and no library keeps a copy. */
size_t fx_credentials_format(const struct fx_credentials *c, char ret_blob[FX_BLOB_MAX])
{
    char key[2 * FX_KEY_SIZE + 1];
    codec_hex_encode(c->sync_key.bytes, FX_KEY_SIZE, key);
    bool server = c->token_server[0] != '\0', access = c->access_token[0] != '\0';
    bool at = c->made_at[0] != '\0', made_for = c->made_for[0] != '\0';
    int size = snprintf(ret_blob, FX_BLOB_MAX,
                        "{\"v\":1,\"uid\":\"%s\",\"sync_key\":\"%s\",\"kid\":\"%s\"%s%s%s%s%s%s%s%"
                        "s%s,\"%s\":\"%s\"}",
                        c->uid, key, c->kid, server ? ",\"token_server\":\"" : "", c->token_server,
                        server ? "\"" : "", at ? ",\"made_at\":\"" : "", c->made_at, at ? "\"" : "",
                        made_for ? ",\"made_for\":\"" : "", c->made_for, made_for ? "\"" : "",
                        access ? "access_token" : "refresh_token",
                        access ? c->access_token : c->refresh_token);
    OPENSSL_cleanse(key, sizeof(key));
    return (size_t)size;
}

/* As it was noted, to be compared and not to be asked. */
static bool read_maker(const struct fields *fields, int field, char ret_url[FX_URL_MAX])
{
    size_t size;
    struct fx_url url;
    return !fields->seen[field] ||
           (credentials_read_text(fields, field, ret_url, FX_URL_MAX, &size) &&
            fx_url_parse(ret_url, &url) == 0);
}

int fx_credentials_parse(const void *blob, size_t size, struct fx_credentials *ret_credentials)
{
    struct fields fields = {0};
    int64_t version = 0;
    if (size == 0 || *(const char *)blob != '{' ||
        fx_json_scan(blob, size, credentials_on_member, &fields) != 0 || !fields.seen[VERSION] ||
        fx_span_integer(&fields.at[VERSION], &version) != 0 || version != 1 ||
        fields.seen[ACCESS_TOKEN] == fields.seen[REFRESH_TOKEN])
        return HEARTH_ERR_INVALID;
    struct fx_credentials credentials = {0};
    const char *why;
    bool ok = read_credentials(&fields, true, &credentials, &why) == NULL &&
              read_maker(&fields, MADE_AT, credentials.made_at) &&
              read_maker(&fields, MADE_FOR, credentials.made_for);
    int r = ok ? 0 : HEARTH_ERR_INVALID;
    if (r == 0)
        *ret_credentials = credentials;
    OPENSSL_cleanse(&credentials, sizeof(credentials));
    return r;
}
