/* The key file and the databases know each other: each database keeps the fingerprints of the
 * keys that sealed its credentials, so that a key file that was lost or replaced is noticed
 * before anything is made or sealed anew. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/credentials.h"
#include "auth/key_file.h"
#include "base/log.h"
#include "base/str.h"
#include "main/app_key.h"

#define KEY_PROPERTY "key_fingerprint"

enum { TRIES = 16, DATABASE_NAME = 4200 };

const char *main_app_key_path(const struct app *app)
{
    return conf_get_text(app->conf, "hearth", "key_file");
}

/* --- what a database says --- */

bool main_key_record_next(const char **rest, struct auth_vault_key *ret_key)
{
    while (**rest != '\0') {
        char line[64], *space;
        int64_t number;
        size_t n = strcspn(*rest, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)n, *rest);
        *rest += n + ((*rest)[n] == '\n');
        space = strchr(line, ' ');
        if (space == NULL || strlen(space + 1) != VAULT_FINGERPRINT_SIZE - 1)
            continue;
        *space = '\0';
        if (!str_to_int(line, &number) || number < 1 || number > UINT32_MAX)
            continue;
        ret_key->number = (uint32_t)number;
        memcpy(ret_key->fingerprint, space + 1, VAULT_FINGERPRINT_SIZE);
        return true;
    }
    return false;
}

bool main_key_record_newest(const char *record, struct auth_vault_key *ret_key)
{
    struct auth_vault_key key;
    bool found = false;
    while (main_key_record_next(&record, &key)) {
        if (!found || key.number > ret_key->number)
            *ret_key = key;
        found = true;
    }
    return found;
}

static bool vault_has(const struct vault *vault, const struct auth_vault_key *wanted)
{
    for (size_t i = 0; i < auth_vault_key_count(vault); i++) {
        struct auth_vault_key key;
        auth_vault_key(vault, i, &key);
        if (key.number == wanted->number && strcmp(key.fingerprint, wanted->fingerprint) == 0)
            return true;
    }
    return false;
}

int main_key_record_get(struct storage *storage, char ret_record[KEY_RECORD_SIZE], struct err *err)
{
    const char *text;
    struct err why = {0};
    int r = STORAGE(storage, &why, property_get, KEY_PROPERTY, &text);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "%s", why.text);
    snprintf(ret_record, KEY_RECORD_SIZE, "%s", r == 0 ? text : "");
    plug_storage_reset(storage);
    return 0;
}

int main_key_record_put(struct storage *storage, const struct vault *vault, struct err *err)
{
    char record[KEY_RECORD_SIZE] = "";
    for (size_t i = auth_vault_key_count(vault); i-- > 0;) {
        struct auth_vault_key key;
        size_t used = strlen(record);
        auth_vault_key(vault, i, &key);
        snprintf(record + used, sizeof(record) - used, "%u %s\n", key.number, key.fingerprint);
    }
    return STORAGE(storage, err, property_put, KEY_PROPERTY, record, true);
}

/* Does the record have all keys of the file? */
static bool record_has_all(const char *record, const struct vault *vault)
{
    for (size_t i = 0; i < auth_vault_key_count(vault); i++) {
        struct auth_vault_key key;
        char line[64];
        auth_vault_key(vault, i, &key);
        int n = snprintf(line, sizeof(line), "%u %s", key.number, key.fingerprint);
        const char *at = strstr(record, line);
        if (at == NULL || (at != record && at[-1] != '\n') || (at[n] != '\n' && at[n] != '\0'))
            return false;
    }
    return true;
}

/* --- what is sealed in it --- */

struct sealed {
    const struct vault *vault; /* NULL: whether there are any is all that is asked */
    struct storage *storage;   /* a second handle: rows are read while accounts are listed */
    bool any, opens;
    int tries;
    struct err err;
};

