/* What a command needs of the configured system, opened step by step: configuration, plugins, storage, keys, network. */
#ifndef HEARTH_CORE_MAIN_APP_H
#define HEARTH_CORE_MAIN_APP_H

#include "auth/vault.h"
#include "conf/conf.h"
#include "hearth/queue.h"
#include "hearth/sync.h"
#include "jobs/jobs.h"
#include "main/cli.h"
#include "net/net.h"
#include "plug/loader.h"
#include "plug/store.h"

enum { APP_PROVIDERS_MAX = 8 };

struct app {
    struct conf *conf;
    char state_dir[4096];
    struct plug *storage, *queue;
    struct plug *providers[APP_PROVIDERS_MAX];
    char provider_names[APP_PROVIDERS_MAX][64];
    size_t provider_count;
    struct net *net;
    struct vault *vault;
    struct store store; /* the main thread's session */
    bool store_open;
};

/* Configuration and log. Nothing is connected. */
int app_init(struct app *app, const struct cli *cli, struct err *err);
/* Loads and opens the storage plugin and a session, makes state_dir; `migrate`: brings the schema up, else an older one is an error. */
int app_open_storage(struct app *app, bool migrate, struct err *err);
int app_open_vault(struct app *app, struct err *err);
/* The HTTP client and the sync plugins. */
int app_open_providers(struct app *app, struct err *err);
int app_open_queue(struct app *app, struct err *err);
void app_fini(struct app *app); /* whatever was opened; a zeroed app is fine */

const struct hearth_storage *app_storage_ops(const struct app *app);
/* The account of an e-mail address; texts live until store_reset(). */
int app_account(struct app *app, const char *email, struct hearth_account *ret_account, struct err *err);
/* How syncs are scheduled and run, from [scheduler] and [worker]. */
void app_sync_context(const struct app *app, struct sync_context *ret_context, char spool_directory[4096]);
/* True when a daemon runs on this state_dir; holds no lock itself. */
bool app_daemon_runs(const struct app *app);

#endif
