/* Two kinds of working memory: a buffer that grows, and an arena for the strings of one record. */
#ifndef HEARTH_PLUGINS_SYNC_FX_MEM_H
#define HEARTH_PLUGINS_SYNC_FX_MEM_H

#include <stddef.h>

/* {0} is empty. fini wipes it: buffers hold decrypted records and tokens. */
struct fx_buf {
    char *data;
    size_t size, capacity;
};

int fx_buf_reserve(struct fx_buf *buf, size_t capacity);              /* NOMEM; contents are kept */
int fx_buf_append(struct fx_buf *buf, const void *data, size_t size); /* NOMEM */
void fx_buf_fini(struct fx_buf *buf);

/* {0} is empty. Memory is zeroed and aligned for any type, and lives until reset or fini. */
struct fx_arena {
    struct fx_arena_block *blocks;
};

void *fx_arena_alloc(struct fx_arena *arena, size_t size);                  /* NULL: no memory */
char *fx_arena_copy(struct fx_arena *arena, const char *text, size_t size); /* NUL-terminated; NULL: no memory */
void fx_arena_reset(struct fx_arena *arena);                                /* keeps one block for the next record */
void fx_arena_fini(struct fx_arena *arena);

#endif
