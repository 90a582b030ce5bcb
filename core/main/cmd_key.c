/* hearthd key: the file of the keys that credentials are sealed with. It shows fingerprints,
 * never a key. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/key_file.h"
#include "base/message.h"
#include "main/app_key.h"
#include "main/audit.h"
#include "main/table.h"
#include "signin/messages.h"

/* --- show --- */

struct showing {
    struct table table;
    const struct vault *vault;
};

static void key_table_row(struct showing *showing, const char *where, unsigned number,
                          const char *fingerprint, const char *use)
{
    main_table_add(&showing->table,
                   json_pack("{s:s, s:I, s:s, s:s}", "where", where, "number", (json_int_t)number,
                             "fingerprint", fingerprint, "use", use));
}

static void show_file(struct showing *showing, const char *path)
{
    for (size_t i = 0; i < auth_vault_key_count(showing->vault); i++) {
        struct auth_vault_key key;
        auth_vault_key(showing->vault, i, &key);
        key_table_row(showing, path, key.number, key.fingerprint,
                      i == 0 ? "seals and opens" : "opens");
    }
}

static bool file_has(const struct vault *vault, unsigned number, const char *fingerprint)
{
    for (size_t i = 0; vault != NULL && i < auth_vault_key_count(vault); i++) {
        struct auth_vault_key key;
        auth_vault_key(vault, i, &key);
        if (key.number == number && strcmp(key.fingerprint, fingerprint) == 0)
            return true;
    }
    return false;
}

static int show_node(struct app *app, void *ctx, struct err *err)
{
    struct showing *showing = ctx;
    char record[KEY_RECORD_SIZE], where[96] = "database";
    const char *rest = record;
    struct auth_vault_key key;
    if (main_app_is_fleet(app))
        snprintf(where, sizeof(where), "node %s", app->nodes.items[app->node].name);
    int r = main_key_record_get(app->storage, record, err);
    while (r == 0 && main_key_record_next(&rest, &key))
        key_table_row(showing, where, key.number, key.fingerprint,
                      file_has(showing->vault, key.number, key.fingerprint) ? "in the file"
                                                                            : "not in the file");
    return r;
}

static int key_show_cmd(struct app *app, struct cli *cli, struct err *err)
{
    struct showing showing = {0};
    struct vault *vault = NULL;
    struct err why = {0};
    int r = main_app_open_nodes(app, APP_MIGRATE_NEVER, &why),
        file = main_app_read_key(app, &vault, err);
    showing.vault = vault;
    main_table_init(&showing.table, "where number fingerprint use");
    if (file == 0)
        show_file(&showing, main_app_key_path(app));
    if (r == 0)
        r = main_app_each_node(app, show_node, &showing, &why);
    /* the databases' keys as well when the file is not there: it is looked for by them */
    if (file == 0 || r == 0)
        main_table_print(&showing.table, cli->json);
    if (file < 0) {
        main_table_fini(&showing.table);
        return file;
    }
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) { /* there may be no database yet */
        *err = why;
        err_prefix(err, "the keys of the file are above; of the databases");
    }
    main_table_fini(&showing.table);
    auth_vault_close(vault);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

/* --- new --- */

static int print_made_key(const char *path, const char *words, struct err *err)
{
    struct vault *vault;
    struct auth_vault_key key;
    int r = auth_vault_open(path, false, &vault, err);
    if (r < 0)
        return r;
    auth_vault_key(vault, 0, &key);
    auth_vault_close(vault);
    main_cli_print(stdout,
                   "%s %u (%s) %s %s. Keep a copy of the file apart from the backups of the "
                   "database: without it everybody signs in anew.\n",
                   words, key.number, key.fingerprint, "is in", path);
    return 0;
}

/* Is it the file that this server is configured with? */
static bool is_own(const struct app *app, const char *path)
{
    struct stat this, own;
    if (stat(path, &this) == 0 && stat(main_app_key_path(app), &own) == 0)
        return this.st_dev == own.st_dev && this.st_ino == own.st_ino;
    return strcmp(path, main_app_key_path(app)) == 0;
}

/* Over what was sealed no new key is made: the databases are asked, and have to answer. One that
 * does not exist has sealed nothing. */
