/* The SHA-256 of each member of an archive, as the text that "sha256sum" prints and "sha256sum
 * -c" reads: "HEX  NAME\n" in their order. */
#ifndef STORAGE_SQLITE_SUMS_H
#define STORAGE_SQLITE_SUMS_H

#include <stdbool.h>
#include <stddef.h>

struct sums; /* for one thread */

struct sums *sqlite_sums_create(void);    /* NULL: out of memory */
void sqlite_sums_free(struct sums *sums); /* accepts NULL */
/* The next bytes of the member that is being read; sqlite_sums_end() ends it. Both false: out of
 * memory. */
bool sqlite_sums_add(struct sums *sums, const void *bytes, size_t size);
bool sqlite_sums_end(struct sums *sums, const char *name);
const char *sqlite_sums_text(const struct sums *sums); /* until the next call */
/* Compares with what an archive says. NULL: it is the same; else the name of the first member
 * that differs ("" when none does, but the text), valid as sqlite_sums_text(). */
const char *sqlite_sums_differ(struct sums *sums, const char *text, size_t size);

#endif
