/* What sync plugins say has changed at a source, now (HEARTH_HOST_CHANGES of hearth/sync.h): a
 * note in memory, from any thread, in no time. A thread of its own publishes a sync for each
 * account noted.
 *
 *     changed() ──► noted ── a moment later ──► published ──► not again for some seconds; what is
 *                     ▲                            │            noted meanwhile waits until then
 *                     └────── in work, or a backend does not answer
 *
 * Many notes of one account are one sync. One that is noted while its sync runs is another sync
 * after that one: what was read may have been of before. Nothing comes of a note for an account
 * that is paused, asleep, gone, needs a sign-in, or belongs to another section; one whose last
 * sync failed waits until a minute after that. There is room for some thousand; further ones are
 * dropped, as are those that wait when the process ends: the schedule syncs these accounts all
 * the same. */
#ifndef HEARTH_CORE_JOBS_CHANGES_H
#define HEARTH_CORE_JOBS_CHANGES_H

#include <stdint.h>

#include "base/err.h"
#include "hearth/sync.h"

struct changes;
struct jobs;

/* hears, and keeps what it hears. NULL when memory is short */
struct changes *jobs_changes_create(void);
/* after its thread ended and the plugins were closed; accepts NULL */
void jobs_changes_destroy(struct changes *changes);
/* The thread, which publishes through jobs (borrowed) until jobs_changes_join(). Main thread. */
int jobs_changes_start(struct changes *changes, struct jobs *jobs, struct err *err);
void jobs_changes_wake(struct changes *changes); /* jobs->stop was set */
void jobs_changes_join(struct changes *changes); /* after it was woken */

/* Takes one short lock. Any thread. provider: name of the [sync NAME] section, valid as long as
 * the changes are. */
void jobs_changes_note(struct changes *changes, const char *provider, const char *account);
/* One pass over what is due, by the thread (or by a test instead of it). Monotonic ms when it is
 * worth while to look again; INT64_MAX: nothing waits. */
int64_t jobs_changes_flush(struct changes *changes, struct jobs *jobs);

/* What a plugin's host is given: the function finds the ear as plug_host_of(host)->changes_data. */
struct changes_ear {
    struct changes *changes;
    const char *provider;
};
extern const struct hearth_host_changes jobs_changes_extension;

#endif
