/* What the accounts of this folder share, and what they leave to each plugin. */
#ifndef STORAGE_SQL_ACCOUNTS_H
#define STORAGE_SQL_ACCOUNTS_H

#include "hearth/storage.h"

struct op;
struct handle;

/* Errors, in words. */
int sql_account_is_missing(struct hearth_call *call);     /* NOT_FOUND */
int sql_account_exists_already(struct hearth_call *call); /* CONFLICT */
int sql_identity_is_taken(struct hearth_call *call);      /* CONFLICT */

/* In an operation on what all accounts share: 1: there is such an account; 0: none. */
int sql_account_find(struct handle *handle, const char *id);
/* Why a statement that needs the account touched no row: it is missing, or what `taken` says. */
int sql_account_explain(struct handle *handle, const char *id,
                        int (*taken)(struct hearth_call *call));

/* An identity's texts have a length that a backend can index: INVALID, in words. */
enum { IDENTITY_TEXT_MAX = 1024 };
int sql_identity_check(struct hearth_call *call, const char *issuer, const char *subject);
/* The issuer of the identity that is made with an account, "" when it has none: checked. */
int sql_identity_of_new_account(struct hearth_call *call, const struct hearth_account *account,
                                char ret_issuer[IDENTITY_TEXT_MAX + 2]);

/* --- of each plugin --- */

/* The row of a new account, and its identity when the issuer is not "". */
int sql_account_make(struct handle *handle, const struct hearth_account *account,
                     const char *issuer);

/* The generation of an account where it stands apart; untouched when there is no such account
 * any more. */
int sql_account_read_generation(struct handle *handle, struct hearth_call *call,
                                const char *account, int64_t *ret_generation);
/* The bytes that the rows of the operation's account take; 0: not known. */
int sql_account_read_space(struct handle *handle, int64_t *ret_space);

#endif