static int look_at_credentials(void *ctx, const struct hearth_account *account)
{
    struct sealed *sealed = ctx;
    struct err why = {0};
    const void *bytes;
    void *plain = NULL;
    size_t size = 0;
    int r = STORAGE(sealed->storage, &why, credentials_get, account->id, 0, &bytes, &size);
    if (r == 0)
        sealed->any = true;
    if (r == 0 && sealed->vault != NULL)
        r = auth_credentials_get(sealed->vault, sealed->storage, account->id, 0, account->provider,
                                 &plain, &size, &why);
    auth_credentials_free(plain, size);
    plug_storage_reset(sealed->storage);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND && r != HEARTH_ERR_DENIED && r != HEARTH_ERR_CORRUPT)
        sealed->err = why;
    sealed->opens = r == 0 && sealed->vault != NULL;
    sealed->tries += sealed->any;
    return sealed->err.code < 0 || sealed->opens ||
           (sealed->any && (sealed->vault == NULL || sealed->tries == TRIES));
}

/* Are there credentials, and does the vault open one of them? */
static int look_at_sealed(struct node *node, struct storage *storage, const struct vault *vault,
                          bool *ret_any, bool *ret_opens, struct err *err)
{
    struct storage second;
    struct sealed sealed = {.vault = vault, .storage = &second};
    int r = nodes_open_storage(node, NULL, &second, err);
    if (r < 0)
        return r;
    r = STORAGE(storage, err, account_list, look_at_credentials, &sealed);
    plug_storage_reset(storage);
    plug_storage_close(&second);
    if (r == 0 && sealed.err.code < 0) {
        *err = sealed.err;
        r = err->code;
    }
    if (r == 0) {
        *ret_any = sealed.any;
        *ret_opens = sealed.opens;
    }
    return r;
}

/* --- the comparison --- */

struct comparison {
    struct app *app;
    const struct vault *vault; /* NULL: there is no key file */
    bool record;               /* what a database does not know yet is put down */
};

static const char *database_name(const struct app *app, size_t node, char ret[DATABASE_NAME])
{
    if (main_app_is_fleet(app))
        snprintf(ret, DATABASE_NAME, "the database of node %s", app->nodes.items[node].name);
    else
        snprintf(ret, DATABASE_NAME, "the database of %s", app->state_dir);
    return ret;
}

#define WAY_OUT                                                                                    \
    "Bring that key file back. If it is lost: stop the daemon, run \"hearthd key new "             \
    "--accept-loss\", and everybody signs in anew"

static int refuse_other_key(const struct comparison *comparison, size_t node,
                            const struct auth_vault_key *recorded, struct err *err)
{
    char name[DATABASE_NAME], sealed_with[80] = "with another key than this machine's";
    const char *path = main_app_key_path(comparison->app);
    database_name(comparison->app, node, name);
    if (recorded != NULL)
        snprintf(sealed_with, sizeof(sealed_with), "with key %u (%s)", recorded->number,
                 recorded->fingerprint);
    if (comparison->vault == NULL)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "%s was sealed %s, and there is no key file %s. " WAY_OUT, name, sealed_with,
                       path);
    struct auth_vault_key own;
    auth_vault_key(comparison->vault, 0, &own);
    return err_set(err, HEARTH_ERR_CONFLICT, "%s was sealed %s, but %s has key %u (%s). " WAY_OUT,
                   name, sealed_with, path, own.number, own.fingerprint);
}

static int compare_sealed(const struct comparison *comparison, size_t i, struct storage *storage,
                          struct err *err)
{
    struct node *node = &comparison->app->nodes.items[i];
    const struct vault *vault = comparison->vault;
    char record[KEY_RECORD_SIZE];
    struct auth_vault_key newest;
    bool any = false, opens = false;
    int r = main_key_record_get(storage, record, err);
    if (r < 0)
        return r;
    bool recorded = main_key_record_newest(record, &newest);
    if (recorded && vault == NULL)
        return refuse_other_key(comparison, i, &newest, err);
    bool known = recorded && vault_has(vault, &newest);
    if (!known) {
        r = look_at_sealed(node, storage, recorded ? NULL : vault, &any, &opens, err);
        if (r == 0 && any && !opens)
            r = refuse_other_key(comparison, i, recorded ? &newest : NULL, err);
    }
    if (r < 0 || !comparison->record || vault == NULL || (known && record_has_all(record, vault)))
        return r;
    return main_key_record_put(storage, vault, err);
}

static int compare_node(const struct comparison *comparison, size_t i, struct err *err)
{
    struct storage storage;
    int r = nodes_open_storage(&comparison->app->nodes.items[i], NULL, &storage, err);
    if (r < 0)
        return r;
    r = compare_sealed(comparison, i, &storage, err);
    plug_storage_close(&storage);
    return r;
}

