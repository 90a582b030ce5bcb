/* An arena for the strings of one record. */
#ifndef HEARTH_PLUGINS_SYNC_FX_MEM_H
#define HEARTH_PLUGINS_SYNC_FX_MEM_H

#include <stddef.h>

/* {0} is empty. Memory is zeroed and aligned for any type, and lives until reset or fini. */
struct fx_arena {
    struct fx_arena_block *blocks;
};

void *fx_arena_alloc(struct fx_arena *arena, size_t size); /* NULL: no memory */
/* NUL-terminated; NULL: no memory */
char *fx_arena_copy(struct fx_arena *arena, const char *text, size_t size);
/* keeps one block for the next record */
void fx_arena_reset(struct fx_arena *arena);
void fx_arena_fini(struct fx_arena *arena);

#endif
