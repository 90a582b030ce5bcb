/* Whether a server belongs to somebody. Once it does it always will: a property of the database
 * says so, which outlives every account. */
#ifndef HEARTH_CORE_SIGNIN_OWNER_H
#define HEARTH_CORE_SIGNIN_OWNER_H

#include "nodes/nodes.h"

/* Any node that says so settles it; one with accounts, made by an older release, is told to
 * remember it. If none does, but one did not answer, nobody can know: UNAVAILABLE. Else a
 * stranger would own the server while its owner's database is down. */
int signin_owner_find(struct node_storages *storages, bool *ret_owned, struct err *err);
/* From now on the server belongs to somebody. */
int signin_owner_put(struct storage *storage, struct err *err);

#endif
