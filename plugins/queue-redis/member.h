/* What names a job in the server: its key when it is a "sync" without a colon in its key, as all
 * jobs of releases before there were kinds; else "kind:key". */
#ifndef QUEUE_REDIS_MEMBER_H
#define QUEUE_REDIS_MEMBER_H

#include "support/job.h"

enum { MEMBER_MAX = SUPPORT_KIND_MAX + 1 + SUPPORT_KEY_MAX };

/* of a kind and a key that have been checked */
void redis_member_format(const char *kind, const char *key, char ret_member[MEMBER_MAX + 1]);
/* False: no job of ours has such a name. *ret_key points into `member`. */
bool redis_member_parse(const char *member, char ret_kind[SUPPORT_KIND_MAX + 1],
                        const char **ret_key);

#endif
