#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_reset(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t size)
{
    if (buf->failed || size > SIZE_MAX / 4 || buf->size > SIZE_MAX / 4) {
        buf->failed = true;
        return NULL;
    }
    if (buf->data == NULL || buf->room - buf->size <= size) {
        size_t room = buf->room < 128 ? 128 : buf->room;
        while (room - buf->size <= size)
            room *= 2;
        char *data = realloc(buf->data, room);
        if (data == NULL) {
            buf->failed = true;
            return NULL;
        }
        buf->data = data;
        buf->room = room;
    }
    return buf->data + buf->size;
}

void buf_grew(struct buf *buf, size_t size)
{
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void buf_add(struct buf *buf, const void *bytes, size_t size)
{
    char *p = buf_reserve(buf, size);
    if (p == NULL)
        return;
    if (size != 0)
        memcpy(p, bytes, size);
    buf_grew(buf, size);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : buf_reserve(buf, (size_t)n);
    if (p != NULL) {
        vsnprintf(p, (size_t)n + 1, format, again);
        buf_grew(buf, (size_t)n);
    }
    va_end(again);
}

bool buf_failed(const struct buf *buf)
{
    return buf->failed;
}

char *buf_take(struct buf *buf, size_t *ret_size)
{
    if (!buf->failed)
        buf_reserve(buf, 0);
    if (buf->failed) {
        buf_fini(buf);
        return NULL;
    }
    char *data = buf->data;
    data[buf->size] = '\0';
    if (ret_size != NULL)
        *ret_size = buf->size;
    *buf = (struct buf){0};
    return data;
}
