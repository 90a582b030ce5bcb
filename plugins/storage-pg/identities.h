/* Which proofs open which account, and what is known of the database as a whole. */
#ifndef STORAGE_PG_IDENTITIES_H
#define STORAGE_PG_IDENTITIES_H

#include "store.h"

enum { IDENTITY_ISSUER_MAX = 1024, IDENTITY_SUBJECT_MAX = 1024 };

/* The issuer of the identity that a new account has by its uid; untouched when that is "". INVALID with words. */
int identity_of_new_account(struct hearth_call *call, const struct hearth_account *account, char *ret_issuer, size_t size);
int identity_is_taken(struct hearth_call *call); /* CONFLICT with its words */

int identity_put(void *session, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity);
int identity_remove(void *session, struct hearth_call *call, const char *account, const char *issuer, const char *subject);
int identity_list(void *session, struct hearth_call *call, const char *account, hearth_account_identity_cb cb, void *ctx);

int property_put(void *session, struct hearth_call *call, const char *name, const char *text, bool replace);
int property_get(void *session, struct hearth_call *call, const char *name, const char **ret_text);

#endif
