/* What a person is told at the end of a sign-in, besides what the provider says. See
 * docs/messages.md. */
#ifndef HEARTH_CORE_SIGNIN_MESSAGES_H
#define HEARTH_CORE_SIGNIN_MESSAGES_H

#include "hearth/message.h"

/* clang-format off */
#define SIGNIN_MESSAGES(M, T) \
    M(T, title, "signin.title.failed", "That did not work", 0) \
    M(T, no_address, "signin.no_address", \
      "You are signed in there, but nothing there says which e-mail address is yours, and " \
      "accounts here are called by one. Whoever runs this server can take the account in: " \
      "hearthd account import FILE --account EMAIL.", 0) \
    M(T, unusable_address, "signin.unusable_address", \
      "You are signed in there, but the e-mail address of that account cannot be used here: " \
      "it has characters that no address has, or that are not shown. Give the account " \
      "another one.", 0) \
    M(T, key_lost, "account.key_lost", \
      "This server's key was lost, and with it what it signed in with. Sign in again.", 0)
/* clang-format on */

SIGNIN_MESSAGES(HEARTH_MESSAGE_DEFINE, signin_says)

#endif
