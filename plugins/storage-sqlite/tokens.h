/* API tokens, and what people picked (adaptive history). */
#ifndef STORAGE_SQLITE_TOKENS_H
#define STORAGE_SQLITE_TOKENS_H

#include "store.h"

int token_create(void *session, struct hearth_call *call, const struct hearth_token *token);
int token_by_hash(void *session, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token);
int token_list(void *session, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx);
int token_remove(void *session, struct hearth_call *call, const char *account, const char *id);
int token_used(void *session, struct hearth_call *call, const char *account, const char *id, int64_t when);

int pick_put(void *session, struct hearth_call *call, const char *account, const struct hearth_pick *pick);
int pick_list(void *session, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx);

#endif
