/* What the files of `hearthd account` share. */
#ifndef HEARTH_CORE_MAIN_CMD_ACCOUNT_H
#define HEARTH_CORE_MAIN_CMD_ACCOUNT_H

#include "main/app.h"

int main_account_add(struct app *app, struct cli *cli, struct err *err);
/* cmd_account_import.c */
int main_account_import(struct app *app, struct cli *cli, struct err *err);
/* cmd_account_change.c */
int main_account_pause(struct app *app, struct cli *cli, struct err *err);
int main_account_resume(struct app *app, struct cli *cli, struct err *err);
int main_account_sign_out(struct app *app, struct cli *cli, struct err *err);
int main_account_remove(struct app *app, struct cli *cli, struct err *err);
int main_account_adopt(struct app *app, struct cli *cli, struct err *err); /* cmd_account_adopt.c */
/* cmd_account_archive.c */
int main_account_archive(struct app *app, struct cli *cli, struct err *err);
int main_account_restore(struct app *app, struct cli *cli, struct err *err);
/* cmd_account_forget.c */
int main_account_forget(struct app *app, struct cli *cli, struct err *err);
int main_account_forgotten(struct app *app, struct cli *cli, struct err *err);
int main_account_remember(struct app *app, struct cli *cli, struct err *err);
/* cmd_account_devices.c */
int main_account_devices(struct app *app, struct cli *cli, struct err *err);
int main_account_hide(struct app *app, struct cli *cli, struct err *err);
int main_account_unhide(struct app *app, struct cli *cli, struct err *err);
/* signin_finish() in a terminal: CONFLICT in words for who is another than the account's. */
int main_account_finish(struct app *app, struct signin_worker *worker, const struct signin_end *end,
                        struct signin_result *ret_result, struct err *err);
/* Opens the providers and the sign-in. Returns the number of the provider that --provider names,
 * or a negative code. */
int main_account_signin(struct app *app, const struct cli *cli, struct signin **ret_signin,
                        struct err *err);
/* Puts the section and the plugin before an error of a provider, where it does not begin with
 * its section itself; returns the code. */
int main_account_blame(const struct app *app, size_t provider, struct err *err);

#endif
