/* Making and extending the key file that the vault reads (vault.h). Nothing here opens anything
 * with it. */
#ifndef HEARTH_CORE_AUTH_KEY_FILE_H
#define HEARTH_CORE_AUTH_KEY_FILE_H

#include <stdint.h>
#include "base/err.h"

/* Makes the file, mode 0600, with a fresh key of this number; as root for the owner of its
 * folder. CONFLICT: it exists. Complete or not at all, whenever the process is killed. */
int auth_key_file_make(const char *path, uint32_t number, struct err *err);
/* Adds a fresh key of this number to the file that is there: from the next start on it seals. */
int auth_key_file_extend(const char *path, uint32_t number, struct err *err);

#endif
