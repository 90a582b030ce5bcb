/* hearthd account pause, resume, signout, remove: each says what it did. */
#include <stdio.h>
#include <string.h>

#include "auth/doors.h"
#include "auth/session.h"
#include "main/audit.h"
#include "main/cmd_account.h"
#include "main/forget.h"
#include "signin/owner.h"

static int count_door(void *ctx, const struct hearth_token *token)
{
    auth_doors_add(ctx, token);
    return 0;
}

/* The account, and what of it ends with it. */
struct subject {
    struct hearth_account account;
    struct hearth_counts counts;
    struct doors doors;
};

static int look_at(struct app *app, const char *email, struct subject *ret_subject, struct err *err)
{
    *ret_subject = (struct subject){.account.struct_size = sizeof(struct hearth_account),
                                    .counts.struct_size = sizeof(struct hearth_counts)};
    int r = main_app_account(app, email, &ret_subject->account, err);
    if (r == 0)
        r = STORAGE(app->storage, err, counts, ret_subject->account.id, &ret_subject->counts);
    if (r == 0)
        r = STORAGE(app->storage, err, token_list, ret_subject->account.id, count_door,
                    &ret_subject->doors);
    return r;
}

static int set_paused(struct app *app, struct cli *cli, bool paused, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = main_app_account(app, cli->argv[1], &account, err);
    if (r < 0)
        return r;
    if (!paused && account.state != HEARTH_ACCOUNT_PAUSED)
        return err_set(err, HEARTH_ERR_CONFLICT, "%s is not paused", account.email);
    account.state = paused ? HEARTH_ACCOUNT_PAUSED : HEARTH_ACCOUNT_OK;
    account.state_detail = account.state_message = account.state_parameters = NULL;
    account.next_sync = paused ? 0 : 1;
    r = STORAGE(app->storage, err, account_update, &account,
                HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED);
    if (r < 0)
        return r;
    if (paused)
        main_cli_print(stdout,
                       "%s is paused: it is not synced until \"hearthd account resume %s\".\n",
                       account.email, account.email);
    else
        main_cli_print(stdout, "%s is synced again.\n", account.email);
    main_audit_command(app, paused ? "account paused" : "account resumed",
                       LOG_TEXT("account", account.id), LOG_TEXT("email", account.email));
    return 0;
}

int main_account_pause(struct app *app, struct cli *cli, struct err *err)
{
    return set_paused(app, cli, true, err);
}

int main_account_resume(struct app *app, struct cli *cli, struct err *err)
{
    return set_paused(app, cli, false, err);
}

int main_account_sign_out(struct app *app, struct cli *cli, struct err *err)
{
    struct subject subject;
    char browsers[CLI_COUNT_SIZE];
    int r = look_at(app, cli->argv[1], &subject, err);
    if (r < 0)
        return r;
    const char *email = subject.account.email;
    main_cli_count(subject.doors.browsers, "browser", "browsers", browsers);
    r = main_cli_confirm(cli, err, "Sign %s out in %s?", email, browsers);
    if (r == 0)
        r = auth_session_remove_all(app->storage, subject.account.id, NULL, err);
    if (r < 0)
        return r;
    main_forget_command(app, subject.account.id, false);
    main_cli_print(stdout,
                   "%s is signed out in %s; sign-in links that were open end, too. API tokens stay "
                   "(\"hearthd token list %s\").\n",
                   email, browsers, email);
    main_audit_command(app, "signed out everywhere", LOG_TEXT("account", subject.account.id),
                       LOG_TEXT("email", email));
    return 0;
}

int main_account_remove(struct app *app, struct cli *cli, struct err *err)
{
    struct subject subject;
    char pages[CLI_COUNT_SIZE], visits[CLI_COUNT_SIZE], bookmarks[CLI_COUNT_SIZE];
    int r = look_at(app, cli->argv[1], &subject, err);
    if (r < 0)
        return r;
    const char *email = subject.account.email;
    main_cli_count(subject.counts.pages, "page", "pages", pages);
    main_cli_count(subject.counts.visits, "visit", "visits", visits);
    main_cli_count(subject.counts.bookmarks, "bookmark", "bookmarks", bookmarks);
    r = main_cli_confirm(
        cli, err,
        "Remove %s with %s, %s and %s? What the Sync service does not have any more is lost.",
        email, pages, visits, bookmarks);
    if (r == 0) /* an account of an older release may be all that says so */
        r = signin_owner_put(app->storage, err);
    if (r == 0)
        r = STORAGE(app->storage, err, account_remove, subject.account.id);
    if (r < 0)
        return r;
    main_forget_command(app, subject.account.id, true);
    main_cli_print(stdout, "removed %s: %s, %s, %s; its tokens and sessions ended\n", email, pages,
                   visits, bookmarks);
    main_audit_command(app, "account removed", LOG_TEXT("account", subject.account.id),
                       LOG_TEXT("email", email));
    return 0;
}
