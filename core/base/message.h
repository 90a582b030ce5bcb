/* What a person is told, on its way through the core: see hearth/message.h and docs/messages.md. */
#ifndef HEARTH_CORE_BASE_MESSAGE_H
#define HEARTH_CORE_BASE_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "hearth/message.h"
#include "hearth/storage.h"

enum { MESSAGE_PARAMETERS_SIZE = 4096, MESSAGE_WORDS_MAX = 255 };

/* One that outlives whoever said it, as an account keeps it. {0}: nothing is said. */
struct message_kept {
    char id[HEARTH_MESSAGE_ID_MAX + 1];
    char text[HEARTH_MESSAGE_TEXT_MAX];       /* rendered */
    char parameters[MESSAGE_PARAMETERS_SIZE]; /* JSON, an object; "": none */
};

/* NULL: nothing is said */
void message_keep(struct message_kept *ret_kept, const struct hearth_message *message);
void message_keep_sentence(struct message_kept *ret_kept, struct hearth_sentence sentence);
/* What the account says of itself from now on: its texts are those of `kept`. */
void message_put_account(const struct message_kept *kept, struct hearth_account *account);
void message_put_account_sentence(struct message_kept *ret_kept, struct hearth_sentence sentence,
                                  struct hearth_account *account);
/* {"id":"…","parameters":{…}}; null without an id. */
void message_put_json(struct buf *out, const struct hearth_message *message);
/* The English in the arena; NULL when memory is short. */
char *message_text(struct arena *arena, const struct hearth_message *message);
char *message_sentence_text(struct arena *arena, struct hearth_sentence sentence);
/* What a plugin said, checked, as structs of this host's size in the arena; its texts stay where
 * they are. NULL stays NULL. INVALID: it is none, with the reason. NOMEM. */
int message_take(struct arena *arena, const struct hearth_message *theirs,
                 const struct hearth_message **ret_message, struct err *err);

#endif
