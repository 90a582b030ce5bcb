/* When the database was copied last: the time of an empty file in the state directory, so that who
 * copies a database with its own tools can touch it, too. */
#ifndef HEARTH_CORE_MAIN_BACKUP_NOTE_H
#define HEARTH_CORE_MAIN_BACKUP_NOTE_H

#include <stdint.h>
#include "base/err.h"

int main_backup_note(const char *state_dir, struct err *err);
int64_t main_backup_noted(const char *state_dir); /* ms since the epoch; 0: none is known */

#endif
