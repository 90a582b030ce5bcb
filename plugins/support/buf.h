/* Memory that grows. */
#ifndef SUPPORT_BUF_H
#define SUPPORT_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes. {0} is empty. What it leaves behind is wiped: it may hold records, keys and tokens. */
struct support_buf {
    char *data;
    size_t size, capacity;
};

/* NOMEM; contents are kept */
int support_buf_reserve(struct support_buf *buf, size_t capacity);
int support_buf_append(struct support_buf *buf, const void *data, size_t size); /* NOMEM */
void support_buf_fini(struct support_buf *buf);

/* An array on the heap: makes room for `count` items of `size` bytes, at least twice as many as
 * before. `items` is the address of the pointer to them. False, with nothing changed: no memory. */
bool support_array_reserve(void *items, size_t *room, size_t count, size_t size);

#endif
