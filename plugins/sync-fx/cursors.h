/* How far an account is read: short JSON texts that the core keeps. A text that cannot be read
 * means "read whole". No secrets. */
#ifndef HEARTH_PLUGINS_SYNC_FX_CURSORS_H
#define HEARTH_PLUGINS_SYNC_FX_CURSORS_H

#include "credentials.h"
#include "failed.h"
#include "names.h"

enum { FX_CURSOR_MAX = 1536, FX_CURSOR_FAILED_MAX = FX_CURSOR_MAX + FX_FAILED_TEXT };

/* Times: centiseconds of the server. */
struct fx_account_cursor {
    bool present;
    char endpoint[FX_URL_MAX]; /* storage server and path */
    int64_t uid;               /* of the token server */
    char kid[FX_KID_MAX];
    char sync_id[FX_SYNC_ID_MAX];
    /* info/collections of the last run that left nothing behind; 0: none */
    int64_t info;
    /* the collections meta and crypto when they were last looked at */
    int64_t meta, keys;
    int64_t declined, unsupported; /* bits 1 << collection */
};

struct fx_collection_cursor {
    bool present;
    /* everything up to here was read; 0: the server had no such collection */
    int64_t last_modified;
    char sync_id[FX_SYNC_ID_MAX];
    int64_t version;
    char key[FX_FINGERPRINT_TEXT];
};

/* NULL or unreadable text: `present` is false. */
void fx_account_cursor_parse(const char *text, struct fx_account_cursor *ret_cursor);
void fx_account_cursor_format(const struct fx_account_cursor *cursor, char ret_text[FX_CURSOR_MAX]);
void fx_collection_cursor_parse(const char *text, struct fx_collection_cursor *ret_cursor);
void fx_collection_cursor_format(const struct fx_collection_cursor *cursor,
                                 char ret_text[FX_CURSOR_MAX]);

/* The same with the ids of what arrived damaged: a member "failed", which is left out when there
 * are none. parse: NOMEM; a list that cannot be read makes the cursor unreadable. */
int fx_collection_cursor_parse_failed(const char *text, struct fx_collection_cursor *ret_cursor,
                                      struct fx_failed_list *failed);
void fx_collection_cursor_format_failed(const struct fx_collection_cursor *cursor,
                                        const struct fx_failed_list *failed,
                                        char ret_text[FX_CURSOR_FAILED_MAX]);

#endif
