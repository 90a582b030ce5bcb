/* A hash for tables whose keys strangers can choose: SipHash-1-3 under a key of this process, so
 * that nobody outside can make keys that meet in one bucket. Any thread. Values mean nothing in
 * another process. Tables by it are base/map.h and base/index_table.h. Also for the plugins of
 * this tree, each of which has a key of its own; it uses nothing else of core. */
#ifndef HEARTH_CORE_BASE_HASH_H
#define HEARTH_CORE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t size);
uint64_t hash_text(const char *text);
/* the same for texts that differ in the case of ASCII letters only */
uint64_t hash_text_folded(const char *text);
/* for tests, and for who needs a key of its own */
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t size);

#endif