static int check_nothing_sealed(struct app *app, struct err *err)
{
    struct err why = {0};
    int r = main_app_open_nodes(app, APP_MIGRATE_NEVER, &why);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = main_app_check_key(app, &why);
    if (r < 0)
        *err = why;
    return r;
}

static int key_new_cmd(struct app *app, struct cli *cli, struct err *err)
{
    const char *path = cli->argc == 2 ? cli->argv[1] : main_app_key_path(app);
    if (access(path, F_OK) == 0)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "%s exists already, and nothing was changed in it: \"hearthd key add\" adds "
                       "a key to it",
                       path);
    int r = is_own(app, path) ? check_nothing_sealed(app, err) : 0;
    if (r == 0)
        r = auth_key_file_make(path, 1, err);
    if (r == 0)
        main_audit_command(app, "key file made", LOG_TEXT("file", path));
    return r == 0 ? print_made_key(path, "Key", err) : r;
}

/* A key beside a wrong one would make nothing right: `serve` refuses the file all the same. */
static int check_fits(struct app *app, struct err *err)
{
    struct err why = {0};
    int r = main_app_open_nodes(app, APP_MIGRATE_NEVER, &why);
    if (r == 0)
        r = main_app_check_key(app, &why);
    if (r == HEARTH_ERR_CONFLICT || r == HEARTH_ERR_INVALID || r == HEARTH_ERR_DENIED) {
        *err = why;
        return err_prefix(err, "no key was added");
    }
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        main_cli_print(stderr, "hearthd: the key file was not compared with the databases: %s\n",
                       why.text);
    return 0;
}

static int key_add_cmd(struct app *app, struct cli *cli, struct err *err)
{
    const char *path = cli->argc == 2 ? cli->argv[1] : main_app_key_path(app);
    struct vault *vault;
    struct auth_vault_key newest;
    bool own = is_own(app, path);
    int r = own ? check_fits(app, err) : 0;
    if (r == 0)
        r = own ? main_app_read_key(app, &vault, err) : auth_vault_open(path, false, &vault, err);
    if (r < 0)
        return r;
    auth_vault_key(vault, 0, &newest);
    auth_vault_close(vault);
    r = auth_key_file_extend(path, newest.number + 1, err);
    if (r == 0)
        main_audit_command(app, "key added", LOG_TEXT("file", path));
    if (r == 0)
        r = print_made_key(path, "Key", err);
    if (r == 0 && own)
        main_cli_print(stdout, "It seals from the next start of the daemon on; in a fleet, bring "
                               "the file to all machines first.\n");
    else if (r == 0)
        main_cli_print(stdout,
                       "It seals once this is the file that [hearth] key_file names (now %s), and "
                       "the daemon was started anew.\n",
                       main_app_key_path(app));
    return r;
}

/* --- new --accept-loss --- */

struct loss {
    struct {
        char id[64];
    } accounts[256];
    char after[64];
    size_t count;
    long long total;
    unsigned number; /* the greatest that any database knows */
    struct vault *vault;
};

static int count_one(void *ctx, const struct hearth_account *account)
{
    (void)account;
    ++*(long long *)ctx;
    return 0;
}

static int look_at_loss(struct app *app, void *ctx, struct err *err)
{
    struct loss *loss = ctx;
    struct auth_vault_key newest;
    char record[KEY_RECORD_SIZE];
    int r = main_key_record_get(app->storage, record, err);
    if (r == 0 && main_key_record_newest(record, &newest) && newest.number > loss->number)
        loss->number = newest.number;
    return r == 0 ? STORAGE(app->storage, err, account_list, count_one, &loss->total) : r;
}

/* The next few that do not wait for a sign-in yet. */
static int on_loser(void *ctx, const struct hearth_account *account)
{
    struct loss *loss = ctx;
    if (account->state != HEARTH_ACCOUNT_SIGNIN_NEEDED)
        snprintf(loss->accounts[loss->count++].id, sizeof(loss->accounts[0].id), "%s", account->id);
    return loss->count == sizeof(loss->accounts) / sizeof(loss->accounts[0]);
}

