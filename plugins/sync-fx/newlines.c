#include "newlines.h"

#include <string.h>

#include "hearth/plugin.h"
#include "support/buf.h"

void fx_newlines_init(struct fx_newlines *n, bool array, size_t max, fx_line_fn fn, void *ctx)
{
    *n = (struct fx_newlines){.max = max, .fn = fn, .ctx = ctx, .array = array};
}

void fx_newlines_fini(struct fx_newlines *n)
{
    support_buf_fini(&n->partial);
}

static bool newlines_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Part of a record that goes on. Beyond the limit nothing is kept. */
static int newlines_keep_part(struct fx_newlines *n, const char *data, size_t size)
{
    if (n->skipping || size == 0)
        return 0;
    if (n->partial.size + size > n->max) {
        n->skipping = true;
        size_t old = n->partial.size < sizeof(n->head) ? n->partial.size : sizeof(n->head);
        size_t new = size < sizeof(n->head) - old ? size : sizeof(n->head) - old;
        if (old > 0)
            memcpy(n->head, n->partial.data, old);
        memcpy(n->head + old, data, new);
        n->head_size = old + new;
        n->partial.size = 0;
        return 0;
    }
    return support_buf_append(&n->partial, data, size);
}

/* The last part of a record. */
static int newlines_finish_record(struct fx_newlines *n, const char *data, size_t size)
{
    if (!n->skipping && n->partial.size == 0 && size <= n->max) { /* whole in this piece: no copy */
        while (size > 0 && newlines_is_blank(data[size - 1]))
            size--;
        if (size == 0)
            return 0;
        n->lines++;
        return n->fn(n->ctx, data, size);
    }
    int r = newlines_keep_part(n, data, size);
    if (r != 0)
        return r;
    bool skipped = n->skipping;
    n->skipping = false;
    size = n->partial.size;
    n->partial.size = 0;
    while (size > 0 && newlines_is_blank(n->partial.data[size - 1]))
        size--;
    if (size == 0 && !skipped)
        return 0;
    n->lines++;
    return skipped ? n->fn(n->ctx, NULL, 0) : n->fn(n->ctx, n->partial.data, size);
}

static int feed_lines(struct fx_newlines *n, const char *data, size_t size)
{
    while (size > 0) {
        const char *end = memchr(data, '\n', size);
        if (end == NULL)
            return newlines_keep_part(n, data, size);
        int r = newlines_finish_record(n, data, (size_t)(end - data));
        if (r != 0)
            return r;
        size -= (size_t)(end + 1 - data);
        data = end + 1;
    }
    return 0;
}

/* One byte inside an element. True when it ends the element (a comma or the closing bracket of
 * the array itself). */
static bool element_ends(struct fx_newlines *n, char c)
{
    if (n->in_string) {
        if (n->escaped)
            n->escaped = false;
        else if (c == '\\')
            n->escaped = true;
        else if (c == '"')
            n->in_string = false;
        return false;
    }
    if (c == '"') {
        n->in_string = true;
    } else if (c == '{' || c == '[') {
        n->depth++;
    } else if (c == '}' || c == ']') {
        if (n->depth == 0)
            return true; /* a bracket of the wrong kind is found by the check of the end */
        n->depth--;
    }
    return c == ',' && n->depth == 0;
}

static int feed_array(struct fx_newlines *n, const char *data, size_t size)
{
    size_t i = 0;
    while (i < size && (!n->opened || n->closed)) {
        if (!newlines_is_blank(data[i]) && (n->closed || data[i] != '['))
            return HEARTH_ERR_INVALID;
        n->opened = n->opened || data[i] == '[';
        i++;
    }
    size_t start = i;
    for (; i < size; i++) {
        if (n->closed) {
            if (!newlines_is_blank(data[i]))
                return HEARTH_ERR_INVALID;
            start = i + 1;
            continue;
        }
        if (start == i && n->partial.size == 0 && !n->skipping && newlines_is_blank(data[i])) {
            start++; /* before an element */
            continue;
        }
        if (!element_ends(n, data[i]))
            continue;
        if (data[i] == '}')
            return HEARTH_ERR_INVALID;
        bool empty = start == i && n->partial.size == 0 && !n->skipping;
        if (empty && (data[i] == ',' || n->wants_element))
            return HEARTH_ERR_INVALID;
        int r = newlines_finish_record(n, data + start, i - start);
        if (r != 0)
            return r;
        n->wants_element = data[i] == ',';
        n->closed = data[i] == ']';
        start = i + 1;
    }
    return n->closed ? 0 : newlines_keep_part(n, data + start, size - start);
}

int fx_newlines_feed(struct fx_newlines *n, const char *data, size_t size)
{
    return n->array ? feed_array(n, data, size) : feed_lines(n, data, size);
}

int fx_newlines_end(struct fx_newlines *n)
{
    if (n->array)
        return n->closed ? 0 : HEARTH_ERR_INVALID;
    return newlines_finish_record(n, "", 0);
}
