/* hearthd account archive, restore: an account as one file, and back. docs/archive.md. */
#include <stdlib.h>
#include <string.h>

#include "archive/file.h"
#include "base/str.h"
#include "main/audit.h"
#include "main/cmd_account.h"
#include "main/progress.h"
#include "main/restoring.h"

int main_account_archive(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int64_t counts[ARCHIVE_KIND_COUNT];
    unsigned with = (cli->with_credentials ? ARCHIVE_CREDENTIALS : 0u) |
                    (cli->with_tokens ? ARCHIVE_TOKENS : 0u);
    char id[RESTORING_ID_SIZE], words[RESTORING_WORDS_SIZE];
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
        main_restoring_count_words(counts, words);
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

static int restore_archive(struct restoring *restoring, const char *path, struct err *err)
{
    struct archive_reader *reader;
    int r = main_restoring_open(restoring, &reader, err);
    return r < 0 ? r : archive_from_file(path, reader, &restoring->archive, err);
}

/* Whoever wrote the archive has said who comes in: the operator hears it. */
static int print_restored_identity(void *ctx, const struct hearth_account_identity *identity)
{
    if (!str_starts(identity->issuer, "closed:") && !str_starts(identity->issuer, "left:"))
        main_cli_print(stdout, "%s is opened by %s: %s\n", ((struct restoring *)ctx)->email,
                       identity->issuer, identity->subject);
    return 0;
}

static void print_restored_account(struct restoring *restoring)
{
    char words[RESTORING_WORDS_SIZE];
    struct storage *storage = restoring->app->storage;
    main_restoring_count_words(restoring->archive.counts, words);
    main_cli_print(stdout, "%s is restored: %s.\n", restoring->email, words);
    STORAGE(storage, NULL, identity_list, main_restoring_id(restoring), print_restored_identity,
            restoring);
    plug_storage_reset(storage);
    if (restoring->archive.counts[ARCHIVE_KIND_token] > 0)
        main_cli_print(stdout,
                       "And by the tokens and browsers of the archive: hearthd token list %s\n",
                       restoring->email);
}

int main_account_restore(struct app *app, struct cli *cli, struct err *err)
{
    struct restoring restoring = {.app = app};
    const char *path = cli->argv[1];
    struct progress progress;
    struct progress_file file = {path, main_progress_size(path)};
    main_progress_begin(&progress, cli, "Checking the archive", true, main_progress_of_file, &file);
    int r = archive_from_file(path,
                              archive_check(app->storage == NULL ? NULL : app->storage->limits,
                                            archive_look_at, main_restoring_warnings(&restoring)),
                              &restoring.archive, err);
    main_progress_end(&progress);
    if (r < 0)
        err_prefix(err, "nothing was changed");
    if (r == 0)
        r = main_restoring_choose(&restoring, cli->email, err);
    main_progress_begin(&progress, cli, "Restoring", true, main_progress_of_file, &file);
    if (r == 0)
        r = restore_archive(&restoring, path, err);
    main_progress_end(&progress);
    if (r == 0) {
        main_restoring_finish(&restoring);
        print_restored_account(&restoring);
        main_audit_command(app, "account restored",
                           LOG_TEXT("account", main_restoring_id(&restoring)),
                           LOG_TEXT("email", restoring.email));
    }
    main_restoring_fini(&restoring);
    return r;
}
