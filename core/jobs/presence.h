/* Who is here. A request that only reads notes its person in memory and goes on; one thread
 * writes what follows of it: when an account was seen and a token used last, that a sleeping
 * account is in the schedule again, and a job for an account whose data are stale.
 *
 * Notes of one account and token are one for a minute. A backend that does not answer is asked
 * again after a pause that doubles from one second to five; what it did not take is kept, newest
 * time last, and goes out then. There is room for some thousand; when all of it waits for a
 * backend, further people are not noted until there is room again. A stop writes what it can
 * within two seconds. A crash loses what was not written: usually nothing, and never more than
 * "last seen" and "last used" of people who come again. */
#ifndef HEARTH_CORE_JOBS_PRESENCE_H
#define HEARTH_CORE_JOBS_PRESENCE_H

#include "base/err.h"

struct jobs;
struct presence;
struct storage;

/* Without its thread. jobs: borrowed, and used by the thread only. NULL when memory is short. */
struct presence *jobs_presence_create(struct jobs *jobs);
void jobs_presence_destroy(struct presence *presence); /* after its thread ended; accepts NULL */
int jobs_presence_start(struct presence *presence, struct err *err);
void jobs_presence_wake(struct presence *presence); /* jobs->stop was set */
void jobs_presence_join(struct presence *presence); /* after it was woken */

/* token: an id, "" for none. Takes one short lock. Any thread. */
void jobs_presence_note(struct presence *presence, const char *account, const char *token);
/* One pass over what is noted, by the thread (or by a test instead of it), with a handle of the
 * own node. Monotonic ms when it is worth while to look again at what is left; 0: nothing is.
 * until: deadline of all of it; 0: each call has its own. */
int64_t jobs_presence_flush(struct presence *presence, struct storage *storage, int64_t until);

#endif
