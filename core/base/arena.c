#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 4096 - 64 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used, touched; /* touched: most that was ever handed out, also before a reset */
    _Alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void arena_fini(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    arena->used = 0;
}

void arena_wipe(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next)
        explicit_bzero(chunk->bytes, chunk->touched > chunk->used ? chunk->touched : chunk->used);
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *keep = NULL;
    while (arena->chunks != NULL) {
        struct arena_chunk *next = arena->chunks->next;
        if (keep == NULL && arena->chunks->size == CHUNK_SIZE)
            keep = arena->chunks;
        else
            free(arena->chunks);
        arena->chunks = next;
    }
    if (keep != NULL) {
        keep->next = NULL;
        keep->touched = keep->touched > keep->used ? keep->touched : keep->used;
        keep->used = 0;
        arena->chunks = keep;
    }
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t need = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (arena->limit != 0 && need > arena->limit - arena->used)
        return NULL;
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < need) {
        size_t room = need > CHUNK_SIZE / 4 ? need : CHUNK_SIZE;
        struct arena_chunk *fresh = malloc(sizeof(*fresh) + room);
        if (fresh == NULL)
            return NULL;
        *fresh = (struct arena_chunk){.size = room};
        if (chunk != NULL && room != CHUNK_SIZE) {
            /* a large one goes behind, so that the open chunk stays open */
            fresh->next = chunk->next;
            chunk->next = fresh;
        } else {
            fresh->next = chunk;
            arena->chunks = fresh;
        }
        chunk = fresh;
    }
    void *p = chunk->bytes + chunk->used;
    chunk->used += need;
    arena->used += need;
    return memset(p, 0, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
    char *p = arena_alloc(arena, size + 1);
    if (p != NULL)
        memcpy(p, text, size);
    return p;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
    if (p != NULL)
        vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return p;
}
