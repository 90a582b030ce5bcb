/* What happens here when a backend is found to hang: whoever waits for it stops waiting. */
#include "jobs/jobs_internal.h"

/* Sessions stay where they are until jobs_destroy(), so they are looked at one by one, and the lock is not held while one is interrupted.
 */
void jobs_interrupt_node(struct jobs *jobs, size_t node)
{
    const struct jobs_stores *stores = &jobs->stores[node];
    for (size_t i = 0;; i++) {
        pthread_mutex_lock(&jobs->lock);
        struct store *store = i < stores->all_count ? stores->all[i] : NULL;
        pthread_mutex_unlock(&jobs->lock);
        if (store == NULL)
            break;
        store->ops->interrupt(store->session);
    }
}

void jobs_interrupt_queue(struct jobs *jobs)
{
    if (jobs->publish_session != NULL)
        jobs->options.queue->interrupt(jobs->publish_session);
}
