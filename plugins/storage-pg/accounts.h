/* Accounts, and what each has once: counts, credentials, settings. */
#ifndef STORAGE_PG_ACCOUNTS_H
#define STORAGE_PG_ACCOUNTS_H

#include "store.h"

int account_create(void *session, struct hearth_call *call, const struct hearth_account *account);
int account_update(void *session, struct hearth_call *call, const struct hearth_account *account, uint64_t fields);
int account_get(void *session, struct hearth_call *call, const char *account, struct hearth_account *ret_account);
int account_by_email(void *session, struct hearth_call *call, const char *email, struct hearth_account *ret_account);
int account_by_identity(void *session, struct hearth_call *call, const char *issuer, const char *subject,
                        struct hearth_account *ret_account);
int account_list(void *session, struct hearth_call *call, hearth_account_cb cb, void *ctx);
int account_remove(void *session, struct hearth_call *call, const char *account);
int account_claim_due(void *session, struct hearth_call *call, int64_t now, int64_t claimed_until, int64_t limit, hearth_account_cb cb,
                      void *ctx);
int account_counts(void *session, struct hearth_call *call, const char *account, struct hearth_counts *ret_counts);
int account_credentials_put(void *session, struct hearth_call *call, const char *account, const void *sealed, size_t size);
int account_credentials_get(void *session, struct hearth_call *call, const char *account, const void **ret_sealed, size_t *ret_size);
int account_settings_put(void *session, struct hearth_call *call, const char *account, const char *json);
int account_settings_get(void *session, struct hearth_call *call, const char *account, const char **ret_json);

int token_create(void *session, struct hearth_call *call, const struct hearth_token *token);
int token_by_hash(void *session, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token);
int token_list(void *session, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx);
int token_remove(void *session, struct hearth_call *call, const char *account, const char *id);
int token_used(void *session, struct hearth_call *call, const char *account, const char *id, int64_t when);
int pick_put(void *session, struct hearth_call *call, const char *account, const struct hearth_pick *pick);
int pick_list(void *session, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx);

#endif
