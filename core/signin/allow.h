/* [auth] allow: the addresses whose people this server takes in. It binds everybody at every way
 * in, and what was given out before. */
#ifndef HEARTH_CORE_SIGNIN_ALLOW_H
#define HEARTH_CORE_SIGNIN_ALLOW_H

#include <stdbool.h>

struct conf_list;

/* Why somebody was refused, in the audit trail. */
#define ALLOW_REFUSED "the account's address is not among those who may sign in"

/* Patterns without regard to case. NULL: the list was not given, which admits whoever has an
 * account. */
bool signin_allow_admits(const struct conf_list *allow, const char *email);

#endif
