/* What the files of `hearthd account` share. */
#ifndef HEARTH_CORE_MAIN_CMD_ACCOUNT_H
#define HEARTH_CORE_MAIN_CMD_ACCOUNT_H

#include "main/app.h"

int account_add(struct app *app, struct cli *cli, struct err *err);
int account_import(struct app *app, struct cli *cli, struct err *err); /* cmd_account_import.c */
/* cmd_account_change.c */
int account_pause(struct app *app, struct cli *cli, struct err *err);
int account_resume(struct app *app, struct cli *cli, struct err *err);
int account_sign_out(struct app *app, struct cli *cli, struct err *err);
int account_remove(struct app *app, struct cli *cli, struct err *err);
int account_adopt(struct app *app, struct cli *cli, struct err *err); /* cmd_account_adopt.c */
/* cmd_account_archive.c */
int account_archive(struct app *app, struct cli *cli, struct err *err);
int account_restore(struct app *app, struct cli *cli, struct err *err);
/* cmd_account_forget.c */
int account_forget(struct app *app, struct cli *cli, struct err *err);
int account_forgotten(struct app *app, struct cli *cli, struct err *err);
int account_remember(struct app *app, struct cli *cli, struct err *err);
/* signin_finish() in a terminal: CONFLICT in words for who is another than the account's. */
int account_finish(struct app *app, struct signin_worker *worker, const struct signin_end *end, struct signin_result *ret_result,
                   struct err *err);
/* Opens the providers and the sign-in. Returns the number of the provider that --provider names, or a negative code. */
int account_signin(struct app *app, const struct cli *cli, struct signin **ret_signin, struct err *err);
/* Puts the section and the plugin before an error of a provider, where it does not begin with its section itself; returns the code. */
int account_blame(const struct app *app, size_t provider, struct err *err);

#endif
