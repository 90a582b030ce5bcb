/* hearthd account archive, restore: an account as one file, and back. docs/archive.md. */
#include <stdlib.h>
#include <string.h>

#include "archive/file.h"
#include "auth/credentials.h"
#include "auth/token.h"
#include "base/email.h"
#include "base/str.h"
#include "main/audit.h"
#include "main/cmd_account.h"
#include "main/forget.h"
#include "merge/upgrade.h"
#include "nodes/who.h"
#include "signin/owner.h"

enum { ID_SIZE = 33, NEW_ID_SIZE = 16, SAID_MAX = 64 };

static void count_words(const int64_t counts[ARCHIVE_KIND_COUNT], char *ret, size_t size)
{
    char pages[CLI_COUNT_SIZE], visits[CLI_COUNT_SIZE], bookmarks[CLI_COUNT_SIZE],
        devices[CLI_COUNT_SIZE];
    main_cli_count(counts[ARCHIVE_KIND_page], "page", "pages", pages);
    main_cli_count(counts[ARCHIVE_KIND_visit], "visit", "visits", visits);
    main_cli_count(counts[ARCHIVE_KIND_bookmark], "bookmark or folder", "bookmarks and folders",
                   bookmarks);
    main_cli_count(counts[ARCHIVE_KIND_device], "device", "devices", devices);
    snprintf(ret, size, "%s, %s, %s, %s", pages, visits, bookmarks, devices);
}

int main_account_archive(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int64_t counts[ARCHIVE_KIND_COUNT];
    unsigned with = (cli->with_credentials ? ARCHIVE_CREDENTIALS : 0u) |
                    (cli->with_tokens ? ARCHIVE_TOKENS : 0u);
    char id[ID_SIZE], words[5 * CLI_COUNT_SIZE];
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    if (strcmp(account.node, app->nodes.items[app->node].name) != 0)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "%s is on its way to the node %s; try again when it is there", account.email,
                       account.node);
    str_copy(id, sizeof(id), account.id);
    char *email = strdup(account.email);
    if (email == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    plug_storage_reset(app->storage);
    r = archive_to_file(app->storage, id, with, cli->argv[2], counts, err);
    if (r == 0) {
        count_words(counts, words, sizeof(words));
        main_cli_print(stdout, "%s is archived in %s: %s.\n", email, cli->argv[2], words);
        if (!cli->with_credentials)
            main_cli_print(stdout, "Its credentials are not in it: where it is restored its person "
                                   "signs in again (or --with-credentials).\n");
        main_audit_command(app, "account archived", LOG_TEXT("account", id),
                           LOG_TEXT("email", email), LOG_BOOL("credentials", cli->with_credentials),
                           LOG_BOOL("tokens", cli->with_tokens));
    }
    free(email);
    return r;
}

/* --- restore --- */

struct restoring {
    struct app *app;
    struct archive_summary archive;
    const char *email;    /* of the account as it will be */
    char id[ID_SIZE];     /* of one that is there, or of a new one; "": as it was */
    bool exists;          /* there is an account of this address */
    char *said[SAID_MAX]; /* warnings: an archive is read twice */
    size_t said_count;
};

static void print_archive_warning(void *ctx, const char *text)
{
    struct restoring *restoring = ctx;
    for (size_t i = 0; i < restoring->said_count; i++)
        if (str_equal(restoring->said[i], text))
            return;
    if (restoring->said_count < SAID_MAX)
        restoring->said[restoring->said_count++] = strdup(text);
    main_cli_print(stderr, "hearthd: warning: %s\n", text);
}

static int seal_again(void *ctx, const char *was, const char *account, int64_t source,
                      const char *provider, const void *sealed, size_t size, void **ret_sealed,
                      size_t *ret_size, struct err *err)
{
    struct restoring *restoring = ctx;
    int r = main_app_open_vault(restoring->app, err);
    return r < 0 ? r
                 : auth_credentials_seal_again(restoring->app->vault, was, account, source,
                                               provider, sealed, size, ret_sealed, ret_size, err);
}

/* What the archive says of whose it is has to make sense here. */
static int check_summary(struct restoring *restoring, const struct cli *cli, struct err *err)
{
    const struct archive_summary *archive = &restoring->archive;
    restoring->email = cli->email != NULL ? cli->email : archive->email;
    const char *fault = email_fault(restoring->email);
    if (fault != NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s is no e-mail address: it %s", restoring->email,
                       fault);
    if (archive->provider[0] != '\0' &&
        conf_section_named(restoring->app->conf, "sync", archive->provider) == NULL)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "the account is one of [sync %s], and the configuration here has no such section",
            archive->provider);
    return 0;
}

/* Of this person there must be no other account: what is synced to two would be decided by who
 * comes first. */
static int restore_check_person(struct restoring *restoring, struct err *err)
{
    const struct archive_summary *archive = &restoring->archive;
    char issuer[sizeof(WHO_SYNC) + HEARTH_ID_MAX];
    struct hearth_account known = {.struct_size = sizeof(known)};
    struct err why = {0};
    size_t node;
    if (archive->uid[0] == '\0')
        return 0;
    snprintf(issuer, sizeof(issuer), WHO_SYNC "%s", archive->provider);
    int r = nodes_storages_by_identity(&restoring->app->storages, issuer, archive->uid, &node,
                                       &known, &why);
    if (r == 0)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "the person of this archive has the account %s here; hearthd account remove "
                       "%s first, or restore into it with "
                       "--email %s if it is empty",
                       known.email, known.email, known.email);
    if (r != HEARTH_ERR_NOT_FOUND && err != NULL)
        *err = why;
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

