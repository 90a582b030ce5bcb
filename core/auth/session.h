/* Signed-in browsers: a secret in a cookie, its hash in a row of the tokens (scope BROWSER). */
#ifndef HEARTH_CORE_AUTH_SESSION_H
#define HEARTH_CORE_AUTH_SESSION_H

#include "auth/doors.h"
#include "auth/token.h"
#include "base/err.h"
#include "plug/storage.h"

#define SESSION_COOKIE "hearth_session" /* as http_cookie() takes it */

enum { SESSION_NAME_SIZE = 48 };

struct session_limits {
    int64_t idle; /* ms without a request after which it ends */
    int64_t life; /* ms after which it ends in any case */
};

/* "Firefox on Android": for the list of browsers. user_agent may be NULL. */
void auth_session_name(const char *user_agent, char ret_name[SESSION_NAME_SIZE]);
/* Makes one, and forgets those of the account that have ended. The secret goes into the cookie;
 * auth_token_wipe(). door: what the person has shown. NOT_FOUND: that has ended. */
int auth_session_create(struct storage *storage, const char *account, const struct door *door,
                        const char *name, const struct session_limits *limits,
                        struct token *ret_token, struct err *err);
/* Signs one browser out, and removes what it was given with the session (auth/fresh.h).
 * NOT_FOUND: it was out already. */
int auth_session_remove(struct storage *storage, const char *account, const char *id,
                        struct err *err);
bool auth_session_is_over(const struct hearth_token *row, const struct session_limits *limits,
                          int64_t now);
/* Signs browsers out: all of the account but `except` (an id; NULL: none), or those with the
 * scopes of links too. What is made with them at this moment ends as well. */
int auth_session_remove_all(struct storage *storage, const char *account, const char *except,
                            struct err *err);

#endif
