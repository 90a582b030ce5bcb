/* Which proofs open which account, and what is known of the database as a whole. */
#ifndef STORAGE_SQLITE_IDENTITIES_H
#define STORAGE_SQLITE_IDENTITIES_H

#include "store.h"

/* In a transaction of the shared file: the identity that a new account has by its uid; nothing when that is "". */
int identity_of_new_account(struct session *session, const struct hearth_account *account);

int identity_put(void *session, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity);
int identity_remove(void *session, struct hearth_call *call, const char *account, const char *issuer, const char *subject);
int identity_list(void *session, struct hearth_call *call, const char *account, hearth_account_identity_cb cb, void *ctx);

int property_put(void *session, struct hearth_call *call, const char *name, const char *text, bool replace);
int property_get(void *session, struct hearth_call *call, const char *name, const char **ret_text);

#endif
