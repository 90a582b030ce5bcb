/* The ear of the kit's host: whom may a provider say something of? */
#include <pthread.h>

#include "sync_kit.h"

static struct {
    pthread_mutex_t lock; /* a leaf; guards what follows */
    bool open, knows;     /* the plugin is; the account "a" was pulled and not forgotten */
} ear = {.lock = PTHREAD_MUTEX_INITIALIZER};

void sync_kit_opened(bool is_open)
{
    pthread_mutex_lock(&ear.lock);
    ear.open = is_open;
    ear.knows = false;
    pthread_mutex_unlock(&ear.lock);
}

static void ear_knows(bool knows)
{
    pthread_mutex_lock(&ear.lock);
    ear.knows = knows;
    pthread_mutex_unlock(&ear.lock);
}

static void on_changed(const struct hearth_host *host, const char *account)
{
    host_of(host);
    pthread_mutex_lock(&ear.lock);
    bool open = ear.open, knows = ear.knows;
    pthread_mutex_unlock(&ear.lock);
    if (!open)
        fail_msg("the plugin says that an account changed before it was open, or after close()");
    if (account == NULL)
        fail_msg("the plugin says that something changed, and not in which account");
    if (strcmp(account, "a") != 0)
        fail_msg("the plugin says that the account \"%s\" changed, which was never pulled", account);
    if (!knows)
        fail_msg("the plugin says that an account changed that was not pulled, or that forget() has ended");
}

const struct hearth_host_changes sync_kit_changes = {.struct_size = sizeof(sync_kit_changes), .changed = on_changed};

void sync_kit_pulls(void)
{
    ear_knows(true);
}

void sync_forget(struct kit *kit, const char *account)
{
    kit->sync->forget(kit->self, account);
    if (strcmp(account, "a") == 0)
        ear_knows(false);
}
