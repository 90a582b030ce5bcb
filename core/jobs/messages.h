/* What a person is told of their account's syncs, besides what its provider says. See
 * docs/messages.md. */
#ifndef HEARTH_CORE_JOBS_MESSAGES_H
#define HEARTH_CORE_JOBS_MESSAGES_H

#include "hearth/message.h"

/* clang-format off */
#define JOBS_MESSAGES(M, T) \
    M(T, disk_full, "account.disk_full", \
      "The disk of this server is full: what is new could not be stored. It goes on by " \
      "itself when whoever runs the server has made room.", 0) \
    M(T, disk_failed, "account.disk_failed", \
      "The disk of this server is read-only or fails: what is new could not be stored. " \
      "Whoever runs the server finds the reason in its log.", 0) \
    M(T, damaged, "account.damaged", \
      "What this server has stored is damaged. Whoever runs it has to restore a backup, or " \
      "to remove the account and sync it anew.", 0) \
    M(T, other_key, "account.other_key", \
      "The key file of this server is not the one that it signed in with. Whoever runs the " \
      "server has to bring that file back; or sign in again.", 0) \
    M(T, too_long, "account.too_long", \
      "The Sync server did not come to an end in the time that one sync may take ([worker] " \
      "timeout). What was there before is kept; it is tried again.", 0) \
    M(T, no_section, "account.no_section", \
      "This account was signed in at [sync {provider}], which is not configured on this " \
      "server any more. Ask whoever runs it.", 1, TEXT, provider) \
    M(T, failed, "account.failed", \
      "The sync failed: {reason}. It is tried again.", 1, TEXT, reason) \
    M(T, next_interval, "account.next.interval", "The next sync is at {time}.", 1, TIME, time) \
    M(T, next_retry, "account.next.retry", "It is tried again at {time}.", 1, TIME, time) \
    M(T, next_pause, "account.next.pause", \
      "The Sync service has asked for a pause. The next sync is at {time}.", 1, TIME, time) \
    M(T, next_after_pause, "account.next.after_pause", \
      "The Sync service has asked for a pause until {until}. The next sync is at {time}.", \
      2, TIME, until, TIME, time) \
    M(T, next_signin, "account.next.signin", \
      "If nobody signs in before, Hearth asks at {time} whether the sign-in is accepted again.", \
      1, TIME, time) \
    M(T, records_damaged, "account.records_damaged", \
      "{damaged} of {records, plural, one {# record} other {# records}} arrived damaged " \
      "({example}); what is stored of {damaged, plural, one {it} other {them}} stays.", \
      3, COUNT, damaged, COUNT, records, TEXT, example)
/* clang-format on */

JOBS_MESSAGES(HEARTH_MESSAGE_DEFINE, jobs_says)

#endif