/* Nobody is synced with what cannot be opened; a sign-in replaces it. */
static int accept_on_node(struct app *app, void *ctx, struct err *err)
{
    struct loss *loss = ctx;
    struct message_kept key_lost;
    int r;
    message_keep_sentence(&key_lost, signin_says_key_lost());
    do {
        loss->count = 0;
        r = STORAGE(app->storage, err, account_list, on_loser, loss);
        plug_storage_reset(app->storage);
        for (size_t i = 0; r == 0 && i < loss->count; i++) {
            struct hearth_account account = {.struct_size = sizeof(account),
                                             .id = loss->accounts[i].id,
                                             .state = HEARTH_ACCOUNT_SIGNIN_NEEDED,
                                             .state_detail = key_lost.text,
                                             .state_message = key_lost.id,
                                             .state_parameters = key_lost.parameters};
            r = STORAGE(app->storage, err, account_update, &account,
                        HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC);
            if (r == HEARTH_ERR_NOT_FOUND)
                r = 0;
            plug_storage_reset(app->storage);
        }
    } while (r == 0 && loss->count > 0);
    return r == 0 ? main_key_record_put(app->storage, loss->vault, err) : r;
}

/* Before anybody is asked: a file that cannot be read, or is none, would only be refused after
 * the answer. */
static int look_at_own_key(struct app *app, struct loss *loss, struct err *err)
{
    struct stat st;
    const char *path = main_app_key_path(app);
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? 0 : err_errno(err, errno, "cannot look at %s", path);
    if (S_ISLNK(st.st_mode) && access(path, F_OK) != 0 && errno == ENOENT)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s is a link that leads to nothing: remove it, or make what it leads to",
                       path);
    return main_app_read_key(app, &loss->vault, err);
}

/* The new key gets a number that no database knows: what was sealed with the lost one is told
 * from what is sealed from now on. */
static int make_or_extend(struct app *app, struct loss *loss, struct err *err)
{
    struct auth_vault_key own = {0};
    const char *path = main_app_key_path(app);
    bool there = loss->vault != NULL;
    if (there)
        auth_vault_key(loss->vault, 0, &own);
    if (there && own.number > loss->number)
        return 0; /* of an attempt before this one */
    auth_vault_close(loss->vault);
    loss->vault = NULL;
    int r = there ? auth_key_file_extend(path, loss->number + 1, err)
                  : auth_key_file_make(path, loss->number + 1, err);
    return r == 0 ? auth_vault_open(path, false, &loss->vault, err) : r;
}

static int accept_loss(struct app *app, struct cli *cli, struct err *err)
{
    struct loss loss = {0};
    char accounts[CLI_COUNT_SIZE];
    const char *path = main_app_key_path(app);
    struct err why = {0};
    if (main_app_daemon_runs(app))
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "a hearthd runs on %s, and still has the key in its memory: stop it first",
                       app->state_dir);
    int r = main_app_open_nodes(app, APP_MIGRATE_SINGLE, err);
    if (r == 0 && main_app_check_key(app, &why) == 0 && access(path, F_OK) == 0)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "nothing is lost: %s has the key that the databases were sealed with", path);
    if (r == 0)
        r = main_app_each_node(app, look_at_loss, &loss, err);
    if (r == 0)
        r = look_at_own_key(app, &loss, err);
    if (r == 0)
        r = main_cli_confirm(cli, err,
                             "Give up what was sealed with the lost key? The people of %s sign in "
                             "anew; what is stored for them stays.",
                             main_cli_count(loss.total, "account", "accounts", accounts));
    if (r == 0)
        r = make_or_extend(app, &loss, err);
    if (r == 0)
        r = main_app_each_node(app, accept_on_node, &loss, err);
    auth_vault_close(loss.vault);
    if (r < 0)
        return r;
    main_audit_command(app, "lost key given up", LOG_TEXT("file", path),
                       LOG_INT("accounts", loss.total));
    return print_made_key(path, "Everybody signs in anew: key", err);
}

int main_cmd_key(struct cli *cli)
{
    int (*command)(struct app *, struct cli *, struct err *) = NULL;
    const char *word = cli->argc > 0 ? cli->argv[0] : "";
    if (strcmp(word, "show") == 0 && cli->argc == 1)
        command = key_show_cmd;
    else if (strcmp(word, "new") == 0 && cli->accept_loss && cli->argc == 1)
        command = accept_loss;
    else if (strcmp(word, "new") == 0 && !cli->accept_loss && cli->argc <= 2)
        command = key_new_cmd;
    else if (strcmp(word, "add") == 0 && cli->argc <= 2)
        command = key_add_cmd;
    if (command == NULL)
        return main_cli_usage(cli);
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = command(&app, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