/* CONFLICT: somebody has the id. */
static int look_for_id(struct app *app, void *ctx, struct err *err)
{
    struct hearth_account known = {.struct_size = sizeof(known)};
    struct err why = {0};
    int r = STORAGE(app->storage, &why, account_get, ctx, &known);
    plug_storage_reset(app->storage);
    return r == HEARTH_ERR_NOT_FOUND
               ? 0
               : err_set(err, r == 0 ? HEARTH_ERR_CONFLICT : r, "%s", why.text);
}

/* Which account, on which node. */
static int choose_account(struct restoring *restoring, struct err *err)
{
    struct app *app = restoring->app;
    struct hearth_account known = {.struct_size = sizeof(known)};
    struct err why = {0};
    int r = main_app_account(app, restoring->email, &known, &why);
    restoring->exists = r == 0;
    if (r == 0) {
        str_copy(restoring->id, sizeof(restoring->id), known.id);
        if (strcmp(known.node, app->nodes.items[app->node].name) != 0)
            r = err_set(err, HEARTH_ERR_CONFLICT,
                        "%s is on its way to the node %s; try again when it is there", known.email,
                        known.node);
        plug_storage_reset(app->storage);
        return r;
    }
    if (r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "%s", why.text);
    r = restore_check_person(restoring, err);
    why = (struct err){0};
    if (r == 0)
        r = main_app_each_node(app, look_for_id, restoring->archive.id, &why);
    if (r == HEARTH_ERR_CONFLICT && why.code == HEARTH_ERR_CONFLICT) {
        auth_token_random_id(restoring->id, NEW_ID_SIZE);
        r = 0;
    } else if (r < 0 && why.code < 0) {
        *err = why;
    }
    return r < 0 ? r
                 : main_app_use_node(app,
                                     main_app_is_fleet(app)
                                         ? nodes_home(&app->nodes, restoring->email, NODES_NONE)
                                         : 0,
                                     err);
}

static int restore_archive(struct restoring *restoring, const char *path, struct err *err)
{
    struct app *app = restoring->app;
    struct archive_warnings warnings = {print_archive_warning, restoring};
    struct archive_into into = {.account = restoring->exists ? restoring->id : NULL,
                                .id = !restoring->exists && restoring->id[0] != '\0' ? restoring->id
                                                                                     : NULL,
                                .email = restoring->email,
                                .node = app->nodes.items[app->node].name,
                                .seal_again = seal_again,
                                .look = archive_look_at,
                                .settle = archive_settle,
                                .ctx = restoring};
    int r = signin_owner_put(app->storage, err);
    return r < 0 ? r
                 : archive_from_file(path, archive_store(app->storage, &into, &warnings),
                                     &restoring->archive, err);
}

/* Whoever wrote the archive has said who comes in: the operator hears it. */
static int print_restored_identity(void *ctx, const struct hearth_account_identity *identity)
{
    if (!str_starts(identity->issuer, "closed:") && !str_starts(identity->issuer, "left:"))
        main_cli_print(stdout, "%s is opened by %s: %s\n", ((struct restoring *)ctx)->email,
                       identity->issuer, identity->subject);
    return 0;
}

int main_account_restore(struct app *app, struct cli *cli, struct err *err)
{
    struct restoring restoring = {.app = app};
    struct archive_warnings warnings = {print_archive_warning, &restoring};
    char words[5 * CLI_COUNT_SIZE];
    const char *path = cli->argv[1];
    int r = archive_from_file(path,
                              archive_check(app->storage == NULL ? NULL : app->storage->limits,
                                            archive_look_at, &warnings),
                              &restoring.archive, err);
    if (r < 0)
        err_prefix(err, "nothing was changed");
    if (r == 0)
        r = check_summary(&restoring, cli, err);
    if (r == 0)
        r = choose_account(&restoring, err);
    if (r == 0)
        r = restore_archive(&restoring, path, err);
    if (r == 0) {
        const char *id = restoring.id[0] != '\0' ? restoring.id : restoring.archive.id;
        count_words(restoring.archive.counts, words, sizeof(words));
        struct upgraded upgraded;
        struct err later = {0}; /* with its next sync */
        merge_upgrade_account(app->storage, id, &upgraded, &later);
        main_forget_command(app, id, true);
        main_cli_print(stdout, "%s is restored: %s.\n", restoring.email, words);
        STORAGE(app->storage, NULL, identity_list, id, print_restored_identity, &restoring);
        plug_storage_reset(app->storage);
        if (restoring.archive.counts[ARCHIVE_KIND_token] > 0)
            main_cli_print(stdout,
                           "And by the tokens and browsers of the archive: hearthd token list %s\n",
                           restoring.email);
        main_audit_command(app, "account restored", LOG_TEXT("account", id),
                           LOG_TEXT("email", restoring.email));
    }
    for (size_t i = 0; i < restoring.said_count; i++)
        free(restoring.said[i]);
    return r;
}
