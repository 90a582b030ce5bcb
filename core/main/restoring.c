#include "main/restoring.h"

#include <stdlib.h>
#include <string.h>

#include "auth/credentials.h"
#include "auth/token.h"
#include "base/email.h"
#include "base/str.h"
#include "main/forget.h"
#include "merge/upgrade.h"
#include "nodes/who.h"
#include "signin/owner.h"

enum { NEW_ID_SIZE = 16 };

void main_restoring_count_words(const int64_t counts[ARCHIVE_KIND_COUNT],
                                char ret[RESTORING_WORDS_SIZE])
{
    char pages[CLI_COUNT_SIZE], visits[CLI_COUNT_SIZE], bookmarks[CLI_COUNT_SIZE],
        devices[CLI_COUNT_SIZE];
    main_cli_count(counts[ARCHIVE_KIND_page], "page", "pages", pages);
    main_cli_count(counts[ARCHIVE_KIND_visit], "visit", "visits", visits);
    main_cli_count(counts[ARCHIVE_KIND_bookmark], "bookmark or folder", "bookmarks and folders",
                   bookmarks);
    main_cli_count(counts[ARCHIVE_KIND_device], "device", "devices", devices);
    snprintf(ret, RESTORING_WORDS_SIZE, "%s, %s, %s, %s", pages, visits, bookmarks, devices);
}

static void print_archive_warning(void *ctx, const char *text)
{
    struct restoring *restoring = ctx;
    for (size_t i = 0; i < restoring->said_count; i++)
        if (str_equal(restoring->said[i], text))
            return;
    if (restoring->said_count < RESTORING_SAID_MAX)
        restoring->said[restoring->said_count++] = strdup(text);
    main_cli_print(stderr, "hearthd: warning: %s%s%s\n",
                   restoring->is_copy ? restoring->archive.email : "",
                   restoring->is_copy ? ": " : "", text);
}

const struct archive_warnings *main_restoring_warnings(struct restoring *restoring)
{
    restoring->warnings = (struct archive_warnings){print_archive_warning, restoring};
    return &restoring->warnings;
}

/* --- which account --- */

/* What the archive says of whose it is has to make sense here. */
static int check_summary(const struct restoring *restoring, struct err *err)
{
    const struct archive_summary *archive = &restoring->archive;
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
    if (r == 0 && restoring->is_copy)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "its person has the account %s here; hearthd account remove %s first, if "
                       "that can go",
                       known.email, known.email);
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

static int choose_by_address(struct restoring *restoring, struct err *err)
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

int main_restoring_choose(struct restoring *restoring, const char *email, struct err *err)
{
    restoring->email = email != NULL ? email : restoring->archive.email;
    int r = check_summary(restoring, err);
    return r < 0 ? r : choose_by_address(restoring, err);
}

/* --- its contents --- */

static int seal_again(void *ctx, const char *was, const char *account, int64_t source,
                      const char *provider, const void *sealed, size_t size, void **ret_sealed,
                      size_t *ret_size, struct err *err)
{
    struct restoring *restoring = ctx;
    int r = main_app_open_vault(restoring->app, err);
    if (r < 0)
        return r;
    const struct vault *own = restoring->app->vault;
    return auth_credentials_seal_again(restoring->opens != NULL ? restoring->opens : own, own, was,
                                       account, source, provider, sealed, size, ret_sealed,
                                       ret_size, err);
}

int main_restoring_open(struct restoring *restoring, struct archive_reader **ret_reader,
                        struct err *err)
{
    struct app *app = restoring->app;
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
    if (r < 0)
        return r;
    struct archive_reader *reader =
        archive_store(app->storage, &into, main_restoring_warnings(restoring));
    if (reader == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    *ret_reader = reader;
    return 0;
}

const char *main_restoring_id(const struct restoring *restoring)
{
    return restoring->id[0] != '\0' ? restoring->id : restoring->archive.id;
}

void main_restoring_finish(struct restoring *restoring)
{
    struct upgraded upgraded;
    struct err later = {0}; /* with its next sync */
    const char *id = main_restoring_id(restoring);
    merge_upgrade_account(restoring->app->storage, id, &upgraded, &later);
    main_forget_command(restoring->app, id, true);
}

void main_restoring_fini(struct restoring *restoring)
{
    for (size_t i = 0; i < restoring->said_count; i++)
        free(restoring->said[i]);
    restoring->said_count = 0;
}
