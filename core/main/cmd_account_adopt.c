/* hearthd account adopt: the operator says that another identity is the same person; and what
 * the terminal says to who is another. */
#include <stdio.h>
#include <string.h>

#include "auth/doors.h"
#include "base/email.h"
#include "main/audit.h"
#include "main/cmd_account.h"
#include "main/forget.h"
#include "nodes/who.h"
#include "signin/allow.h"
#include "signin/takeover.h"

int main_account_finish(struct app *app, struct signin_worker *worker, const struct signin_end *end,
                        struct signin_result *ret_result, struct err *err)
{
    struct signin_result result;
    const char *email = end->identity->email, *provider = app->provider_names[end->provider];
    int r = signin_finish(worker, &app->storages, end, &result, err);
    if (r == 0 && result.outcome == SIGNIN_ANOTHER)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "there is an account %s here, but it was opened by another sign-in than "
                       "this one (%s at [sync %s]); nothing was "
                       "changed. If it is the same person: hearthd account adopt %s --provider %s, "
                       "and sign in again",
                       email, end->identity->uid, provider, email, provider);
    if (r == 0 && result.outcome == SIGNIN_IN && !signin_allow_admits(app->allow, email))
        main_cli_print(stderr,
                       "hearthd: [auth] allow does not name %s: the account is synced, but nobody "
                       "can sign in to it\n",
                       email);
    if (r < 0)
        return r;
    if (result.before[0] != '\0')
        main_forget_command(app, result.before, true);
    if (result.joins || result.before[0] != '\0')
        main_forget_command(app, result.account, false);
    *ret_result = result;
    return 0;
}

static int find_issuer(const struct app *app, const struct cli *cli, char ret_issuer[WHO_TEXT_MAX],
                       char ret_where[128], struct err *err)
{
    const char *kind = cli->oidc != NULL ? "oidc" : "sync",
               *name = cli->oidc != NULL ? cli->oidc : cli->provider;
    const struct conf_section *section;
    for (size_t i = 0; (section = conf_section(app->conf, kind, i)) != NULL; i++) {
        const char *this = conf_section_name(section);
        if (name != NULL && strcmp(this, name) != 0)
            continue;
        const char *issuer = cli->oidc != NULL ? conf_text(section, "issuer") : this;
        if (issuer == NULL ||
            snprintf(ret_issuer, WHO_TEXT_MAX, "%s:%s", kind, issuer) >= WHO_TEXT_MAX)
            return err_set(err, HEARTH_ERR_INVALID, "[%s %s] has no usable issuer", kind, this);
        snprintf(ret_where, 128, "[%s %s]", kind, this);
        return 0;
    }
    return err_set(err, HEARTH_ERR_INVALID, "there is no [%s %s] section", kind,
                   name == NULL ? "\u2026" : name);
}

/* Whoever comes with this name is somebody else: what they made of the account while it was
 * theirs is theirs no more. */
static int end_name(struct storage *storage, const char *account, const char *name, struct err *err)
{
    struct doors doors = {0};
    int r = nodes_who_end(storage, account, WHO_PROXY, name, err);
    return r == 0 ? auth_doors_close(storage, account, &doors, err) : r;
}

/* A name that a proxy asserts is known already: nothing to wait for. It may have been another
 * account's. */
static int adopt_proxy(struct app *app, const struct cli *cli, const char *id, const char *email,
                       struct err *err)
{
    /* HTTP takes these away */
    if (cli->proxy[0] == ' ' ||
        (cli->proxy[0] != '\0' && cli->proxy[strlen(cli->proxy) - 1] == ' '))
        return err_set(err, HEARTH_ERR_INVALID,
                       "--proxy: no header has a value with a space at its beginning or end");
    if (!email_name_is_plain(cli->proxy))
        return err_set(err, HEARTH_ERR_INVALID,
                       "--proxy: the name %s has characters that are not shown", cli->proxy);
    char name[WHO_TEXT_MAX];
    struct hearth_account other = {.struct_size = sizeof(other)};
    struct who who = {.issuer = WHO_PROXY, .subject = name, .replaces = true};
    struct err why = {0};
    char ended[TAKEOVER_WORDS_SIZE] = "";
    size_t node;
    if (!nodes_who_lower(cli->proxy, name))
        return err_set(err, HEARTH_ERR_INVALID,
                       "--proxy needs the name as the proxy asserts it, at most %d bytes",
                       WHO_TEXT_MAX - 1);
    int r = nodes_storages_by_identity(&app->storages, WHO_PROXY, name, &node, &other, &why);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *err = why;
        return r;
    }
    bool taken = r == 0 && strcmp(other.id, id) != 0;
    r = main_cli_confirm(cli, err,
                         "Whom the proxy calls %s is %s from now on%s%s%s? Browsers, API tokens "
                         "and links of whoever loses a name or an account by "
                         "that end.",
                         name, email, taken ? ", and not " : "", taken ? other.email : "",
                         taken ? " any more" : "");
    if (r == 0 && taken)
        r = end_name(&app->storages.storages[node], other.id, name, err);
    if (r == 0)
        r = signin_takeover(app->storage, id, &who, ended, err);
    if (r < 0)
        return r;
    if (taken)
        main_forget_command(app, other.id, false);
    main_forget_command(app, id, false);
    main_cli_print(stdout, "Whom the proxy calls %s is %s from now on.%s%s\n", name, email,
                   ended[0] != '\0' ? " What opened the account before ended: " : "", ended);
    main_audit_command(app, "proxy name adopted", LOG_TEXT("account", id), LOG_TEXT("email", email),
                       LOG_TEXT("uid", name), LOG_TEXT("email_before", taken ? other.email : NULL),
                       LOG_TEXT("ended", ended));
    return 0;
}

static int adopt_next(struct app *app, const struct cli *cli, const char *id, const char *email,
                      struct err *err)
{
    char issuer[WHO_TEXT_MAX], where[128];
    int r = find_issuer(app, cli, issuer, where, err);
    if (r == 0)
        r = main_cli_confirm(
            cli, err,
            "Whoever signs in next as %s at %s, within an hour, reads all data of that account, "
            "and what opens it now (browsers, "
            "API tokens, links, other ways of signing in) ends. Is it the same person?",
            email, where);
    if (r == 0)
        r = nodes_who_adopt(app->storage, id, issuer, email, err);
    if (r < 0)
        return r;
    main_cli_print(stdout,
                   "The next sign-in as %s at %s joins this account, if it comes within an hour; "
                   "what opened the account before ends then.\n",
                   email, where);
    main_audit_command(app, "adoption announced", LOG_TEXT("account", id), LOG_TEXT("email", email),
                       LOG_TEXT("issuer", issuer));
    return 0;
}

int main_account_adopt(struct app *app, struct cli *cli, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    char id[40], email[512];
    if ((cli->proxy != NULL) + (cli->oidc != NULL) + (cli->provider != NULL) > 1)
        return err_set(err, HEARTH_ERR_INVALID, "give one of --provider, --oidc and --proxy");
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    snprintf(id, sizeof(id), "%s", account.id);
    snprintf(email, sizeof(email), "%s", account.email);
    return cli->proxy != NULL ? adopt_proxy(app, cli, id, email, err)
                              : adopt_next(app, cli, id, email, err);
}
