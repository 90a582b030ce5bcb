/* What the kit's host hears of changes: whom may a provider say something of? */
#include <pthread.h>

#include "sync_kit.h"

static struct {
    pthread_mutex_t lock; /* a leaf; guards what follows */
    bool open, knows;     /* the plugin is; the account "a" was pulled and not forgotten */
} kit_listener = {.lock = PTHREAD_MUTEX_INITIALIZER};

void kit_sync_opened(bool is_open)
{
    pthread_mutex_lock(&kit_listener.lock);
    kit_listener.open = is_open;
    kit_listener.knows = false;
    pthread_mutex_unlock(&kit_listener.lock);
}

static void ear_knows(bool knows)
{
    pthread_mutex_lock(&kit_listener.lock);
    kit_listener.knows = knows;
    pthread_mutex_unlock(&kit_listener.lock);
}

static void kit_listener_on_changed(const struct hearth_host *host, const char *account)
{
    plug_host_of(host);
    pthread_mutex_lock(&kit_listener.lock);
    bool open = kit_listener.open, knows = kit_listener.knows;
    pthread_mutex_unlock(&kit_listener.lock);
    if (!open)
        fail_msg("the plugin says that an account changed before it was open, or after close()");
    if (account == NULL)
        fail_msg("the plugin says that something changed, and not in which account");
    if (strcmp(account, "a") != 0)
        fail_msg("the plugin says that the account \"%s\" changed, which was never pulled",
                 account);
    if (!knows)
        fail_msg("the plugin says that an account changed that was not pulled, or that forget() "
                 "has ended");
}

const struct hearth_host_changes kit_sync_changes = {.struct_size = sizeof(kit_sync_changes),
                                                     .changed = kit_listener_on_changed};

void kit_sync_pulls(void)
{
    ear_knows(true);
}

void kit_sync_forget(struct kit *kit, const char *account)
{
    kit->sync->forget(kit->self, account);
    if (strcmp(account, "a") == 0)
        ear_knows(false);
}
