/* What holds until when, by name: accounts whose server asked for a pause, visits noted lately,
 * syncs that run. In memory: after a restart a server asks again. Any thread. */
#ifndef HEARTH_CORE_BASE_BACKOFF_H
#define HEARTH_CORE_BASE_BACKOFF_H

#include <stdint.h>

struct backoff;

struct backoff *backoff_create(void); /* NULL when memory is short */
void backoff_destroy(struct backoff *backoff);
/* Not before `until` (monotonic ms); an earlier time than known changes nothing. */
void backoff_set(struct backoff *backoff, const char *key, int64_t until);
void backoff_clear(struct backoff *backoff, const char *key);   /* NULL: all */
int64_t backoff_left(struct backoff *backoff, const char *key); /* ms to wait; 0: go ahead */

#endif
