/* Somebody takes another's place at an account, because the operator said so: what opened it
 * before does not any more. */
#ifndef HEARTH_CORE_SIGNIN_TAKEOVER_H
#define HEARTH_CORE_SIGNIN_TAKEOVER_H

#include "nodes/who.h"

enum { TAKEOVER_WORDS_SIZE = 160 };

/* `who` takes the place of the account's identity of that kind: its browsers, tokens, links and
 * all other identities but that of Sync end. When there is no such identity nobody's place is
 * taken, and nothing ends. *ret_words: what has ended, for the audit trail and the operator; ""
 * when nothing did. Whoever has a cache forgets the account then. signin_takeover_end(): the
 * account is removed afterwards. */
int signin_takeover(struct storage *storage, const char *account, const struct who *who,
                    char ret_words[TAKEOVER_WORDS_SIZE], struct err *err);
int signin_takeover_end(struct storage *storage, const char *account, const struct who *who,
                        char ret_words[TAKEOVER_WORDS_SIZE], struct err *err);

#endif
