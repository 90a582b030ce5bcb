/* What a person is told when a sync brings more than this server keeps. See docs/messages.md. */
#ifndef HEARTH_CORE_MERGE_MESSAGES_H
#define HEARTH_CORE_MERGE_MESSAGES_H

#include "hearth/message.h"

#define MERGE_NOT_STORED                                                                           \
    ": nothing of the {collection, select, devices {devices} tabs {open tabs} bookmarks "          \
    "{bookmarks} other {history}} of this sync was stored, and everything that was here stays"
#define MERGE_REMOVE " Remove some in Firefox, or ask whoever runs the server to raise the limit."

/* clang-format off */
#define MERGE_MESSAGES(M, T) \
    M(T, devices, "limit.devices", \
      "This account would have {now, plural, one {# device} other {# devices}}, and {most} is " \
      "the most that Hearth keeps for one" MERGE_NOT_STORED ". Sign devices out in Firefox that " \
      "are not used any more.", 3, COUNT, now, COUNT, most, WORD, collection) \
    M(T, tabs, "limit.tabs", \
      "This account would have {now, plural, one {# open tab} other {# open tabs}}, and {most} " \
      "is the most that Hearth keeps for one" MERGE_NOT_STORED ". Close some, or sign devices " \
      "out in Firefox that are not used any more.", 3, COUNT, now, COUNT, most, WORD, collection) \
    M(T, pages, "limit.pages", \
      "This account would have {now, plural, one {# page} other {# pages}} in its history, and " \
      "{most} is the most that this server keeps for one ([limits] pages)" MERGE_NOT_STORED \
      "." MERGE_REMOVE, 3, COUNT, now, COUNT, most, WORD, collection) \
    M(T, bookmarks, "limit.bookmarks", \
      "This account would have {now} bookmarks and folders, and {most} is the most that this " \
      "server keeps for one ([limits] bookmarks)" MERGE_NOT_STORED "." MERGE_REMOVE, \
      3, COUNT, now, COUNT, most, WORD, collection) \
    M(T, space, "limit.space", \
      "This account would take {now, plural, one {# byte} other {# bytes}}, and {most} is the " \
      "most that this server keeps for one ([limits] space)" MERGE_NOT_STORED "." MERGE_REMOVE, \
      3, COUNT, now, COUNT, most, WORD, collection) \
    M(T, spool, "limit.spool", \
      "The Sync server gives more than {most, plural, one {# byte} other {# bytes}} at once, " \
      "the most that this server keeps for one account ([limits] space): nothing of them was " \
      "stored, and everything that was here stays." MERGE_REMOVE, 1, COUNT, most) \
    M(T, free_space, "limit.free_space", \
      "The disk of this server is nearly full, less than {least, plural, one {# byte is} " \
      "other {# bytes are}} free ([limits] free_space): nothing of this sync was stored, and " \
      "everything that was here stays. Whoever runs the server has to make room.", \
      1, COUNT, least)
/* clang-format on */

MERGE_MESSAGES(HEARTH_MESSAGE_DEFINE, merge_says)

#endif
