/* Import files, sealed credentials and cursors: everything that is read back as JSON from our
 * own side. */
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "cursors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_credentials(const struct fx_credentials *credentials)
{
    char blob[FX_BLOB_MAX], again[FX_BLOB_MAX];
    struct fx_credentials back;
    size_t size = fx_credentials_format(credentials, blob);
    check(size < sizeof(blob) && fx_credentials_parse(blob, size, &back) == 0);
    check(fx_credentials_format(&back, again) == size && memcmp(blob, again, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fx_import import;
    struct fx_credentials credentials;
    struct fx_account_cursor account;
    struct fx_collection_cursor collection;
    char error[200] = "", cursor[FX_CURSOR_MAX], again[FX_CURSOR_MAX];
    char *text = malloc(size + 1);
    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (fx_import_parse(text, false, &import, error, sizeof(error)) == 0)
        check_credentials(&import.credentials);
    else
        check(error[0] != '\0');
    if (fx_credentials_parse(data, size, &credentials) == 0)
        check_credentials(&credentials);
    fx_account_cursor_parse(text, &account);
    if (account.present) {
        fx_account_cursor_format(&account, cursor);
        fx_account_cursor_parse(cursor, &account);
        fx_account_cursor_format(&account, again);
        check(account.present && strcmp(cursor, again) == 0);
    }
    fx_collection_cursor_parse(text, &collection);
    if (collection.present) {
        fx_collection_cursor_format(&collection, cursor);
        fx_collection_cursor_parse(cursor, &collection);
        fx_collection_cursor_format(&collection, again);
        check(collection.present && strcmp(cursor, again) == 0);
    }
    free(text);
    return 0;
}
