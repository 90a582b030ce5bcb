/* Makes replies of what hiredis parses, in the room of a struct conn. They need not be freed. */
#ifndef QUEUE_REDIS_REPLY_H
#define QUEUE_REDIS_REPLY_H

#include "hiredis_compat.h"

extern redisReplyObjectFunctions redis_reply_functions; /* privdata: the struct conn */

#endif
