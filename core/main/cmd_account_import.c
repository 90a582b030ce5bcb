/* hearthd account import: an account whose credentials are in a file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/email.h"
#include "main/cmd_account.h"
#include "nodes/who.h"

enum { IMPORT_MAX = 64 * 1024 };

static int read_import_file(const char *path, struct buf *text, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (f == NULL)
        return err_errno(err, errno, "cannot open %s", path);
    char *room = buf_reserve(text, IMPORT_MAX);
    size_t n = room == NULL ? 0 : fread(room, 1, IMPORT_MAX, f);
    int why = errno, r = !ferror(f) ? 0 : err_errno(err, why, "cannot read %s", path);
    if (r < 0 && why == EISDIR)
        err_set(err, r, "%s is a folder: give a file, or - for standard input", path);
    if (f != stdin)
        fclose(f);
    if (r == 0 && (room == NULL || n == IMPORT_MAX))
        r = err_set(err, HEARTH_ERR_INVALID, "%s is larger than %d bytes", path, IMPORT_MAX);
    if (r == 0)
        buf_grew(text, n);
    if (r == 0 && memchr(text->data, '\0', n) != NULL)
        r = err_set(err, HEARTH_ERR_INVALID, "%s is not a text", path);
    return r;
}

/* Where the source knows no address, the account that it already is here must be the one that is
 * named. */
static int check_known(struct app *app, const char *provider, const char *uid, const char *given,
                       struct err *err)
{
    char issuer[sizeof(WHO_SYNC) + 64];
    struct hearth_account known = {.struct_size = sizeof(known)};
    struct err why = {0};
    size_t node;
    snprintf(issuer, sizeof(issuer), WHO_SYNC "%s", provider);
    int r = nodes_storages_by_identity(&app->storages, issuer, uid, &node, &known, &why);
    if (r == 0 && strcasecmp(known.email, given) != 0)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "this is the account of %s already, not of %s; nothing was changed. If it "
                       "is to be another's, "
                       "hearthd account remove %s first",
                       known.email, given, known.email);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *err = why;
        return r;
    }
    return 0;
}

/* Whose account is it? The source says so, or else the operator. */
static int name_owner(struct app *app, const struct cli *cli, size_t provider,
                      struct hearth_identity *identity, struct err *err)
{
    const char *given = cli->account, *fault = given == NULL ? NULL : email_fault(given);
    if (fault != NULL)
        return err_set(err, HEARTH_ERR_INVALID, "--account: %s is no e-mail address: it %s", given,
                       fault);
    if (identity->email == NULL && given == NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "it does not say which e-mail address the account has: say whose it is, "
                       "with --account EMAIL");
    if (identity->email != NULL && given != NULL && strcasecmp(identity->email, given) != 0)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "it says that this is the account of %s, not of %s; nothing was changed",
                       identity->email, given);
    if (identity->email != NULL)
        return 0;
    identity->email = given;
    return identity->uid == NULL
               ? 0
               : check_known(app, app->provider_names[provider], identity->uid, given, err);
}

static int import_text(struct app *app, const struct cli *cli, const char *text, struct err *err)
{
    struct signin *signin;
    struct signin_worker worker;
    struct signin_result result;
    int provider = main_account_signin(app, cli, &signin, err);
    if (provider < 0)
        return provider;
    signin_worker_init(&worker, signin);
    struct hearth_identity identity = {.struct_size = sizeof(identity)};
    int r = signin_import(&worker, (size_t)provider, text, &identity, err);
    if (r == 0)
        r = name_owner(app, cli, (size_t)provider, &identity, err);
    if (r < 0)
        main_account_blame(app, (size_t)provider, err);
    if (r == 0)
        r = main_account_finish(app, &worker,
                                &(struct signin_end){.provider = (size_t)provider,
                                                     .identity = &identity,
                                                     .keep = SIGNIN_KEEP_DATA,
                                                     .trusted = true},
                                &result, err);
    if (r == 0)
        main_cli_print(stdout, "%s is imported%s.\n", identity.email,
                       main_app_daemon_runs(app) ? "; the daemon syncs it now" : "");
    signin_worker_close(&worker);
    signin_destroy(signin);
    return r;
}

int main_account_import(struct app *app, struct cli *cli, struct err *err)
{
    struct buf text = {0};
    int r = read_import_file(cli->argv[1], &text, err);
    if (r == 0) {
        r = import_text(app, cli, text.data, err);
        if (r < 0 && strcmp(cli->argv[1], "-") != 0)
            err_prefix(err, "%s", cli->argv[1]);
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.room);
    buf_fini(&text);
    return r;
}
