/* What a person is told of an account that an archive brings back. See docs/messages.md. */
#ifndef HEARTH_CORE_ARCHIVE_MESSAGES_H
#define HEARTH_CORE_ARCHIVE_MESSAGES_H

#include "base/message.h"

/* clang-format off */
#define ARCHIVE_MESSAGES(M, T) \
    M(T, being_restored, "account.being_restored", \
      "This account is being restored from an archive. If nobody does that now, it was " \
      "interrupted: whoever runs this server can restore it again, or remove it.", 0) \
    M(T, restored, "account.restored", \
      "This account was restored from an archive without credentials. Sign in again.", 0)
/* clang-format on */

ARCHIVE_MESSAGES(HEARTH_MESSAGE_DEFINE, archive_says)

#endif
