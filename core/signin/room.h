/* Numbered places that networks share, and who has to go when there is none. Nobody fills it for
 * others: a network has a bounded part, and of a full room the network that has most makes
 * place, its oldest first, and of its own those that are worth something last. Every call costs
 * the same, however full it is. The caller's lock. */
#ifndef HEARTH_CORE_SIGNIN_ROOM_H
#define HEARTH_CORE_SIGNIN_ROOM_H

struct room;

enum { ROOM_NONE = -1 };

/* of all, of one network; NULL when memory is short */
struct room *signin_room_create(int limit, int site_limit);
void signin_room_destroy(struct room *room); /* accepts NULL */
/* Who has to go before site, the key of a network, has one more: leave it with
 * signin_room_leave(). ROOM_NONE: nobody. */
int signin_room_first_to_go(const struct room *room, const char *site);
/* A place, of 0 to limit - 1; there must be one. */
int signin_room_enter(struct room *room, const char *site);
void signin_room_leave(struct room *room, int place);
/* from now on it goes after those of its network that are not */
void signin_room_set_worth(struct room *room, int place);
int signin_room_oldest(const struct room *room); /* of all; ROOM_NONE: it is empty */

#endif
