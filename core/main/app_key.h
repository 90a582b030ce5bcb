/* Is the key file the one that the databases were sealed with? */
#ifndef HEARTH_CORE_MAIN_APP_KEY_H
#define HEARTH_CORE_MAIN_APP_KEY_H

#include "main/app.h"

enum { KEY_RECORD_SIZE = 4096 };

/* Without any side effect: opens the key file and compares it with every database. 0 also when
 * there is no file and nothing is sealed: the first start makes it. */
int main_app_check_key(struct app *app, struct err *err);
/* one database, with the vault that is open, if any is */
int main_app_check_key_on(struct app *app, size_t node, struct err *err);
/* Opens the key file. What is wrong with one that holds no key is said together with the key
 * that the databases want, of those that are open. NOT_FOUND: there is none. */
int main_app_read_key(struct app *app, struct vault **ret_vault, struct err *err);
const char *main_app_key_path(const struct app *app);

/* What a database keeps of the keys that sealed in it: lines "NUMBER FINGERPRINT"; "" when it
 * knows none. */
int main_key_record_get(struct storage *storage, char ret_record[KEY_RECORD_SIZE], struct err *err);
/* from now on these are its keys */
int main_key_record_put(struct storage *storage, const struct vault *vault, struct err *err);
/* The next line of a record; false: there is none. */
bool main_key_record_next(const char **rest, struct auth_vault_key *ret_key);
/* false: there is none */
bool main_key_record_newest(const char *record, struct auth_vault_key *ret_key);

#endif
