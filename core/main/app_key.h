/* Is the key file the one that the databases were sealed with? */
#ifndef HEARTH_CORE_MAIN_APP_KEY_H
#define HEARTH_CORE_MAIN_APP_KEY_H

#include "main/app.h"

enum { KEY_RECORD_SIZE = 4096 };

/* Without any side effect: opens the key file and compares it with every database. 0 also when there is no file and nothing is sealed: the
 * first start makes it. */
int app_check_key(struct app *app, struct err *err);
int app_check_key_on(struct app *app, size_t node, struct err *err); /* one database, with the vault that is open, if any is */
/* Opens the key file. What is wrong with one that holds no key is said together with the key that the databases want, of those that are
 * open. NOT_FOUND: there is none. */
int app_read_key(struct app *app, struct vault **ret_vault, struct err *err);
const char *app_key_path(const struct app *app);

/* What a database keeps of the keys that sealed in it: lines "NUMBER FINGERPRINT"; "" when it knows none. */
int key_record_get(struct store *store, char ret_record[KEY_RECORD_SIZE], struct err *err);
int key_record_put(struct store *store, const struct vault *vault, struct err *err); /* from now on these are its keys */
/* The next line of a record; false: there is none. */
bool key_record_next(const char **rest, struct vault_key *ret_key);
bool key_record_newest(const char *record, struct vault_key *ret_key); /* false: there is none */

#endif
