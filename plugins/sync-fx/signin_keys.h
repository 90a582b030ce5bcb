/* The second half of method PASSWORD: from a proven session to keys and tokens. */
#ifndef HEARTH_PLUGINS_SYNC_FX_SIGNIN_KEYS_H
#define HEARTH_PLUGINS_SYNC_FX_SIGNIN_KEYS_H

#include "signin.h"

/* Who asks, once there is a session. Borrows its token. */
struct fx_signin_auth fx_signin_session_auth(const struct fx_signin *s);
int fx_signin_keys(struct fx_signin *s);

#endif