/* every: all databases have to answer; else the first that does is enough, this process's own
 * before others: all processes of a fleet have the same file, and each node's own processes look
 * at its database. */
static int compare_all_nodes(const struct comparison *comparison, bool every, struct err *err)
{
    const struct nodes *nodes = &comparison->app->nodes;
    for (size_t k = 0; k < nodes->count; k++) {
        struct err why = {0};
        size_t i = (nodes->own + k) % nodes->count;
        int r = compare_node(comparison, i, &why);
        bool away = main_app_storage_is_away(&nodes->items[i], r);
        if (r < 0 && (every || !away)) {
            *err = why;
            return r;
        }
        if (r == 0 && !every)
            return 0;
    }
    if (!every)
        log_event(HEARTH_LOG_WARNING, "main", "key file not compared",
                  LOG_TEXT("hint", "no database answers yet, so it is not known whether this key "
                                   "file opens what is stored"));
    return 0;
}

int main_app_read_key(struct app *app, struct vault **ret_vault, struct err *err)
{
    char name[DATABASE_NAME], record[KEY_RECORD_SIZE];
    struct err why = {0};
    struct auth_vault_key wanted;
    bool known = false;
    int r = auth_vault_open(main_app_key_path(app), false, ret_vault, &why);
    for (size_t i = 0; r == HEARTH_ERR_INVALID && !known && i < app->nodes.count; i++) {
        struct storage storage;
        if (nodes_open_storage(&app->nodes.items[i], NULL, &storage, NULL) < 0)
            continue;
        known = main_key_record_get(&storage, record, NULL) == 0 &&
                main_key_record_newest(record, &wanted);
        database_name(app, i, name);
        plug_storage_close(&storage);
    }
    if (r == HEARTH_ERR_INVALID && known)
        return err_set(err, r,
                       "%s. %s was sealed with key %u (%s): bring the file back that has it. If it "
                       "is lost: stop the daemon, move this file "
                       "away, run \"hearthd key new --accept-loss\", and everybody signs in anew",
                       why.text, name, wanted.number, wanted.fingerprint);
    if (r == HEARTH_ERR_INVALID)
        return err_set(err, r,
                       "%s. Bring back the key file that this server had; if it never had one, "
                       "move this one away, and the next start makes it",
                       why.text);
    return r < 0 ? err_set(err, r, "%s", why.text) : 0;
}

static int make_first_key_file(struct app *app, struct err *err)
{
    if (app->makes != APP_MAKES_ALL)
        return err_set(err, HEARTH_ERR_NOT_FOUND,
                       "there is no key file %s yet (key_file in [hearth]): the daemon makes it at "
                       "its first start, and so does \"hearthd key new\"",
                       main_app_key_path(app));
    return auth_vault_open(main_app_key_path(app), true, &app->vault, err);
}

int main_app_open_vault(struct app *app, struct err *err)
{
    if (app->vault != NULL)
        return 0;
    int r = main_app_read_key(app, &app->vault, err);
    if (r == HEARTH_ERR_NOT_FOUND && access(main_app_key_path(app), F_OK) != 0) {
        r = compare_all_nodes(&(struct comparison){.app = app}, true, err);
        if (r == 0)
            r = make_first_key_file(app, err);
    }
    return r < 0 ? r
                 : compare_all_nodes(
                       &(struct comparison){.app = app, .vault = app->vault, .record = true}, false,
                       err);
}

int main_app_check_key(struct app *app, struct err *err)
{
    struct vault *vault = NULL;
    int r = app->vault != NULL ? 0 : main_app_read_key(app, &vault, err);
    if (r == HEARTH_ERR_NOT_FOUND && access(main_app_key_path(app), F_OK) != 0)
        r = 0; /* the first start makes it, if nothing was sealed */
    if (r == 0)
        r = compare_all_nodes(
            &(struct comparison){.app = app, .vault = vault != NULL ? vault : app->vault}, true,
            err);
    auth_vault_close(vault);
    return r;
}

int main_app_check_key_on(struct app *app, size_t node, struct err *err)
{
    return compare_node(&(struct comparison){.app = app, .vault = app->vault}, node, err);
}
