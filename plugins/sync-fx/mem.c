#include "mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hearth/plugin.h"

int fx_buf_reserve(struct fx_buf *buf, size_t capacity)
{
    if (capacity <= buf->capacity)
        return 0;
    size_t grown = buf->capacity < 2048 ? 4096 : buf->capacity * 2;
    if (grown < capacity)
        grown = capacity;
    char *data = malloc(grown); /* not realloc: the old copy must be wiped */
    if (data == NULL)
        return HEARTH_ERR_NOMEM;
    if (buf->data != NULL) {
        memcpy(data, buf->data, buf->size);
        OPENSSL_cleanse(buf->data, buf->capacity);
        free(buf->data);
    }
    buf->data = data;
    buf->capacity = grown;
    return 0;
}

int fx_buf_append(struct fx_buf *buf, const void *data, size_t size)
{
    if (size > SIZE_MAX / 4 - buf->size || fx_buf_reserve(buf, buf->size + size) != 0)
        return HEARTH_ERR_NOMEM;
    if (size != 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    return 0;
}

void fx_buf_fini(struct fx_buf *buf)
{
    if (buf->data != NULL)
        OPENSSL_cleanse(buf->data, buf->capacity);
    free(buf->data);
    *buf = (struct fx_buf){0};
}

struct fx_arena_block {
    struct fx_arena_block *next;
    size_t used, capacity;
    alignas(max_align_t) unsigned char data[];
};

enum { BLOCK_SIZE = 16384 };

void *fx_arena_alloc(struct fx_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct fx_arena_block *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < size) {
        size_t capacity = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = malloc(sizeof(*block) + capacity);
        if (block == NULL)
            return NULL;
        *block = (struct fx_arena_block){.next = arena->blocks, .capacity = capacity};
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

char *fx_arena_copy(struct fx_arena *arena, const char *text, size_t size)
{
    char *copy = fx_arena_alloc(arena, size + 1);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void fx_arena_reset(struct fx_arena *arena)
{
    struct fx_arena_block *kept = NULL;
    for (struct fx_arena_block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        if (kept == NULL && block->capacity == BLOCK_SIZE)
            kept = block;
        else
            free(block);
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
    arena->blocks = kept;
}

void fx_arena_fini(struct fx_arena *arena)
{
    fx_arena_reset(arena);
    free(arena->blocks);
    arena->blocks = NULL;
}
