/* What an account's credentials are: the import file, and the blob that the core seals. */
#ifndef HEARTH_PLUGINS_SYNC_FX_CREDENTIALS_H
#define HEARTH_PLUGINS_SYNC_FX_CREDENTIALS_H

#include "crypto.h"
#include "url.h"

#include <stdbool.h>

enum {
    FX_EMAIL_MAX = 256,
    FX_UID_MAX = 65,
    FX_NAME_MAX = 513,
    FX_KID_MAX = 48,
    FX_TOKEN_MAX = 1537, /* FxA's JWTs have at most 1,024 characters */
    FX_BLOB_MAX = 6144,
    FX_IMPORT_MAX = 65536
};

struct fx_credentials {
    char uid[FX_UID_MAX];
    struct fx_key sync_key;
    char kid[FX_KID_MAX];
    char token_server[FX_URL_MAX];   /* "": as configured */
    char access_token[FX_TOKEN_MAX]; /* one of the two is "" */
    char refresh_token[FX_TOKEN_MAX];
    /* Which servers the section named when they were made, and the only ones that get them; "":
     * of a release that did not note it. */
    char made_at[FX_URL_MAX];  /* accounts_url */
    char made_for[FX_URL_MAX]; /* token server of an imported access token */
};

struct fx_import {
    char email[FX_EMAIL_MAX];
    char name[FX_NAME_MAX]; /* "": none */
    struct fx_credentials credentials;
};

/* Reads an import file. INVALID with `ret_error` (at least 160 bytes) naming the field; on
 * success ret_import holds secrets: wipe it. */
int fx_import_parse(const char *json, bool insecure_http, struct fx_import *ret_import,
                    char *ret_error, size_t error_size);

/* Ids of accounts are hexadecimal: written in one way, so that one account is not two. */
void fx_uid_write_lower(char *uid);
bool fx_email_is_valid(const char *email);
bool fx_kid_is_valid(const char *kid);
/* Email, uid and kid of somebody who has signed in are usable, as those of an import file must
 * be. */
bool fx_import_is_person(const struct fx_import *import);

/* Notes which servers they were made at and for, as the section names them now. */
void fx_credentials_made(struct fx_credentials *credentials, const char *accounts_url,
                         const char *token_server);
/* May the servers that the section names now be shown them? */
bool fx_credentials_are_of(const struct fx_credentials *credentials, const char *accounts_url,
                           const char *token_server);

/* Compact, versioned JSON. The result has no NUL; its length is returned. */
size_t fx_credentials_format(const struct fx_credentials *credentials, char ret_blob[FX_BLOB_MAX]);

/* Reads what fx_credentials_format() made. INVALID: something else. */
int fx_credentials_parse(const void *blob, size_t size, struct fx_credentials *ret_credentials);

#endif
