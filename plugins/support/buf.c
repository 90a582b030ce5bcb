#include "support/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/plugin.h"

int support_buf_reserve(struct support_buf *buf, size_t capacity)
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
        explicit_bzero(buf->data, buf->capacity);
        free(buf->data);
    }
    buf->data = data;
    buf->capacity = grown;
    return 0;
}

int support_buf_append(struct support_buf *buf, const void *data, size_t size)
{
    if (size > SIZE_MAX / 4 - buf->size || support_buf_reserve(buf, buf->size + size) != 0)
        return HEARTH_ERR_NOMEM;
    if (size != 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    return 0;
}

void support_buf_fini(struct support_buf *buf)
{
    if (buf->data != NULL)
        explicit_bzero(buf->data, buf->capacity);
    free(buf->data);
    *buf = (struct support_buf){0};
}

bool support_array_reserve(void *items, size_t *room, size_t count, size_t size)
{
    void *old, *grown;
    if (count <= *room)
        return true;
    size_t more = *room == 0 ? 16 : *room * 2;
    more = more < count ? count : more;
    memcpy(&old, items, sizeof(old)); /* its type is the caller's */
    grown = more > SIZE_MAX / size ? NULL : realloc(old, more * size);
    if (grown == NULL)
        return false;
    memcpy(items, &grown, sizeof(grown));
    *room = more;
    return true;
}
