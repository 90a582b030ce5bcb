/* How many wrong answers a stranger may give: passwords, codes. Only wrong ones count, by where
 * they come from, and by e-mail address from there; what somebody does elsewhere hinders nobody,
 * until an attack from very many addresses meets one e-mail address. Counts are in memory, for a
 * quarter of an hour. Any thread. */
#ifndef HEARTH_CORE_SIGNIN_GUESSES_H
#define HEARTH_CORE_SIGNIN_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

struct guesses;

/* `limit` wrong answers from one IPv4 address or IPv6 /64; twice as many from a /56, four times
 * from a /48; a third for one e-mail address from there, and ten times for it from everywhere.
 * NULL when memory is short. */
struct guesses *signin_guesses_create(int limit);
void signin_guesses_destroy(struct guesses *guesses); /* accepts NULL */
/* Before an answer is looked at. 0: it may be; it counts as wrong until signin_guesses_end()
 * says otherwise, so that answers at the same time are no way around. Else the ms until the next
 * one may be. email: NULL or "" when it is not for a known one. */
int64_t signin_guesses_begin(struct guesses *guesses, const char *address, const char *email);
void signin_guesses_end(struct guesses *guesses, const char *address, const char *email,
                        bool wrong);

#endif
