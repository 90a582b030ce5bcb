/* A byte buffer that grows. After a failed allocation it stays valid, ignores what is added, and
 * buf_failed() says so: check once at the end. */
#ifndef HEARTH_CORE_BASE_BUF_H
#define HEARTH_CORE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* NUL-terminated when not NULL */
    size_t size, room;
    bool failed;
};

void buf_fini(struct buf *buf);  /* {0} is a valid empty buffer */
void buf_reset(struct buf *buf); /* empty, keeps its memory */
void buf_add(struct buf *buf, const void *bytes, size_t size);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `size` more bytes at the end, to be written by the caller and announced by
 * buf_grew(); NULL when memory is short. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_grew(struct buf *buf, size_t size);
bool buf_failed(const struct buf *buf);
/* the bytes, owned by the caller (free); the buffer is empty again; NULL if failed */
char *buf_take(struct buf *buf, size_t *ret_size);

#endif
