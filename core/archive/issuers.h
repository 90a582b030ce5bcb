/* Identities of an archive in the account that it is stored in. */
#ifndef HEARTH_CORE_ARCHIVE_ISSUERS_H
#define HEARTH_CORE_ARCHIVE_ISSUERS_H

#include <stdbool.h>
#include <stddef.h>

/* What an identity's issuer says of the account itself ("closed:ID", "left:ID:…") goes with the
 * id. Returns `buffer`, or `issuer`. */
const char *archive_issuer_here(const char *was_id, const char *id, const char *issuer,
                                char *buffer, size_t size);
/* Those by which people come in, and the notes of this account. A note with another account's id
 * would keep that account from making its own, and what an operator has said of a next sign-in
 * was said somewhere else. */
bool archive_issuer_belongs(const char *id, const char *issuer);

#endif
