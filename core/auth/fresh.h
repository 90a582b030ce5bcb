/* That somebody has shown a moment ago who they are: left by a complete sign-in beside the
 * session, in a cookie of its own, for the one request that a browser which was merely left open
 * must not be able to make. Good once, for ten minutes. */
#ifndef HEARTH_CORE_AUTH_FRESH_H
#define HEARTH_CORE_AUTH_FRESH_H

#include "auth/doors.h"
#include "auth/token.h"
#include "base/err.h"
#include "plug/storage.h"

/* Where whoever needs one is sent: a sign-in that leads there is asked to be one of this moment. */
#define FRESH_NEXT   "/account#forget"
#define FRESH_COOKIE "hearth_fresh" /* as http_cookie() takes it */

enum { FRESH_LIFE = 10 * 60 * 1000 }; /* ms */

/* session: its id; auth_session_remove() removes this as well. The secret goes into the cookie;
 * auth_token_wipe(). */
int auth_fresh_create(struct storage *storage, const char *account, const struct door *door,
                      const char *session, struct token *ret_token, struct err *err);
/* Uses it up. secret: the cookie's value, or NULL. NOT_FOUND: none, it is over or used, or it is
 * another account's. */
int auth_fresh_use(struct storage *storage, const char *account, const char *secret,
                   struct err *err);

#endif
