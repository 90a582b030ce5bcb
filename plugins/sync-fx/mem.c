#include "mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
