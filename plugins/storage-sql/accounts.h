/* What the accounts of this folder share, and what they leave to each plugin. */
#ifndef STORAGE_SQL_ACCOUNTS_H
#define STORAGE_SQL_ACCOUNTS_H

#include "hearth/storage.h"

struct op;
struct session;

/* Errors, in words. */
int account_is_missing(struct hearth_call *call);        /* NOT_FOUND */
int account_exists_already(struct hearth_call *call);    /* CONFLICT */
int account_identity_is_taken(struct hearth_call *call); /* CONFLICT */

/* In an operation on what all accounts share: 1: there is such an account; 0: none. */
int account_find(struct session *session, const char *id);
/* Why a statement that needs the account touched no row: it is missing, or what `taken` says. */
int account_explain(struct session *session, const char *id, int (*taken)(struct hearth_call *call));

/* An identity's texts have a length that a backend can index: INVALID, in words. */
enum { IDENTITY_TEXT_MAX = 1024 };
int identity_check(struct hearth_call *call, const char *issuer, const char *subject);
/* The issuer of the identity that is made with an account, "" when it has none: checked. */
int identity_of_new_account(struct hearth_call *call, const struct hearth_account *account, char ret_issuer[IDENTITY_TEXT_MAX + 2]);

/* --- of each plugin --- */

/* The row of a new account, and its identity when the issuer is not "". */
int account_make(struct session *session, const struct hearth_account *account, const char *issuer);

/* The generation of an account where it stands apart; untouched when there is no such account any more. */
int account_read_generation(struct session *session, struct hearth_call *call, const char *account, int64_t *ret_generation);
/* The bytes that the rows of the operation's account take; 0: not known. */
int account_read_space(struct session *session, int64_t *ret_space);

#endif
