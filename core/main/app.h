/* What a command needs of the configured system, opened step by step: configuration, plugins,
 * storage, keys, network. */
#ifndef HEARTH_CORE_MAIN_APP_H
#define HEARTH_CORE_MAIN_APP_H

#include "auth/session.h"
#include "auth/vault.h"
#include "conf/conf.h"
#include "hearth/queue.h"
#include "hearth/sync.h"
#include "jobs/changes.h"
#include "jobs/jobs.h"
#include "main/cli.h"
#include "net/net.h"
#include "nodes/nodes.h"
#include "plug/loader.h"
#include "plug/storage.h"
#include "signin/signin.h"

enum { APP_PROVIDERS_MAX = CONF_SYNC_MAX };

/* Whose schema is brought up by the first handle. The operator of a fleet says when, because
 * other processes must know the new one. */
enum app_migrate { APP_MIGRATE_NEVER, APP_MIGRATE_SINGLE, APP_MIGRATE_ALL };

/* What a command makes where it is missing. Only `serve` makes the key and, in a fleet, the
 * state directory. */
enum app_makes { APP_MAKES_NOTHING, APP_MAKES_DATABASE, APP_MAKES_ALL };

struct app {
    struct conf *conf;
    const char *state_dir; /* of conf */
    struct allow *allow;   /* [auth] allow */
    /* where faults of plugins' sections are collected, too; NULL: the first is enough */
    struct findings *findings;
    enum app_makes makes; /* set after main_app_init() */
    /* set after main_app_init(): storages are opened to be read, and nothing on the disk changes */
    bool looks;
    struct plug *queue;
    struct nodes nodes;
    struct plug *providers[APP_PROVIDERS_MAX];
    const char *provider_names[APP_PROVIDERS_MAX];
    size_t provider_count;
    /* what providers say of their sources; NULL, as in every command: nobody listens */
    struct changes *changes;
    struct changes_ear ears[APP_PROVIDERS_MAX];
    struct net *net;
    struct vault *vault;
    struct node_storages storages; /* the main thread's handles */
    struct storage *storage;       /* the one of the node in use; NULL before main_app_use_node() */
    size_t node;
};

/* Configuration and log. Nothing is connected. Says everything that is wrong with the
 * configuration but the last thing, which is err. */
int main_app_init(struct app *app, const struct cli *cli, struct err *err);
/* The configuration alone; conf_free(). */
int main_app_read_conf(const struct cli *cli, struct findings *findings, struct conf **ret_conf,
                       struct err *err);
/* The same, which says nothing: it is all in the findings, and what is not of the configuration
 * in err. */
int main_app_load(struct app *app, const struct cli *cli, struct findings *findings,
                  struct err *err);
/* The configuration of another installation: of the files of this folder alone, as the environment
 * and --role are of this one. The log stays what it is. */
int main_app_init_other(struct app *app, const char *dir, struct err *err);
/* Loads and opens the storage plugin of every node; makes state_dir if it may. Nothing is
 * connected yet. */
int main_app_open_nodes(struct app *app, enum app_migrate migrate, struct err *err);
/* Is the state directory one, and may this user use it? NOT_FOUND: there is none yet. */
int main_app_check_state_dir(const struct app *app, struct err *err);
/* The same, and on a single node a handle of the one there is. In a fleet the node that is
 * needed is opened when it is known (main_app_account(), main_app_each_node(),
 * main_app_use_node()), so that one that does not answer is in nobody's way. */
int main_app_open_storage(struct app *app, enum app_migrate migrate, struct err *err);
/* The steps of it, for who wants to go on after a fault. node: NULL on a single node. */
int main_app_load_plugin(struct app *app, int kind, const struct conf_section *section,
                         struct plug **ret_plug, const struct hearth_config_value **ret_values,
                         struct err *err);
/* The path of [web] base_url, "" or "/hearth": that of every node's url, too. */
const char *main_app_base_path(const struct app *app);
const struct conf_section *main_app_storage_of(const struct app *app,
                                               const struct conf_section *node);
int main_app_add_node(struct app *app, const struct conf_section *node, bool migrate,
                      struct err *err);
/* From here on app->storage is the handle of this node. */
int main_app_use_node(struct app *app, size_t node, struct err *err);
/* Does something with each node in turn, also when another one failed; the first error. */
int main_app_each_node(struct app *app, int (*run)(struct app *app, void *ctx, struct err *err),
                       void *ctx, struct err *err);
/* After main_app_open_nodes(). The key file, which `serve` makes when nothing was sealed yet;
 * CONFLICT when it is another one than the databases were sealed with (app_key.h). */
int main_app_open_vault(struct app *app, struct err *err);
int main_app_check_ca_file(const struct app *app, struct err *err);
int main_app_check_ca(const char *file, struct err *err); /* NULL: there is none to check */
int main_app_add_provider(struct app *app, const struct conf_section *section, struct err *err);
/* The HTTP client and the sync plugins. */
int main_app_open_providers(struct app *app, struct err *err);
int main_app_open_queue(struct app *app, struct err *err);
/* After main_app_open_queue(): a handle, which waits five seconds for the queue's first answer;
 * `call` has no deadline afterwards. When it fails, `call` needs no plug_call_fini(). */
int main_app_open_queue_handle(struct app *app, struct call *ret_call, void **ret_handle,
                               struct err *err);
void main_app_fini(struct app *app); /* whatever was opened; a zeroed app is fine */

/* Is this the failure of a database on a server of its own, which is away for now and comes
 * back? `serve` waits for such a one. */
bool main_app_storage_is_away(const struct node *node, int code);
bool main_app_is_fleet(const struct app *app); /* there are [node] sections */
/* The account of an e-mail address, on whichever node; that node is then in use. Texts live
 * until plug_storage_reset(app->storage). */
int main_app_account(struct app *app, const char *email, struct hearth_account *ret_account,
                     struct err *err);
/* How syncs are scheduled and run, from [scheduler] and [worker]. */
void main_app_sync_context(const struct app *app, struct sync_context *ret_context);
/* After main_app_open_providers(): the sign-in of this configuration. signin_destroy(). */
int main_app_create_signin(struct app *app, struct signin **ret_signin, struct err *err);
struct session_limits main_app_session_limits(const struct app *app);
/* DENIED, in words: [auth] allow keeps this person out, so what would let them in is good for
 * nothing. */
int main_app_check_allowed(const struct app *app, const char *email, struct err *err);
/* One daemon for each state directory: takes its lock, which the descriptor holds. CONFLICT when
 * somebody has it. */
int main_app_take_lock(const struct app *app, int *ret_fd, struct err *err);
/* Puts a copy that `hearthd backup` made in the place of the single node's database; nothing may
 * be open. */
int main_app_restore(struct app *app, const char *path, bool replace, hearth_text_cb cb, void *ctx,
                     struct err *err);
/* True when a daemon runs on this state_dir; holds no lock itself. */
bool main_app_daemon_runs(const struct app *app);
bool main_app_lock_is_held(const char *state_dir); /* the same */

/* After main_app_open_vault(): prints the address with the set-up code (cmd_setup.c). */
void main_setup_print(const struct app *app, const char *address);

#endif
