/* [auth] allow: the addresses whose people this server takes in. It binds everybody at every way
 * in, and what was given out before. */
#ifndef HEARTH_CORE_SIGNIN_ALLOW_H
#define HEARTH_CORE_SIGNIN_ALLOW_H

#include <stdbool.h>

struct conf_list;

/* Why somebody was refused, in the audit trail. */
#define ALLOW_REFUSED "the account's address is not among those who may sign in"

/* The list of a process; a reload replaces it as a whole. NULL is one that was not given. Any
 * thread. */
struct allow;

/* list: NULL: it was not given, which admits whoever has an account. It is not copied: it lives
 * until another one has replaced it. NULL: out of memory. */
struct allow *signin_allow_create(const struct conf_list *list);
void signin_allow_destroy(struct allow *allow); /* accepts NULL */
void signin_allow_replace(struct allow *allow, const struct conf_list *list);
bool signin_allow_is_given(struct allow *allow);
/* Patterns without regard to case. */
bool signin_allow_admits(struct allow *allow, const char *email);
/* The same of a list. */
bool signin_allow_matches(const struct conf_list *list, const char *email);

#endif
