/* The second half of way PASSWORD: from a proven session to keys and tokens. */
#ifndef HEARTH_PLUGINS_SYNC_FX_SIGNIN_KEYS_H
#define HEARTH_PLUGINS_SYNC_FX_SIGNIN_KEYS_H

struct fx_signin;

int fx_signin_keys(struct fx_signin *s);

#endif
