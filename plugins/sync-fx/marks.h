/* How far an account is read: short JSON texts that the core keeps. A text that cannot be read means "read whole". No secrets. */
#ifndef HEARTH_PLUGINS_SYNC_FX_MARKS_H
#define HEARTH_PLUGINS_SYNC_FX_MARKS_H

#include "credentials.h"
#include "failed.h"
#include "names.h"

enum { FX_MARK_MAX = 1536, FX_MARK_FAILED_MAX = FX_MARK_MAX + FX_FAILED_TEXT };

/* Times: centiseconds of the server. */
struct fx_account_mark {
    bool present;
    char endpoint[FX_URL_MAX]; /* storage server and path */
    int64_t uid;               /* of the token server */
    char kid[FX_KID_MAX];
    char sync_id[FX_SYNC_ID_MAX];
    int64_t info;                  /* info/collections of the last run that left nothing behind; 0: none */
    int64_t meta, keys;            /* the collections meta and crypto when they were last looked at */
    int64_t declined, unsupported; /* bits 1 << collection */
};

struct fx_collection_mark {
    bool present;
    int64_t last_modified; /* everything up to here was read; 0: the server had no such collection */
    char sync_id[FX_SYNC_ID_MAX];
    int64_t version;
    char key[FX_FINGERPRINT_TEXT];
};

/* NULL or unreadable text: `present` is false. */
void fx_account_mark_parse(const char *text, struct fx_account_mark *ret_mark);
void fx_account_mark_format(const struct fx_account_mark *mark, char ret_text[FX_MARK_MAX]);
void fx_collection_mark_parse(const char *text, struct fx_collection_mark *ret_mark);
void fx_collection_mark_format(const struct fx_collection_mark *mark, char ret_text[FX_MARK_MAX]);

/* The same with the ids of what arrived damaged: a member "failed", which is left out when there are none. parse: NOMEM; a list that cannot
 * be read makes the mark unreadable. */
int fx_collection_mark_parse_failed(const char *text, struct fx_collection_mark *ret_mark, struct fx_failed_list *failed);
void fx_collection_mark_format_failed(const struct fx_collection_mark *mark, const struct fx_failed_list *failed,
                                      char ret_text[FX_MARK_FAILED_MAX]);

#endif
