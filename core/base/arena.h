/* Memory that is freed all at once: one arena for each request, call or job. One thread at a
 * time. */
#ifndef HEARTH_CORE_BASE_ARENA_H
#define HEARTH_CORE_BASE_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_chunk *chunks; /* newest first */
    size_t used;                /* bytes handed out */
    size_t limit;               /* 0: none */
};

void arena_init(struct arena *arena, size_t limit); /* allocates nothing yet */
void arena_fini(struct arena *arena);               /* usable again after arena_init() */
/* overwrites all that was handed out: before arena_fini(), when there were secrets in it */
void arena_wipe(struct arena *arena);
/* frees what was handed out, keeps one chunk for what comes */
void arena_reset(struct arena *arena);
/* Zeroed, aligned for any type. NULL when memory is short or the limit is reached. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text); /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
